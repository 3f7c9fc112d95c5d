"""Macros, written: the text of the runbook with the fields of one case."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict

from runbooks.errors import MacroError
from runbooks.grammar.macros import (
    Audience,
    CaseFields,
    ClosingFields,
    GateFields,
    StageFields,
    fields,
    fill,
)
from runbooks.runbook import Runbook


class MacroContext(BaseModel):
    """What one case offers its macros; what does not exist yet stays out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    case: CaseFields
    stage: StageFields | None = None
    gate: GateFields | None = None
    closing: ClosingFields | None = None
    answers: dict[str, str] = {}
    clocks: dict[str, AwareDatetime] = {}
    """The instant each running clock is due."""
    rules: dict[str, str] = {}
    """The interim rules in force: the number of each, and until when."""


class Written(BaseModel):
    """A macro as its audience reads it."""

    model_config = ConfigDict(frozen=True)

    audience: Audience
    title: str
    text: str


def in_utc(at: datetime) -> str:
    """`2026-11-22 14:05 UTC`: for readers in any zone."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def write_macro(
    runbook: Runbook,
    name: str,
    *,
    context: MacroContext,
    locale: str = "",
    instant: Callable[[datetime], str] = in_utc,
) -> Written:
    """The macro `name` with the fields of the case; MacroError when one of them is missing.

    It is said in the locale where the runbook has it so, else in the runbook's own language. Values
    are put in as they are, instants as `instant` writes them: a value with braces stays text.
    """
    macro = runbook.document.macros.get(name)
    if macro is None:
        raise MacroError(f'{runbook.name} has no macro "{name}"')
    words = macro.words(locale) if locale else macro
    values = {
        name: instant(value) if isinstance(value, datetime) else value
        for name, value in _values(context)
    }
    for field in (*fields(words.title or ""), *fields(words.text)):
        if field not in values:
            raise MacroError(f'the macro "{name}" needs {field}, which this case does not have')
    return Written(
        audience=macro.for_,
        title=fill(words.title or "", values),
        text=fill(words.text, values),
    )


def _values(context: MacroContext) -> Iterator[tuple[str, str | datetime]]:
    for area in ("case", "stage", "gate", "closing"):
        part = getattr(context, area)
        if part is None:
            continue
        for name in type(part).model_fields:
            value = getattr(part, name)
            if value is not None:
                yield f"{area}.{name}", value
    for question, answer in context.answers.items():
        yield f"answer.{question}", answer
    for rule, said in context.rules.items():
        yield f"rule.{rule}", said
    for clock, due in context.clocks.items():
        yield f"clock.{clock}", due
