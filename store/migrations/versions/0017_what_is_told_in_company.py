"""Notices that go in company, how fast channels are told, and which of them are out."""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Brings the schema forward."""
    op.create_table(
        "digest_items",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("order", sa.LargeBinary(), nullable=False),
        sa.Column("instead_of", sa.Text(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("end", sa.Text(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_digest_items_case")),
        sa.PrimaryKeyConstraint("key", "recipient", name=op.f("pk_digest_items")),
    )
    op.create_index("ix_digest_items_end_next_at", "digest_items", ["end", "next_at"], unique=False)
    op.create_index("ix_digest_items_case", "digest_items", ["case"], unique=False)
    op.create_table(
        "channels",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("out_since", Instant(), nullable=True),
        sa.Column("probe_at", Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("passed_over", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_channels")),
    )
    op.create_table(
        "paces",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("closed_until", Instant(), nullable=True),
        sa.Column("hits", sa.BigInteger(), nullable=False),
        sa.Column("hit_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_paces")),
    )
