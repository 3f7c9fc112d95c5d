"""The transparency log: every journal entry that is there already waits for its leaf."""

import sqlalchemy as sa
from alembic import op

from store.columns import SERIAL, Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Brings the schema forward."""
    op.create_table(
        "log_waiting",
        sa.Column("position", SERIAL, autoincrement=True, nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_log_waiting_case")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_log_waiting")),
    )
    op.create_index("ix_log_waiting_case", "log_waiting", ["case"], unique=False)
    op.create_table(
        "log_leaves",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_log_leaves_case")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_leaves")),
        sa.UniqueConstraint(
            "case",
            "stream",
            "branch",
            "sequence",
            name=op.f("uq_log_leaves_case_stream_branch_sequence"),
        ),
    )
    op.create_table(
        "log_tiles",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_log_tiles")),
    )
    head = op.create_table(
        "log_head",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("leaves", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_log_head")),
    )
    empty = {"name": "log", "leaves": 0, "size": 0, "checkpoint": "", "signed_at": None}
    op.bulk_insert(head, [empty])
    op.execute(
        'INSERT INTO log_waiting ("case", stream, branch, sequence, at) '
        'SELECT "case", stream, branch, sequence, at FROM journal '
        'ORDER BY "case", stream, sequence, branch'
    )
