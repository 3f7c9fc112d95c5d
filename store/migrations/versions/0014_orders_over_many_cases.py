"""Orders over many cases, and what became of each of them."""

import sqlalchemy as sa
from alembic import op

from store.columns import SERIAL, Instant

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Brings the schema forward."""
    op.create_table(
        "bulk_orders",
        sa.Column("position", SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("undoes", sa.Text(), nullable=True),
        sa.Column("confirms", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_bulk_orders")),
        sa.UniqueConstraint("id", name=op.f("uq_bulk_orders_id")),
        sa.UniqueConstraint("confirms", name=op.f("uq_bulk_orders_confirms")),
    )
    op.create_table(
        "bulk_items",
        sa.Column("order", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=True),
        sa.Column("act", sa.Text(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_bulk_items_case")),
        sa.PrimaryKeyConstraint("order", "position", name=op.f("pk_bulk_items")),
    )
    op.create_index("ix_bulk_items_act", "bulk_items", ["act"], unique=False)
