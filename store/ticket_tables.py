"""The tables of tickets kept in step: what each should be like, what it is owed, what differs."""

import sqlalchemy as sa

from store.columns import SERIAL, flag, instant, metadata, number, of_case, sealed, text

kept_tickets = sa.Table(
    "kept_tickets",
    metadata,
    sa.Column("case", sa.Text, sa.ForeignKey("cases.id"), primary_key=True),
    text("system"),
    text("queue"),
    flag("ours"),
    text("status"),
    text("priority"),
    text("link"),
    instant("placeholder_since", required=False),
    text("heard_word"),
    instant("heard_at", required=False),
    instant("looked_at", required=False),
)
"""One row a case that has a ticket, or wants one: what we last brought about and last heard."""

ticket_writes = sa.Table(
    "ticket_writes",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    text("key", unique=True),
    of_case(),
    sealed("note", required=False),
    text("status"),
    instant("at"),
    instant("given_up_at", required=False),
    instant("done_at", required=False),
    text("error"),
    sa.Index("ix_ticket_writes_case", "case"),
)
"""What a case said to its ticket, in order: done when it stands there."""

ticket_drift = sa.Table(
    "ticket_drift",
    metadata,
    # No foreign key: a ticket may bear the mark of a case that this store never had.
    text("case"),
    text("kind"),
    text("subject"),
    text("whose"),
    text("says"),
    text("mend"),
    number("times"),
    instant("found_at"),
    instant("seen_at"),
    instant("mended_at", required=False),
    instant("over_at", required=False),
    sa.PrimaryKeyConstraint("case", "kind", "subject"),
)
"""What differed between a case and its ticket: mended, over by itself, or a person's to settle."""
