"""The tables of what may not be deleted, what is to be erased, and what was."""

import sqlalchemy as sa

from store.columns import SERIAL, instant, metadata, of_case, perhaps, sealed, text

legal_holds = sa.Table(
    "legal_holds",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    text("id", unique=True),
    # One of the two: this case, or every case about that subject.
    sa.Column("case", sa.Text, sa.ForeignKey("cases.id")),
    perhaps("subject"),
    text("origin"),
    text("role"),
    perhaps("set_by"),
    instant("set_at"),
    instant("review_at", required=False),
    perhaps("lift_by"),
    perhaps("lift_role"),
    instant("lift_at", required=False),
    perhaps("lifted_by"),
    instant("lifted_at", required=False),
    # What people signed about it, under the installation's key.
    sealed("record"),
    sa.Index("ix_legal_holds_case", "case"),
    sa.Index("ix_legal_holds_subject", "subject"),
)

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    text("id", unique=True),
    of_case(),
    text("state"),
    text("origin"),
    text("basis"),
    perhaps("asked_by"),
    perhaps("asked_role"),
    instant("asked_at"),
    perhaps("agreed_by"),
    perhaps("agreed_role"),
    instant("agreed_at", required=False),
    instant("due_at", required=False),
    instant("settled_at", required=False),
    perhaps("settled_by"),
    text("why"),
    text("detail"),
    sealed("record"),
    sa.Index("ix_erasures_case", "case"),
    sa.Index("ix_erasures_state", "state"),
)

shreds = sa.Table(
    "shreds",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    of_case(),
    text("erasure"),
    text("key_id", unique=True),
    instant("at"),
    # A door's signed word for whoever restores an older copy of the store.
    text("note"),
    sa.Index("ix_shreds_case", "case"),
)

erased_streams = sa.Table(
    "erased_streams",
    metadata,
    of_case(),
    text("key_id"),
    text("name"),
    sealed("lines"),
    sa.PrimaryKeyConstraint("case", "key_id", "name"),
)
"""What stays of each stream: its order, who acted, its clocks; sealed with the case's new key."""
