"""Checkpoints that witnesses cosigned and time-stamping authorities stamped."""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Brings the schema forward."""
    op.create_table(
        "log_vouched",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("stamped", sa.LargeBinary(), nullable=True),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("stamped_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_vouched")),
    )
    op.create_table(
        "log_cosignatures",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("witness", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("size", "witness", name=op.f("pk_log_cosignatures")),
    )
