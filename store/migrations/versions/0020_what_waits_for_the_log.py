"""Decisions wait for the log: what waits, what went into the spool meanwhile, and who said so."""

import sqlalchemy as sa
from alembic import op

from store.columns import SERIAL, Instant

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Brings the schema forward."""
    op.add_column("acts", sa.Column("log_after", sa.BigInteger(), nullable=True))
    op.add_column("acts", sa.Column("proof", sa.LargeBinary(), nullable=True))
    op.create_table(
        "log_urgent",
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_log_urgent_case")),
        sa.PrimaryKeyConstraint("case", "stream", "branch", "sequence", name=op.f("pk_log_urgent")),
    )
    op.create_table(
        "log_spool",
        sa.Column("spool", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.Column("joined", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_log_spool_case")),
        sa.PrimaryKeyConstraint("spool", "number", name=op.f("pk_log_spool")),
        sa.UniqueConstraint(
            "case",
            "stream",
            "branch",
            "sequence",
            name=op.f("uq_log_spool_case_stream_branch_sequence"),
        ),
    )
    op.create_table(
        "log_glass",
        sa.Column("position", SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("until", Instant(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("reviewed_at", Instant(), nullable=True),
        sa.Column("orders", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_log_glass")),
        sa.UniqueConstraint("id", name=op.f("uq_log_glass_id")),
    )
