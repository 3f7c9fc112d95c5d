"""One field of an authority's form: what it takes, and what is wrong with something else."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from types import MappingProxyType

from runbooks.forms.files import read_file, written_file
from runbooks.forms.personal import personal_data

Filled = str | list[str]
"""What stands in a field: one thing, or several in the order they were given."""


class Kind(StrEnum):
    """What a field takes."""

    TEXT = "text"
    WORD = "word"
    """One of its words."""
    WORDS = "words"
    """Some of its words."""
    YES_NO = "yes-no"
    DAY = "day"
    INSTANT = "instant"
    NUMBER = "number"
    LINK = "link"
    CODE = "code"
    """Short and without spaces: a reference, a country, a language."""
    CODES = "codes"
    FILES = "files"
    """A line a file: where it is kept, its hash, how it was classified."""


@dataclass(frozen=True)
class Only:
    """A field that belongs to the form only while another one says so."""

    field: str
    says: frozenset[str]

    def holds(self, filled: Mapping[str, Filled]) -> bool:
        """Whether the other field says so."""
        return bool(self.says & set(_listed(filled.get(self.field, []))))


@dataclass(frozen=True)
class Field:
    """One field, in the words of the form."""

    name: str
    title: str
    kind: Kind = Kind.TEXT
    required: bool = True
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Our words, and the receiver's codes for them."""
    longest: int = 5000
    pattern: str = ""
    """What a code must look like."""
    only: Only | None = None
    public: bool = False
    """Published: personal data in it is an error."""
    since: date | None = None
    until: date | None = None

    def read(self, said: str) -> Filled:
        """What the field holds; ValueError says what is wrong with it."""
        text = said.strip()
        if not text:
            raise ValueError("is empty")
        filled = _READERS[self.kind](self, text)
        if not filled:
            raise ValueError("is empty")
        found = personal_data(text) if self.public else ""
        if found:
            raise ValueError(f"would be published, and seems to hold {found}")
        return filled


def _text(asked: Field, text: str) -> Filled:
    if len(text) > asked.longest:
        raise ValueError(f"has {len(text)} characters, {asked.longest} are taken")
    return text


def _word(asked: Field, text: str) -> Filled:
    if text not in asked.words:
        raise ValueError(f"takes {_some(asked)}, not this")
    return text


def _words(asked: Field, text: str) -> Filled:
    several = _listed(text)
    for each in several:
        _word(asked, each)
    return several


def _yes_no(asked: Field, text: str) -> Filled:
    del asked
    if text not in ("yes", "no"):
        raise ValueError("takes yes or no")
    return text


def _day(asked: Field, text: str) -> Filled:
    try:
        # An instant is a day as well: the one it lies in, in UTC.
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("takes a day like 2026-11-22") from None
    day = (read.astimezone(UTC) if read.tzinfo is not None else read).date()
    if (asked.since and day < asked.since) or (asked.until and day > asked.until):
        raise ValueError(f"lies outside {asked.since} to {asked.until}")
    return day.isoformat()


def _instant(asked: Field, text: str) -> Filled:
    del asked
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise ValueError("takes an instant like 2026-11-22T09:00:00+00:00")
    return read.astimezone(UTC).isoformat(timespec="seconds")


def _number(asked: Field, text: str) -> Filled:
    del asked
    if not (text.isascii() and text.isdigit() and len(text) <= 12):  # noqa: PLR2004 - of people
        raise ValueError("takes a whole number")
    return str(int(text))


def _link(asked: Field, text: str) -> Filled:
    if not re.fullmatch(r"https?://[^\s/@]+\.[^\s@]+", text):
        raise ValueError("takes a web address")
    return _text(asked, text)


def _code(asked: Field, text: str) -> Filled:
    if asked.pattern and not re.fullmatch(asked.pattern, text):
        raise ValueError("is not written as the form takes it")
    return _text(asked, text)


def _codes(asked: Field, text: str) -> Filled:
    several = _listed(text)
    for each in several:
        _code(asked, each)
    return several


def _files(asked: Field, text: str) -> Filled:
    del asked
    lines = [line for line in text.replace(";", "\n").splitlines() if line.strip()]
    read = [read_file(line) for line in lines]
    if len({each.hash for each in read}) < len(read):
        raise ValueError("names one file twice")
    return [written_file(each) for each in read]


_READERS: dict[Kind, Callable[[Field, str], Filled]] = {
    Kind.TEXT: _text,
    Kind.WORD: _word,
    Kind.WORDS: _words,
    Kind.YES_NO: _yes_no,
    Kind.DAY: _day,
    Kind.INSTANT: _instant,
    Kind.NUMBER: _number,
    Kind.LINK: _link,
    Kind.CODE: _code,
    Kind.CODES: _codes,
    Kind.FILES: _files,
}

_NAMED = 6
"""So many words are listed in full; of more, the first few."""


def _some(asked: Field) -> str:
    words = list(asked.words)
    return ", ".join(words) if len(words) <= _NAMED else ", ".join([*words[:3], "…"])


def _listed(said: Filled) -> list[str]:
    if isinstance(said, list):
        return said
    return list(dict.fromkeys(part for part in re.split(r"[\s,;]+", said) if part))
