"""What people said about cases, and which runs have their seal."""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Brings the schema forward."""
    op.create_table(
        "comments",
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_comments_case")),
        sa.PrimaryKeyConstraint("case", "digest", name=op.f("pk_comments")),
    )
    op.create_table(
        "sealed_runs",
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_sealed_runs_case")),
        sa.PrimaryKeyConstraint("case", "run", name=op.f("pk_sealed_runs")),
    )
