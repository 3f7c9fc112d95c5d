"""What each case's ticket should be like, what it is still owed, and what differed."""

import sqlalchemy as sa
from alembic import op

from store.columns import SERIAL, Instant

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Brings the schema forward."""
    op.create_table(
        "kept_tickets",
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("placeholder_since", Instant(), nullable=True),
        sa.Column("heard_word", sa.Text(), nullable=False),
        sa.Column("heard_at", Instant(), nullable=True),
        sa.Column("looked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_kept_tickets_case")),
        sa.PrimaryKeyConstraint("case", name=op.f("pk_kept_tickets")),
    )
    op.create_table(
        "ticket_writes",
        sa.Column("position", SERIAL, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("given_up_at", Instant(), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_ticket_writes_case")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_ticket_writes")),
        sa.UniqueConstraint("key", name=op.f("uq_ticket_writes_key")),
    )
    op.create_index("ix_ticket_writes_case", "ticket_writes", ["case"], unique=False)
    op.create_table(
        "ticket_drift",
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("whose", sa.Text(), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("mend", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("found_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("mended_at", Instant(), nullable=True),
        sa.Column("over_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("case", "kind", "subject", name=op.f("pk_ticket_drift")),
    )
