"""YAML text in, values with places out; whatever a runbook has no use for is refused.

The document is read event by event and never composed by the YAML library: an alias bomb is refused
at its first anchor, a thousand brackets at the thirteenth, and every key and value keeps its place.
"""

import re
from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from runbooks.errors import RunbookError, RunbookProblems
from runbooks.rules.catalogue import RULES
from runbooks.tree import Block, Listing, Node, Place, Scalar

LARGEST = 64 * 1024
"""Bytes of one document: ten times the longest runbook anyone could read aloud."""
DEEPEST = 12
"""Levels of one document; the grammar needs seven."""

_BUT_GOT = re.compile(r"expected (?P<expected>.+), but (?:got|found) (?P<found>.+)")
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{0,18}")
_WORDS: dict[str, bool | None] = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    "null": None,
    "Null": None,
    "NULL": None,
    "~": None,
    "": None,
}


def read_yaml(text: bytes, *, file: str) -> Node:
    """The one document in `text`; RunbookProblems when it is not plain YAML 1.2 in UTF-8."""
    return _Reader(file).read(text)


class _Reader:
    """Reads one document; keeps the duplicate keys it meets, stops at anything else."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.duplicates: list[RunbookError] = []

    def read(self, text: bytes) -> Node:
        if len(text) > LARGEST:
            raise self._stop(Place(1, 1), "RB002", f"{len(text)} bytes", f"at most {LARGEST} bytes")
        decoded = self._decoded(text)
        root = self._document(decoded)
        if self.duplicates:
            raise RunbookProblems(self.duplicates)
        return root

    def _decoded(self, text: bytes) -> str:
        try:
            decoded = text.decode("utf-8")
        except UnicodeDecodeError as error:
            before = text[: error.start].decode("utf-8", errors="replace")
            place = Place(before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
            raise self._stop(
                place, "RB001", f"the byte 0x{text[error.start]:02x}", "UTF-8 text"
            ) from error
        for number, line in enumerate(decoded.split("\n"), start=1):
            column = line.find("\t")
            if column >= 0:
                raise self._stop(Place(number, column + 1), "RB004", "a tab", "spaces")
        return decoded

    def _document(self, text: str) -> Node:
        events = self._events(text)
        root: Node | None = None
        try:
            for event in events:
                if isinstance(event, DocumentStartEvent):
                    if event.version or event.tags:
                        raise self._stop(Place(1, 1), "RB003", "a % directive", "plain YAML 1.2")
                    if root is not None:
                        raise self._stop(
                            _place(event), "RB008", "a second document", "one runbook a file"
                        )
                elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
                    root = self._node(event, events, depth=1)
                elif isinstance(event, AliasEvent):
                    raise self._alias(event)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
            raise self._stop(place, "RB003", *_said(error)) from error
        except YAMLError as error:
            # The library's reader reports a character YAML forbids without a line.
            found = "a character that YAML does not allow"
            raise self._stop(_forbidden(text), "RB003", found, "plain YAML 1.2") from error
        if root is None or (isinstance(root, Scalar) and root.value is None):
            raise self._stop(Place(1, 1), "RB009", "an empty document", "a block of keys")
        if not isinstance(root, Block):
            raise self._stop(root.place, "RB009", "no keys", "a block of keys")
        return root

    def _events(self, text: str) -> Iterator[Event]:
        yaml = YAML(typ="safe", pure=True)
        parsed: Iterator[Event] = yaml.parse(text)
        yield from parsed

    def _node(self, event: Event, events: Iterator[Event], *, depth: int) -> Node:
        place = _place(event)
        if isinstance(event, AliasEvent):
            raise self._alias(event)
        if not isinstance(event, ScalarEvent | CollectionStartEvent):
            raise self._stop(place, "RB003", "no value", "a value")
        if event.anchor:
            raise self._stop(
                place, "RB005", f"the anchor &{event.anchor}", "the value, written out"
            )
        if event.ctag is not None:
            raise self._stop(place, "RB006", f"the tag {event.ctag}", "a value without a tag")
        if depth > DEEPEST:
            raise self._stop(place, "RB002", f"{depth} levels", f"at most {DEEPEST} levels")
        match event:
            case ScalarEvent():
                return _scalar(event, place)
            case SequenceStartEvent():
                return self._listing(events, place, depth=depth)
            case _:
                return self._block(events, place, depth=depth)

    def _listing(self, events: Iterator[Event], place: Place, *, depth: int) -> Listing:
        listing = Listing(place)
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            listing.items.append(self._node(event, events, depth=depth + 1))
        return listing

    def _block(self, events: Iterator[Event], place: Place, *, depth: int) -> Block:
        block = Block(place)
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            key = self._node(event, events, depth=depth + 1)
            if not isinstance(key, Scalar) or not isinstance(key.value, str):
                raise self._stop(
                    key.place, "RB009", "a key that is not text", "a word, or a quoted text"
                )
            value = self._node(next(events), events, depth=depth + 1)
            if key.value in block.keys:
                first = block.keys[key.value]
                self.duplicates.append(
                    self._problem(
                        key.place,
                        "RB007",
                        f'"{key.value}" a second time',
                        f"it once (it stands at line {first.line} already)",
                    )
                )
                continue
            block.keys[key.value] = key.place
            block.values[key.value] = value
        return block

    def _alias(self, event: AliasEvent) -> RunbookProblems:
        return self._stop(
            _place(event), "RB005", f"the alias *{event.anchor}", "the value, written out"
        )

    def _problem(self, place: Place, rule: str, found: str, expected: str) -> RunbookError:
        return RunbookError(
            file=self.file,
            line=place.line,
            column=place.column,
            rule=rule,
            found=found,
            expected=expected,
            mend=RULES[rule].mend,
        )

    def _stop(self, place: Place, rule: str, found: str, expected: str) -> RunbookProblems:
        return RunbookProblems([*self.duplicates, self._problem(place, rule, found, expected)])


def _place(event: Event) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _said(error: MarkedYAMLError) -> tuple[str, str]:
    """What the parser found and what it expected there, and where what it was reading began."""
    problem = str(error.problem or error.context or "text that is not YAML")
    told = _BUT_GOT.fullmatch(problem)
    found = told["found"] if told else problem.removeprefix("found ")
    expected = told["expected"] if told else "plain YAML 1.2"
    mark, began = error.problem_mark, error.context_mark
    if mark is not None and began is not None and began.line != mark.line:
        expected += f" for what begins at {began.line + 1}:{began.column + 1}"
    return found.replace("'<stream end>'", "the end of the text"), expected


def _forbidden(text: str) -> Place:
    for number, line in enumerate(text.split("\n"), start=1):
        for column, character in enumerate(line, start=1):
            if not character.isprintable() and character != "\r":
                return Place(number, column)
    return Place(1, 1)


def _scalar(event: ScalarEvent, place: Place) -> Scalar:
    value: str = event.value
    if event.style is not None:
        return Scalar(value, place, quoted=True)
    if value in _WORDS:
        return Scalar(_WORDS[value], place)
    if _WHOLE.fullmatch(value):
        return Scalar(int(value), place)
    if _DECIMAL.fullmatch(value):
        return Scalar(float(value), place)
    return Scalar(value, place)
