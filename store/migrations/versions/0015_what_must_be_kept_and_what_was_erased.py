"""Legal holds, erasures, and what stays of a case whose key was destroyed."""

import sqlalchemy as sa
from alembic import op

from store.columns import SERIAL, Instant

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Brings the schema forward."""
    op.create_table(
        "legal_holds",
        sa.Column("position", SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=True),
        sa.Column("set_at", Instant(), nullable=False),
        sa.Column("review_at", Instant(), nullable=True),
        sa.Column("lift_by", sa.Text(), nullable=True),
        sa.Column("lift_role", sa.Text(), nullable=True),
        sa.Column("lift_at", Instant(), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lifted_at", Instant(), nullable=True),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_legal_holds_case")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_legal_holds")),
        sa.UniqueConstraint("id", name=op.f("uq_legal_holds_id")),
    )
    op.create_index("ix_legal_holds_case", "legal_holds", ["case"], unique=False)
    op.create_index("ix_legal_holds_subject", "legal_holds", ["subject"], unique=False)
    op.create_table(
        "erasures",
        sa.Column("position", SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=True),
        sa.Column("asked_role", sa.Text(), nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("agreed_by", sa.Text(), nullable=True),
        sa.Column("agreed_role", sa.Text(), nullable=True),
        sa.Column("agreed_at", Instant(), nullable=True),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_erasures_case")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_erasures")),
        sa.UniqueConstraint("id", name=op.f("uq_erasures_id")),
    )
    op.create_index("ix_erasures_case", "erasures", ["case"], unique=False)
    op.create_index("ix_erasures_state", "erasures", ["state"], unique=False)
    op.create_table(
        "shreds",
        sa.Column("position", SERIAL, autoincrement=True, nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("erasure", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_shreds_case")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_shreds")),
        sa.UniqueConstraint("key_id", name=op.f("uq_shreds_key_id")),
    )
    op.create_index("ix_shreds_case", "shreds", ["case"], unique=False)
    op.create_table(
        "erased_streams",
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lines", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_erased_streams_case")),
        sa.PrimaryKeyConstraint("case", "key_id", "name", name=op.f("pk_erased_streams")),
    )
    op.add_column("cases", sa.Column("erased", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("case_keys", sa.Column("destroyed", sa.Text(), nullable=False, server_default=""))
    op.execute("INSERT INTO counters (name, value) VALUES ('legal-holds', 0)")
    # Holds that runbooks put on cases were in journals only: what kind an entry is stands in clear.
    named = sa.literal("runbook:")
    held = sa.select(
        (named + _JOURNAL.c.case).label("id"),
        _JOURNAL.c.case,
        sa.literal("runbook"),
        sa.literal(""),
        sa.func.min(_JOURNAL.c.at),
        sa.literal(b"", sa.LargeBinary()),
    ).where(_JOURNAL.c.kind == "case:legal-hold:begun")
    op.get_bind().execute(
        _HOLDS.insert().from_select(
            ["id", "case", "origin", "role", "set_at", "record"], held.group_by(_JOURNAL.c.case)
        )
    )


_JOURNAL = sa.table(
    "journal", sa.column("case", sa.Text), sa.column("kind", sa.Text), sa.column("at", Instant)
)
_HOLDS = sa.table(
    "legal_holds",
    sa.column("id", sa.Text),
    sa.column("case", sa.Text),
    sa.column("origin", sa.Text),
    sa.column("role", sa.Text),
    sa.column("set_at", Instant),
    sa.column("record", sa.LargeBinary),
)
