"""Macros: texts the team says often, with fields of the case and nothing that computes."""

import re
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, BaseModel, model_validator

from runbooks.grammar.base import Prose, Strict, refuse
from runbooks.grammar.locales import Tag, fallbacks

_FIELD = re.compile(r"\{\{([^{}]*)\}\}")
_PATH = re.compile(r"[a-z]+\.[A-Za-z0-9-]+")


class CaseFields(BaseModel):
    """What a macro may say of the case."""

    number: str
    severity: str
    runbook: str
    stage: str
    opened: AwareDatetime
    link: str


class StageFields(BaseModel):
    """What a macro may say of the stage the case stands in."""

    name: str
    owner: str
    due: AwareDatetime


class GateFields(BaseModel):
    """What a macro may say of a gate; outcome and instant once it is decided."""

    ask: str
    outcome: str | None = None
    decided: AwareDatetime | None = None


class ClosingFields(BaseModel):
    """What a macro may say of the ending."""

    disposition: str
    closed: AwareDatetime


CONTEXT: dict[str, tuple[str, ...]] = {
    "case": tuple(CaseFields.model_fields),
    "stage": tuple(StageFields.model_fields),
    "gate": tuple(GateFields.model_fields),
    "closing": tuple(ClosingFields.model_fields),
}
"""What a macro may say, besides `answer.<question>`, `clock.<id>` (the instant it is due) and
`rule.<name>` (the interim rule in force, and until when)."""


class Audience(StrEnum):
    """Who reads what a macro writes."""

    TICKET = "ticket"
    NOTICE = "notice"
    REPORTER = "reporter"
    PROVIDER = "provider"
    MEMO = "memo"


class MacroWords(Strict):
    """A text in one language."""

    title: Prose | None = None
    text: Prose

    @property
    def fields(self) -> frozenset[str]:
        """The fields it names, in title and text."""
        return frozenset((*fields(self.title or ""), *fields(self.text)))

    @model_validator(mode="after")
    def _logic_less(self) -> Self:
        for key in ("title", "text"):
            text = getattr(self, key) or ""
            if re.search(r"\{%|\{#|\{\{[^}]*$", text) or text.count("{{") != text.count("}}"):
                refuse("RB016", "text and {{ field }} only", at=(key,))
            for field in fields(text):
                area, _, name = field.partition(".")
                if not _PATH.fullmatch(field) or (
                    area not in {"answer", "clock", "rule"} and name not in CONTEXT.get(area, ())
                ):
                    known = [f"{a}.{n}" for a, names in CONTEXT.items() for n in names]
                    expected = (
                        f"one of {', '.join(known)}, answer.<question>, clock.<id>, rule.<name>"
                    )
                    refuse("RB016", expected, at=(key,), found=f"the field {{{{ {field} }}}}")
        return self


class Macro(MacroWords):
    """One text, and who reads it."""

    for_: Audience
    locales: dict[Tag, MacroWords] = {}
    """The same text in other languages."""

    def words(self, locale: str) -> MacroWords:
        """The text nearest to the locale; where there is none, the text itself."""
        return next((self.locales[tag] for tag in fallbacks(locale) if tag in self.locales), self)


def fields(text: str) -> tuple[str, ...]:
    """The fields a text names, in order."""
    return tuple(found.strip() for found in _FIELD.findall(text))


def fill(text: str, values: dict[str, str]) -> str:
    """The text with every field replaced by its value; KeyError for one without a value."""
    return _FIELD.sub(lambda found: values[found[1].strip()], text)
