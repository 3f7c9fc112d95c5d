"""Workers' own keys, and what doors certified them to."""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Brings the schema forward."""
    op.create_table(
        "worker_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("build", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("not_after", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_worker_keys")),
    )
    op.create_index("ix_worker_keys_state", "worker_keys", ["state"], unique=False)
