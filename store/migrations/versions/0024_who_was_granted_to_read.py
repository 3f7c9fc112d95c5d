"""Who asked to read a case for a time, and what its owner said."""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Brings the schema forward."""
    op.create_table(
        "access_grants",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("lasts", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("told_at", Instant(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("until", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_how", sa.Text(), nullable=True),
        sa.Column("heard_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_access_grants_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_grants")),
    )
    for column in ("case", "person", "heard_at"):
        op.create_index(f"ix_access_grants_{column}", "access_grants", [column])
