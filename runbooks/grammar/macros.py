"""Macros: texts the team says often, with fields of the case and nothing that computes."""

import re
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from runbooks.grammar.base import Prose, Strict, refuse

_FIELD = re.compile(r"\{\{([^{}]*)\}\}")
_PATH = re.compile(r"[a-z]+\.[A-Za-z0-9-]+")

CONTEXT: dict[str, tuple[str, ...]] = {
    "case": ("number", "severity", "runbook", "stage", "opened", "closed", "link"),
    "stage": ("name", "owner", "due"),
    "gate": ("ask", "outcome", "decided"),
    "closing": ("disposition", "closed"),
}
"""What a macro may say, besides `answer.<question>` and `clock.<id>` (the instant it is due)."""


class Audience(StrEnum):
    """Who reads what a macro writes."""

    TICKET = "ticket"
    NOTICE = "notice"
    REPORTER = "reporter"
    PROVIDER = "provider"
    MEMO = "memo"


class Macro(Strict):
    """One text, and who reads it."""

    for_: Audience
    title: Prose | None = None
    text: Prose

    @model_validator(mode="after")
    def _logic_less(self) -> Self:
        for key in ("title", "text"):
            text = getattr(self, key) or ""
            if re.search(r"\{%|\{#|\{\{[^}]*$", text) or text.count("{{") != text.count("}}"):
                refuse("RB016", "text and {{ field }} only", at=(key,))
            for field in fields(text):
                area, _, name = field.partition(".")
                if not _PATH.fullmatch(field) or (
                    area not in {"answer", "clock"} and name not in CONTEXT.get(area, ())
                ):
                    known = [f"{a}.{n}" for a, names in CONTEXT.items() for n in names]
                    expected = f"one of {', '.join(known)}, answer.<question>, clock.<id>"
                    refuse("RB016", expected, at=(key,), found=f"the field {{{{ {field} }}}}")
        return self


def fields(text: str) -> tuple[str, ...]:
    """The fields a text names, in order."""
    return tuple(found.strip() for found in _FIELD.findall(text))


def fill(text: str, values: dict[str, str]) -> str:
    """The text with every field replaced by its value; KeyError for one without a value."""
    return _FIELD.sub(lambda found: values[found[1].strip()], text)
