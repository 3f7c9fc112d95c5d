"""One thing that was looked at: its level, what was seen, and what mends it."""

from enum import StrEnum

from cases.values import Value


class Level(StrEnum):
    """How it stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(Value):
    """What was looked at, and what to do about it."""

    name: str
    level: Level
    text: str
    mend: str = ""


def fine(name: str, text: str) -> Check:
    """It is as it should be."""
    return Check(name=name, level=Level.OK, text=text)


def warn(name: str, text: str, *, mend: str) -> Check:
    """It works, with a risk somebody must know."""
    return Check(name=name, level=Level.WARN, text=text, mend=mend)


def fail(name: str, text: str, *, mend: str) -> Check:
    """It must be mended before cases can be trusted to it."""
    return Check(name=name, level=Level.FAIL, text=text, mend=mend)
