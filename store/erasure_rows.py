"""An erasure as lists need it, what forbids one, and what is left of a case."""

from enum import StrEnum

from cases.house_acts import HouseRefusal
from cases.values import Instant, Value


class ErasureState(StrEnum):
    """How far an erasure has come."""

    PROPOSED = "proposed"
    """A retention time is over; nobody has asked for anything."""
    ASKED = "asked"
    AGREED = "agreed"
    """Two people signed, or the retention table does it: the time to think runs."""
    DONE = "done"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    """When its time came something forbade it; it has to be asked for anew."""


OPEN_STATES = (ErasureState.PROPOSED, ErasureState.ASKED, ErasureState.AGREED)


class ErasureOrigin(StrEnum):
    """Where an erasure comes from."""

    PERSON = "person"
    RETENTION = "retention"


class ErasureRow(Value):
    """An erasure; what people wrote about it is read apart."""

    position: int
    id: str
    case: str
    state: ErasureState
    origin: ErasureOrigin
    basis: str
    asked_by: str | None = None
    asked_role: str | None = None
    asked_at: Instant
    agreed_by: str | None = None
    agreed_role: str | None = None
    agreed_at: Instant | None = None
    due_at: Instant | None = None
    settled_at: Instant | None = None
    settled_by: str | None = None
    why: str = ""
    """Why it was refused."""
    detail: str = ""

    @property
    def open(self) -> bool:
        """Whether it can still happen."""
        return self.state in OPEN_STATES


class Blocked(Value):
    """Something that forbids an erasure."""

    why: HouseRefusal
    detail: str = ""


class Waits(Value):
    """Something that is over in a moment."""

    what: str


class Skeleton(Value):
    """What stays of a case, as it was read."""

    streams: dict[str, bytes]
    """By the name of a file: lines without a word of content."""
    heads: dict[str, int]
    """By stream and branch, `stream|branch`: the last entry that the lines cover."""
    counts: dict[str, int]


class EndedCase(Value):
    """A case that has ended, and when."""

    case: str
    number: str
    runbook: str | None
    erased: int
    ended_at: Instant


class Shred(Value):
    """A key that was destroyed."""

    case: str
    erasure: str
    key_id: str
    at: Instant
    note: str
