"""The table of what people said about cases."""

import sqlalchemy as sa

from store.columns import instant, metadata, of_case, sealed, text

comments = sa.Table(
    "comments",
    metadata,
    of_case(),
    text("digest"),
    sealed("words"),
    instant("at"),
    sa.PrimaryKeyConstraint("case", "digest"),
)
"""By the digest that its signed act holds: the salt and the words, sealed with the case's key."""
