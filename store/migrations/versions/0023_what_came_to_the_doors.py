"""What came to the doors: every request of a sender, with how it was answered."""

import sqlalchemy as sa
from alembic import op

from store.columns import SERIAL, Instant

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Brings the schema forward."""
    op.create_table(
        "arrivals",
        sa.Column("position", SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), sa.ForeignKey("cases.id", name=op.f("fk_arrivals_case"))),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("alike", sa.BigInteger(), nullable=False),
        sa.Column("came_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_arrivals")),
        sa.UniqueConstraint("id", name=op.f("uq_arrivals_id")),
    )
    for column in ("case", "came_at"):
        op.create_index(f"ix_arrivals_{column}", "arrivals", [column])
