"""What a redacted bundle consists of, and the door's signature over it."""

from enum import StrEnum
from typing import ClassVar

from audit.log.segments import Segment
from audit.manifest import FileSum, StreamHead
from cases.values import Grown, Inbound, Instant, Line

FORMAT = "escalate-redacted/1"
MANIFEST = "redacted.json"
SIGNATURE = "redacted.sig.json"
REDACTIONS = "redactions.json"


class Because(StrEnum):
    """Why something is left out."""

    ERASED = "erased"
    """Its key was destroyed: nobody has it."""
    READER = "not-for-this-reader"


class StreamFile(Inbound):
    """One stream of the record."""

    stream: str
    branch: str
    lineage: tuple[Segment, ...]
    """The branches its entries were recorded on."""
    head: StreamHead


class Redaction(Inbound):
    """Fields of one entry that are left out."""

    file: str
    sequence: int
    fields: int
    because: Because


class Redactions(Inbound):
    """Everything that is left out, entry by entry, and for whom or by whose word."""

    reader: Line
    """The role or person it was written for; empty where it was written for whoever sees all."""
    erasures: tuple[str, ...] = ()
    """The erasures that took content away, by the names their entries give them."""
    withheld: tuple[str, ...] = ()
    """Parts of an export that are left out whole."""
    entries: tuple[Redaction, ...] = ()


class RedactedManifest(Grown):
    """Everything a redacted bundle holds."""

    since_grown: ClassVar[frozenset[str]] = frozenset({"waits"})

    format: str = FORMAT
    case: str
    number: str
    created_at: Instant
    escalate: str
    """The release that wrote it."""
    erased: bool
    waits: bool = False
    """What people decided in the case waited for the log."""
    streams: dict[str, StreamFile]
    """By file."""
    files: dict[str, FileSum]
