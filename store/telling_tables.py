"""The tables of what is told in company, how fast channels are told, and which of them are out."""

import sqlalchemy as sa

from store.columns import instant, metadata, number, of_case, perhaps, sealed, text

digest_items = sa.Table(
    "digest_items",
    metadata,
    text("key"),
    text("recipient"),
    of_case(),
    sealed("order"),
    perhaps("instead_of"),
    instant("at"),
    instant("due_at"),
    # The digest it goes with, once somebody has begun to send that: its mail keeps its id.
    perhaps("digest"),
    number("attempts", default=0),
    text("last_error", default=""),
    instant("next_at"),
    perhaps("lease_owner"),
    instant("lease_until", required=False),
    perhaps("end"),
    instant("ended_at", required=False),
    sa.PrimaryKeyConstraint("key", "recipient"),
    sa.Index("ix_digest_items_end_next_at", "end", "next_at"),
    sa.Index("ix_digest_items_case", "case"),
)

channels = sa.Table(
    "channels",
    metadata,
    text("name", primary_key=True),
    number("failures"),
    instant("out_since", required=False),
    instant("probe_at", required=False),
    text("reason"),
    number("passed_over"),
    instant("at"),
)

paces = sa.Table(
    "paces",
    metadata,
    text("name", primary_key=True),
    sa.Column("level", sa.Float, nullable=False),
    instant("at"),
    instant("closed_until", required=False),
    number("hits"),
    instant("hit_at", required=False),
)
