"""Non-disclosure orders: what they silence, how long, and who asks whether they still stand."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from runbooks.grammar.base import Duration, Name, Strict

REVIEW = timedelta(days=90)
"""How often somebody asks whether an order without an end still stands, unless it is said."""


class GagRule(Strict):
    """While the order stands its effects are not done; when it has ended they are due again."""

    order: Name
    """The question whether there is one: it stands unless the answer is no."""
    until: Name | None = None
    """The question at which instant it ends."""
    suppresses: Annotated[tuple[Name, ...], Field(min_length=1)]
    review: Duration = REVIEW
