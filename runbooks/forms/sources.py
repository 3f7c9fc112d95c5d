"""Where a field of a form comes from: an answer, a memo, an action, a call, the case, or itself."""

import re
from dataclasses import dataclass

ANSWER, MEMO, DONE, CASE, CALL_BACK, WORD = "answer", "memo", "done", "case", "call-back", ""
CASE_KNOWS = ("number", "received", "opened")
"""What a case knows of itself without being asked."""
EXPECTED = "answer:<question>, memo:<gate>.<field>, done:<effect>, call-back, " + ", ".join(
    f"case:{name}" for name in CASE_KNOWS
)

_NAME = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"


@dataclass(frozen=True)
class Origin:
    """A source, read."""

    area: str
    """Empty: the text itself is the field's word."""
    name: str = ""
    field: str = ""
    """The field of a memo."""


def origin(source: str) -> Origin:
    """What a source names; ValueError when it begins like one and goes on otherwise."""
    if source == CALL_BACK:
        return Origin(CALL_BACK)
    area, _, name = source.partition(":")
    match area:
        case "answer" | "done" if re.fullmatch(_NAME, name):
            return Origin(area, name)
        case "memo" if re.fullmatch(rf"{_NAME}\.{_NAME}", name):
            gate, _, field = name.partition(".")
            return Origin(area, gate, field)
        case "case" if name in CASE_KNOWS:
            return Origin(area, name)
        case "answer" | "done" | "memo" | "case":
            raise ValueError(source)
        case _:
            return Origin(WORD, source)
