"""The tables of the transparency log: what waits, the leaves, the tiles, and the one head.

Beside them what is for the time while the log cannot be written: entries that somebody waits for,
the spool, and the orders of two people to go on without it.
"""

import sqlalchemy as sa

from store.columns import (
    SERIAL,
    flag,
    instant,
    metadata,
    number,
    of_case,
    perhaps,
    sealed,
    text,
)

log_waiting = sa.Table(
    "log_waiting",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    of_case(),
    text("stream"),
    text("branch"),
    number("sequence"),
    instant("at"),
    sa.Index("ix_log_waiting_case", "case"),
)
"""Written with the journal entry, in its transaction: an outbox whose reader is the log."""

log_leaves = sa.Table(
    "log_leaves",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    of_case(),
    text("stream"),
    text("branch"),
    number("sequence"),
    sa.Column("leaf", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("case", "stream", "branch", "sequence"),
)

log_tiles = sa.Table(
    "log_tiles",
    metadata,
    sa.Column("level", sa.Integer, nullable=False),
    number("number"),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("level", "number"),
)

log_head = sa.Table(
    "log_head",
    metadata,
    text("name", primary_key=True),
    number("leaves"),
    number("size"),
    text("checkpoint"),
    instant("signed_at", required=False),
)
"""One row: how many leaves are durable, and the last checkpoint over how many of them."""

log_urgent = sa.Table(
    "log_urgent",
    metadata,
    of_case(),
    text("stream"),
    text("branch"),
    number("sequence"),
    instant("since"),
    sa.Column("proof", sa.LargeBinary),
    sa.PrimaryKeyConstraint("case", "stream", "branch", "sequence"),
)
"""Entries that an effect waits for, with the proof once there is one: workers need no tile. The
acts that wait stand in the acts' own table."""

log_spool = sa.Table(
    "log_spool",
    metadata,
    text("spool"),
    number("number"),
    of_case(),
    text("stream"),
    text("branch"),
    number("sequence"),
    instant("at"),
    text("hash"),
    sa.Column("line", sa.LargeBinary, nullable=False),
    flag("joined"),
    sa.PrimaryKeyConstraint("spool", "number"),
    sa.UniqueConstraint("case", "stream", "branch", "sequence"),
)
"""The lines of the spool's file, so that workers and other gateways know them too."""

log_glass = sa.Table(
    "log_glass",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    text("id", unique=True),
    text("asked_by"),
    instant("asked_at"),
    number("minutes"),
    perhaps("confirmed_by"),
    instant("confirmed_at", required=False),
    instant("until", required=False),
    perhaps("ended_by"),
    perhaps("reviewed_by"),
    instant("reviewed_at", required=False),
    sealed("orders"),
)
"""Who ordered to go on without the log, for how long, and who looked at it afterwards."""

log_vouched = sa.Table(
    "log_vouched",
    metadata,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    text("checkpoint"),
    instant("signed_at"),
    sa.Column("stamped", sa.LargeBinary, nullable=True),
    sa.Column("token", sa.LargeBinary, nullable=True),
    instant("stamped_at", required=False),
)
"""Checkpoints that others vouched for; `stamped` are the exact bytes that the token is over."""

log_cosignatures = sa.Table(
    "log_cosignatures",
    metadata,
    number("size"),
    text("witness"),
    text("line"),
    instant("at"),
    sa.PrimaryKeyConstraint("size", "witness"),
)
"""A witness's signature line over the checkpoint of that size."""
