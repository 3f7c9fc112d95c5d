"""Which questions are asked: all, but for those whose condition other answers do not fulfil.

A question that is not asked counts as not answered, whatever was said to it before.
"""

from collections.abc import Mapping

from runbooks.plan import AnswerKind, Look, QuestionPlan
from runbooks.tables import (
    Absent,
    Bound,
    Cell,
    Given,
    Input,
    Kind,
    Not,
    Span,
    Value,
    Words,
    holds,
    instant_of,
    number_of,
    written,
)

UNKNOWN = "unknown"
"""What a yes-no-unknown question is answered by when it is asked and nobody has answered."""

_KINDS = {
    AnswerKind.NUMBER: Kind.NUMBER,
    AnswerKind.INSTANT: Kind.INSTANT,
    AnswerKind.TEXT: Kind.PRESENCE,
    AnswerKind.REFERENCE: Kind.PRESENCE,
    AnswerKind.CASE: Kind.PRESENCE,
    AnswerKind.PEOPLE: Kind.PRESENCE,
}
_WORDS = {
    AnswerKind.YES_NO_UNKNOWN: ("yes", "no", UNKNOWN),
    AnswerKind.YES_NO: ("yes", "no"),
}


def input_for(name: str, kind: AnswerKind, words: tuple[str, ...], *, always: bool) -> Input:
    """The question as an input; only one that is `always` asked answers itself."""
    return Input(
        name=name,
        kind=_KINDS.get(kind, Kind.WORDS),
        words=words,
        unanswered=UNKNOWN if kind is AnswerKind.YES_NO_UNKNOWN else None,
        sometimes=not always,
    )


def asked(questions: Mapping[str, QuestionPlan], answers: Mapping[str, str]) -> tuple[str, ...]:
    """The questions that these answers leave to be asked, in their order."""
    values: dict[str, Value] = {}
    found = []
    for name in _conditions_first(questions):
        plan = questions[name]
        if all(holds(cell_of(look), values[other]) for other, look in plan.asked_if.items()):
            found.append(name)
            words = _WORDS.get(plan.kind, plan.choices)
            values[name] = input_for(name, plan.kind, words, always=True).read(answers.get(name))
        else:
            values[name] = Absent.MISSING
    return tuple(name for name in questions if name in found)


def counted(questions: Mapping[str, QuestionPlan], answers: Mapping[str, str]) -> dict[str, str]:
    """The answers that count, with what nobody knows said outright where a table would not."""
    found = {}
    for name in asked(questions, answers):
        plan = questions[name]
        own = answers.get(name)
        if own is not None and own.strip():
            found[name] = own
        elif plan.asked_if and plan.kind is AnswerKind.YES_NO_UNKNOWN:
            found[name] = UNKNOWN
    return found


def look(cell: Cell) -> Look:
    """The cell as a running case carries it."""
    match cell:
        case Words(words=words):
            return Look(words=words)
        case Given(given=given):
            return Look(given=given)
        case Not(cell=other):
            return look(other).model_copy(update={"negated": True})
        case Span():
            return Look(
                low=None if cell.low is None else written(cell.low),
                high=None if cell.high is None else written(cell.high),
                above=cell.low is not None and not cell.with_low,
                below=cell.high is not None and not cell.with_high,
            )


def cell_of(look: Look) -> Cell:
    """What a table would look for."""
    if look.given is not None:
        return Given(look.given)
    cell: Words | Span = Words(look.words)
    if look.low is not None or look.high is not None:
        cell = Span(
            low=_bound(look.low),
            high=_bound(look.high),
            with_low=not look.above,
            with_high=not look.below,
        )
    return Not(cell) if look.negated else cell


def _bound(said: str | None) -> Bound | None:
    if said is None:
        return None
    number = number_of(said)
    return instant_of(said) if number is None else number


def _conditions_first(questions: Mapping[str, QuestionPlan]) -> list[str]:
    """Every question after those its condition looks at; the grammar refuses circles."""
    ordered: dict[str, None] = {}

    def put(name: str) -> None:
        if name not in ordered:
            for other in questions[name].asked_if:
                put(other)
            ordered[name] = None

    for name in questions:
        put(name)
    return list(ordered)
