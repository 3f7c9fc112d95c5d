"""What people say to one another about a case; it decides nothing and is no fact of a gate.

The words stay at the door, sealed with the case's key: neither the workflow nor its journal has
them. Both hold their digest, under a salt of the comment's own, so that whoever may read the words
can prove them, and nobody else can guess them.
"""

import hashlib
import hmac
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from cases.values import Inbound, Instant, Name, Prose, Value

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Comment(Inbound):
    """Something is said about the case, to all who see it or to some roles only."""

    verb: Literal["comment"] = "comment"
    text: Prose = ""
    """Only on its way to the door, which takes it out before it signs."""
    restricted_to: Annotated[tuple[Name, ...], Field(max_length=10)] = ()
    """The roles that may read it, beside its writer; empty: whoever sees the case."""
    privileged: bool = False
    """Between counsel and client: shown and recorded as such."""
    digest: Digest | None = None
    """Of the words, put in by the door."""


class Said(Value):
    """A comment of the case, without its words."""

    id: str
    by: str
    role: str
    at: Instant
    digest: str
    restricted_to: tuple[str, ...] = ()
    privileged: bool = False


def digest_of(text: str, *, salt: bytes) -> str:
    """What signed act and journal hold of the words: HMAC-SHA256 under the comment's own salt."""
    return hmac.new(salt, text.encode(), hashlib.sha256).hexdigest()
