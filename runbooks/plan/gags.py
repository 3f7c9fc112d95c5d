"""A non-disclosure order, as a running case needs it."""

from datetime import timedelta

from runbooks.compact import Compact


class Gag(Compact):
    """What an order suppresses while it stands; the record is never suppressed."""

    name: str
    order: str
    """The question whether there is one."""
    until: str | None = None
    """The question at which instant it ends; without an answer it is reviewed again and again."""
    suppresses: tuple[str, ...]
    review: timedelta
