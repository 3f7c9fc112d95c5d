"""What a decision table is asked about: inputs, what each can be, how an answer is read."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum
from fractions import Fraction

_LONGEST_NUMBER = 40
_YEARS = range(1900, 9000)


class Kind(StrEnum):
    """What an input is compared as."""

    WORDS = "words"
    NUMBER = "number"
    INSTANT = "instant"
    PRESENCE = "presence"
    """Free text and references: only whether there is one."""


class Absent(Enum):
    """Why an input has no value."""

    MISSING = "no answer"
    UNREADABLE = "an answer of another kind"
    """It matches no cell at all, and the decision says so."""


Value = str | Fraction | datetime | bool | Absent
"""A word, a number, an instant, whether a text is given; or why there is none."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input: its name, its kind, and the words it can be."""

    name: str
    kind: Kind
    words: tuple[str, ...] = ()
    open: bool = False
    """Other words than those listed may come."""
    unanswered: str | None = None
    """The word that no answer counts as."""
    sometimes: bool = False
    """It is not always asked: whoever reads answers says that word outright where it is."""
    computed: bool = False
    """It always has a value: nobody is asked for it."""

    def read(self, text: str | None) -> Value:
        """The value of an answer as it was given; nothing or blanks are no answer."""
        if text is None or not text.strip():
            return Absent.MISSING if self.sometimes else self.unanswered or Absent.MISSING
        match self.kind:
            case Kind.WORDS:
                return text if self.open or text in self.words else Absent.UNREADABLE
            case Kind.NUMBER:
                number = number_of(text.strip())
                return Absent.UNREADABLE if number is None else number
            case Kind.INSTANT:
                return instant_of(text.strip()) or Absent.UNREADABLE
            case Kind.PRESENCE:
                return True


def number_of(text: str) -> Fraction | None:
    """The exact number a decimal text says; None when it says none."""
    whole, _, rest = text.removeprefix("-").partition(".")
    digits = whole + rest
    if len(text) > _LONGEST_NUMBER or not (digits.isascii() and digits.isdigit() and whole):
        return None
    return Fraction(text)


def instant_of(text: str) -> datetime | None:
    """The instant an ISO 8601 text with an offset says, in UTC; None when it says none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo is not None and at.year in _YEARS else None


def written(value: Value) -> str:
    """The value as a person would answer it."""
    match value:
        case Absent():
            return value.value
        case bool():
            return "given"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case Fraction():
            return str(value.numerator) if value.denominator == 1 else _decimal(value)
        case str():
            return value


def _decimal(value: Fraction) -> str:
    """The number in decimals: exact, since every number here was read from decimals or halved."""
    places = 0
    scaled = abs(value)
    while scaled.denominator != 1:
        scaled, places = scaled * 10, places + 1
    digits = str(scaled.numerator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"
