"""The tables of orders over many cases."""

import sqlalchemy as sa

from store.columns import SERIAL, instant, metadata, number, perhaps, sealed, text

bulk_orders = sa.Table(
    "bulk_orders",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    text("id", unique=True),
    text("person"),
    text("verb"),
    text("state"),
    number("total"),
    number("refused"),
    text("asked"),
    text("digest"),
    sealed("envelope"),
    instant("signed_at"),
    perhaps("undoes"),
    # A second person confirms an order once.
    sa.Column("confirms", sa.Text, unique=True),
)

bulk_items = sa.Table(
    "bulk_items",
    metadata,
    text("order"),
    number("position"),
    text("number"),
    sa.Column("case", sa.Text, sa.ForeignKey("cases.id")),
    perhaps("act"),
    text("refused"),
    text("before"),
    sa.PrimaryKeyConstraint("order", "position"),
    sa.Index("ix_bulk_items_act", "act"),
)
