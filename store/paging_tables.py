"""The tables of pages: what was said to a pager, and what a pager said to us."""

import sqlalchemy as sa

from store.columns import instant, metadata, of_case, perhaps, text

pages = sa.Table(
    "pages",
    metadata,
    text("key", primary_key=True),
    of_case(),
    text("service"),
    perhaps("stage"),
    sa.Column("round", sa.Integer),
    text("role"),
    text("severity"),
    text("summary"),
    text("link"),
    text("state"),
    perhaps("incident"),
    text("failure"),
    sa.Column("attempts", sa.Integer, nullable=False),
    instant("at"),
    instant("changed_at"),
    instant("next_at"),
    sa.Index("ix_pages_case", "case"),
    sa.Index("ix_pages_state", "state"),
    sa.Index("ix_pages_incident", "incident"),
)

pager_events = sa.Table(
    "pager_events",
    metadata,
    text("id", primary_key=True),
    text("body_digest"),
    text("kind"),
    text("incident"),
    perhaps("page"),
    perhaps("who"),
    instant("received_at"),
    sa.Column("times", sa.Integer, nullable=False),
    instant("handled_at", required=False),
    text("outcome"),
    sa.Index("ix_pager_events_handled_at", "handled_at"),
)
