"""The tables of the transparency log: what waits, the leaves, the tiles, and the one head."""

import sqlalchemy as sa

from store.columns import SERIAL, instant, metadata, number, of_case, text

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
