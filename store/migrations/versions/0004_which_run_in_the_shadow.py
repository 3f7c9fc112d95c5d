"""Which releases, and which cases, run in the shadow of today's process."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Brings the schema forward."""
    for table in ("cases", "views"):
        op.add_column(
            table, sa.Column("shadow", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    # A version may stand there twice: in the shadow, and then for good.
    with op.batch_alter_table("releases") as releases:
        releases.add_column(
            sa.Column("shadow", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        releases.drop_constraint(op.f("uq_releases_runbook_version"), type_="unique")
        releases.create_unique_constraint(
            op.f("uq_releases_runbook_version_shadow"), ["runbook", "version", "shadow"]
        )
