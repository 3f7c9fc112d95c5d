"""Who decided before is pinned by name, out of another case's record or as somebody says it.

The names are opaque, and stay what they were on the day they were looked up: what is recounted
years later is what was known when people were asked.
"""

from collections.abc import Iterable
from datetime import datetime

from cases.file import INCIDENT_MANAGER, SYSTEM, CaseFile, Look
from cases.journal import Kind
from cases.notice import Purpose
from cases.records import Decider, Link, Pinned
from cases.rounds import deciders
from cases.rules import view_of
from cases.state import CaseState
from runbooks.plan import AnswerKind, Pathway

DECIDED = "decided"
LED = "led"
ORIGINAL = "original"
"""Why the other case is linked: what is decided here was decided there before."""


def people_of(state: CaseState, pathway: Pathway) -> tuple[Decider, ...]:
    """Everybody who voted or completed a stage in that case, or led it: closed it, had it."""
    file = view_of(state, pathway)
    decided = set[str]().union(*(deciders(file, stage.name) for stage in pathway.stages))
    led = {
        *state.assignments.values(),
        *([state.closing.by] if state.closing is not None else []),
        *([state.severity.set_by] if state.severity.set_by is not None else []),
    } - {SYSTEM}
    return tuple(
        Decider(person=person, did=DECIDED if person in decided else LED)
        for person in sorted(decided | led)
    )


def named_people(answer: str) -> tuple[str, ...]:
    """The names an answer lists, each once."""
    return tuple(dict.fromkeys(name.strip() for name in answer.split(",") if name.strip()))


def pin_answers(file: CaseFile, questions: Iterable[str], *, at: datetime) -> None:
    """Whoever the answers name is pinned; who decided in a case they name is being looked up."""
    state = file.state
    for name in sorted(questions):
        plan = file.pathway.questions.get(name)
        answer = state.answers[name].value
        if plan is not None and plan.kind is AnswerKind.CASE:
            state.pinned = {known: each for known, each in state.pinned.items() if known != name}
            file.wishes.append(Look(question=name, number=answer.strip()))
        elif plan is not None and plan.kind is AnswerKind.PEOPLE:
            people = tuple(Decider(person=each, did=DECIDED) for each in named_people(answer))
            _pin(file, name, Pinned(people=people), at=at, current=True)


def pin_case(
    file: CaseFile, question: str, found: Pinned, *, at: datetime, commitment: str | None = None
) -> None:
    """Who decided in the other case is on record, and kept out; what waited for that can be asked.

    When another case has been named in the meantime, what was found of this one counts for nothing.
    """
    state = file.state
    current = state.answers[question].value.strip() == found.number
    _pin(file, question, found, at=at, current=current, commitment=commitment)
    if not current:
        return
    if found.failed:
        file.tell(Purpose.FAILED, INCIDENT_MANAGER, stage=state.stage, step=question)
    else:
        state.links.append(Link(number=found.number, case=found.case, why=ORIGINAL))


def _pin(
    file: CaseFile,
    question: str,
    found: Pinned,
    *,
    at: datetime,
    current: bool,
    commitment: str | None = None,
) -> None:
    if current:
        file.state.pinned = {**file.state.pinned, question: found}
    file.note(
        Kind.DECIDERS_PINNED,
        at,
        question=question,
        number=found.number or None,
        people={each.person: each.did for each in found.people} or None,
        because=found.failed or (None if current else "another case was named since"),
        result=commitment,
    )
