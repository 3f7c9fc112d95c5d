"""Whether a pinned row of the law holds for the answers of one case, and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue, TypeAdapter

from runbooks.asking import counted
from runbooks.grammar.cells import AnyCell, as_cell
from runbooks.grammar.severity import input_of
from runbooks.plan import Meaning, QuestionPlan, Trigger
from runbooks.statutes.conflicts import Duty
from runbooks.statutes.facts import CaseFacts, holds
from runbooks.statutes.grammar import Predicate
from runbooks.statutes.vocabulary import Does
from runbooks.tables import holds as found

_CELLS: TypeAdapter[dict[str, AnyCell]] = TypeAdapter(dict[str, AnyCell])


def facts_of(
    meanings: Sequence[Meaning],
    questions: Mapping[str, QuestionPlan],
    answers: Mapping[str, str],
    *,
    at: datetime,
) -> CaseFacts | None:
    """The case in the law's words, for these answers; None while it is about nothing yet."""
    said: dict[str, JsonValue] = {"at": at.isoformat()}
    known = counted(questions, answers)
    for meaning in meanings:
        if not _matches(meaning, questions, known):
            continue
        for name, value in meaning.says.items():
            said[name] = _joined(said.get(name), value)
    return CaseFacts.model_validate(said) if "class" in said else None


def why(trigger: Trigger, facts: CaseFacts | None, *, on: datetime) -> tuple[str, ...] | None:
    """The reasons for which the row holds on that day; None where it does not."""
    if facts is None or not trigger.is_law(on.date()):
        return None
    return holds(Predicate.model_validate(trigger.if_), facts)


def duty_of(row: str, trigger: Trigger) -> Duty:
    """The row as conflicts are decided between."""
    classes = Predicate.model_validate(trigger.if_).class_ or ()
    return Duty(id=row, does=Does(trigger.does), classes=classes)


def _matches(
    meaning: Meaning, questions: Mapping[str, QuestionPlan], answers: Mapping[str, str]
) -> bool:
    cells = _CELLS.validate_python(meaning.if_)
    return all(
        found(as_cell(cell), input_of(name, questions.get(name)).read(answers.get(name)))
        for name, cell in cells.items()
    )


def _joined(one: JsonValue, other: JsonValue) -> JsonValue:
    """Both together: lists one after the other, places by party; of two words the later one."""
    if isinstance(one, list) and isinstance(other, list):
        return [*one, *(each for each in other if each not in one)]
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: _joined(one.get(key), other.get(key)) for key in {**one, **other}}
    return one if other is None else other
