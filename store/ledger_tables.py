"""The tables of the ledger: what came to the doors, calls to systems outside, receivers, events."""

import sqlalchemy as sa

from store.columns import SERIAL, instant, metadata, number, of_case, outbox, perhaps, sealed, text

calls = sa.Table(
    "calls",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    text("id", unique=True),
    sa.Column("case", sa.Text, sa.ForeignKey("cases.id")),
    # The effect, notice or event it was made for.
    text("key"),
    number("attempt"),
    text("vendor"),
    text("operation"),
    text("method"),
    text("url"),
    sa.Column("request", sa.JSON, nullable=False),
    text("outcome"),
    sa.Column("status", sa.Integer),
    sa.Column("answer", sa.JSON),
    text("error"),
    text("mend"),
    instant("began_at"),
    instant("ended_at", required=False),
    # Which step of the engine made it.
    text("workflow"),
    text("run"),
    text("activity"),
    sa.Index("ix_calls_case", "case"),
    sa.Index("ix_calls_key", "key"),
    sa.Index("ix_calls_began_at", "began_at"),
)

arrivals = sa.Table(
    "arrivals",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    text("id", unique=True),
    sa.Column("case", sa.Text, sa.ForeignKey("cases.id")),
    text("door"),
    text("outcome"),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("answer", sa.JSON, nullable=False),
    # Refusals since the row before that have no row of their own.
    number("alike"),
    instant("came_at"),
    instant("answered_at"),
    sa.Index("ix_arrivals_case", "case"),
    sa.Index("ix_arrivals_came_at", "came_at"),
)

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    text("name", primary_key=True),
    sealed("url"),
    sealed("secret"),
    # The address without what may be secret in it.
    text("shown"),
    sa.Column("kinds", sa.JSON, nullable=False),
    text("state"),
    text("because"),
    text("by"),
    instant("at"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    text("key", unique=True),
    sa.Column("subscription", sa.Text, sa.ForeignKey("subscriptions.name"), nullable=False),
    of_case(),
    text("number"),
    text("kind"),
    text("stream"),
    text("branch"),
    number("sequence"),
    instant("at"),
    perhaps("answer"),
    instant("settled_at", required=False),
    *outbox(),
    sa.Index("ix_events_state_next_attempt_at", "state", "next_attempt_at"),
    sa.Index("ix_events_subscription_case", "subscription", "case"),
)
"""Written with the journal entry, in its transaction: no entry is without its events."""
