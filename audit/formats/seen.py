"""The entries of a case as one reader may see them, in the order in which they happened."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from audit.log.segments import Segment, placed
from audit.redacted.opening import Shows
from cases.journal import Entry

SAFE = (
    "act", "acting_for", "assurance", "by", "carrier", "clock", "delegation", "disposition", "door",
    "due", "effect", "end", "gate", "number", "obligation", "outcome", "owner", "person", "purpose",
    "reason_code", "requested_by", "revision", "role", "round", "row", "sequence", "severity",
    "signed", "source", "stage", "state", "to", "verb", "verdict", "version", "visit", "who",
)  # fmt: skip
"""Fields of an entry's body that hold a name, a number, an instant or a word of ours, never what
somebody wrote (I13)."""


@dataclass(frozen=True)
class Seen:
    """One entry, as far as the reader may see it."""

    entry: Entry
    """Without its salt: with it and a field's hash, a short value could be guessed."""
    branch: str
    hash: str
    """Of the whole entry, as the journal chains it."""
    held_back: tuple[str, ...]

    @property
    def safe(self) -> dict[str, JsonValue]:
        """What of the body may go where many people read."""
        return {
            name: value
            for name, value in self.entry.body.items()
            if name in SAFE and isinstance(value, str | int | bool)
        }

    @property
    def who(self) -> str:
        """The person behind it; empty where there is none."""
        # An action is done `by` a system or by hand; whose act ordered it stands elsewhere.
        effect = self.entry.kind.value.startswith("effect:")
        for name in ("who", "person") if effect else ("who", "by", "person"):
            value = self.entry.body.get(name)
            if isinstance(value, str):
                return value
        return ""


def seen(
    streams: Iterable[tuple[Sequence[Entry], Sequence[Segment]]], shows: Shows | None = None
) -> list[Seen]:
    """Every entry once, by instant, then stream, then sequence; without `shows`, all of it."""
    found: Mapping[tuple[str, str, int], Seen] = {
        (entry.stream, branch, entry.sequence): Seen(
            entry=_shown(entry, shows),
            branch=branch,
            hash=entry.hash,
            held_back=_held_back(entry, shows),
        )
        for entries, segments in streams
        for entry, branch in placed(entries, segments)
    }
    return sorted(
        found.values(),
        key=lambda item: (item.entry.at, item.entry.stream, item.branch, item.entry.sequence),
    )


def _held_back(entry: Entry, shows: Shows | None) -> tuple[str, ...]:
    """The paths, as a leaf names them, of what is not for this reader."""
    return tuple(
        f"body.{name}" for name in sorted(entry.body.keys() - _shown(entry, shows).body.keys())
    )


def _shown(entry: Entry, shows: Shows | None) -> Entry:
    """The entry without its salt, and without what is not for this reader."""
    body = {
        name: value
        for name, value in entry.body.items()
        if shows is None or shows(entry.kind, f"body.{name}")
    }
    return entry.model_copy(update={"salt": "", "body": body})
