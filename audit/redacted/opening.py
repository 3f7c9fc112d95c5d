"""An entry with some of its fields shown and of the others only their digests.

The leaf of the transparency log is worked out from both together, so whoever holds a proof of the
leaf knows that what is shown is what was recorded, and how many fields are not shown.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, JsonValue, StringConstraints, ValidationError

from audit.errors import ExportUnreadableError
from audit.log.leaf import VERSION, field_salt, fields_of, opening_of
from audit.strict_json import read_json
from cases.canonical import canonical
from cases.journal import Entry, Kind
from cases.values import Inbound

Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Shows = Callable[[Kind, str], bool]
"""Whether the field at that path of an entry of that kind is shown."""
_NEEDED = ("sequence", "previous", "at", "kind", "stream", "branch", "case")


class ShownField(Inbound):
    """One field, with the salt that ties it to its digest."""

    salt: Hex
    value: JsonValue


class OpenedEntry(Inbound):
    """One line of a redacted stream."""

    hash: Hex
    """What the entry after it names as the one before."""
    shown: dict[str, ShownField]
    digests: Annotated[tuple[Hex, ...], Field(max_length=1000)] = ()
    """Of the fields that are not shown, sorted."""

    @property
    def leaf(self) -> bytes:
        """The leaf that the transparency log must hold."""
        all_ = sorted([*map(bytes.fromhex, self.digests), *self._digests()])
        root = hashlib.sha256(b"".join(all_)).hexdigest()
        return f'{{"entry":"{root}","v":{VERSION}}}'.encode()

    @property
    def sequence(self) -> int:
        """Which entry of its stream it is; 0 where that is not shown."""
        value = self.value("sequence")
        return value if isinstance(value, int) else 0

    @property
    def kind(self) -> Kind:
        """What it records; ValueError where no release knows that."""
        return Kind(self.text("kind"))

    @property
    def body(self) -> dict[str, JsonValue]:
        """What of its body is shown."""
        return {
            path.removeprefix("body."): field.value
            for path, field in self.shown.items()
            if path.startswith("body.")
        }

    def value(self, path: str) -> JsonValue:
        """The field's value; None where it is not shown."""
        field = self.shown.get(path)
        return None if field is None else field.value

    def text(self, path: str) -> str:
        """The field's value, if it is a word; else nothing."""
        value = self.value(path)
        return value if isinstance(value, str) else ""

    def without(self, paths: Iterable[str]) -> "OpenedEntry":
        """The entry with these fields as digests; its place in the stream stays."""
        taken = {path for path in paths if path not in _NEEDED}
        digests = [_digest(path, self.shown[path]).hex() for path in taken]
        return OpenedEntry(
            hash=self.hash,
            shown={path: field for path, field in self.shown.items() if path not in taken},
            digests=tuple(sorted((*self.digests, *digests))),
        )

    def _digests(self) -> Iterator[bytes]:
        for path, field in self.shown.items():
            yield _digest(path, field)


def _digest(path: str, field: ShownField) -> bytes:
    return hashlib.sha256(opening_of(bytes.fromhex(field.salt), path, field.value)).digest()


def opened(entry: Entry, *, branch: str, shows: Shows) -> OpenedEntry:
    """The entry with what `shows` lets through; its place in the stream is always shown."""
    shown: dict[str, ShownField] = {}
    digests: list[str] = []
    for path, value in fields_of(entry, branch):
        salt = field_salt(entry.salt, path)
        if path in _NEEDED or shows(entry.kind, path):
            shown[path] = ShownField.model_validate({"salt": salt.hex(), "value": value})
        else:
            digests.append(hashlib.sha256(opening_of(salt, path, value)).hexdigest())
    return OpenedEntry(hash=entry.hash, shown=shown, digests=tuple(sorted(digests)))


def lines(entries: Iterable[OpenedEntry]) -> bytes:
    """The stream as it is written."""
    return b"".join(canonical(entry) + b"\n" for entry in entries)


def read_lines(name: str, data: bytes) -> tuple[OpenedEntry, ...]:
    """The stream, each line its entry's only spelling; ExportUnreadableError otherwise."""
    found: list[OpenedEntry] = []
    if data and not data.endswith(b"\n"):
        raise ExportUnreadableError(name, "ends in the middle of a line")
    for number, line in enumerate(data.splitlines(), start=1):
        place = f"{name}:{number}"
        read_json(place, line, floats=True)
        try:
            entry = OpenedEntry.model_validate_json(line)
        except ValidationError as error:
            raise ExportUnreadableError(place, "is not an opened entry") from error
        if canonical(entry) != line:
            raise ExportUnreadableError(place, "is not written canonically")
        found.append(entry)
    return tuple(found)


def hidden(entries: Sequence[OpenedEntry]) -> int:
    """How many fields are not shown."""
    return sum(len(entry.digests) for entry in entries)


def counts(streams: Mapping[str, Sequence[OpenedEntry]]) -> dict[str, int]:
    """How many entries of each sort there are, over all streams."""
    every = [entry for entries in streams.values() for entry in entries]
    found: dict[str, int] = {"entries": len(every), "fields": hidden(every)}
    for entry in every:
        kind: Any = entry.value("kind")
        if isinstance(kind, str):
            found[kind] = found.get(kind, 0) + 1
    return found
