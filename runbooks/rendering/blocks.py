"""What a page is made of, whoever prints it: headings, sentences, lists, tables, pictures."""

from dataclasses import dataclass
from enum import StrEnum


class Picture(StrEnum):
    """The pictures a page can hold; each printer draws them in its own way."""

    PATHWAY = "pathway"
    SEVERITY = "severity"


@dataclass(frozen=True)
class Heading:
    """A heading of level one to three."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """One or more sentences."""

    text: str


@dataclass(frozen=True)
class Points:
    """Sentences one below the other, each perhaps under a word of its own; numbered in order."""

    items: tuple[tuple[str, str], ...]
    numbered: bool = False


@dataclass(frozen=True)
class Grid:
    """A table with a head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Quote:
    """A text as somebody will read it."""

    title: str
    text: str


@dataclass(frozen=True)
class Figure:
    """A picture of the runbook."""

    picture: Picture


Block = Heading | Paragraph | Points | Grid | Quote | Figure
Page = tuple[Block, ...]
