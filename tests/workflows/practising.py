"""People who practise in a case: any act that is open to anybody, filled in somehow."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cases.acts import ActBody
from cases.permissions import Allowed, allowed_acts
from cases.state import CaseState
from runbooks.plan import AnswerKind, Pathway
from tests.workflows.world import PEOPLE

BODY: TypeAdapter[ActBody] = TypeAdapter(ActBody)
ELSEWHERE = "user-safety-escalation", "policy-precedent"
"""Runbooks that a case can be moved to: one of them is not its own."""

_FILLED: dict[AnswerKind, str] = {
    AnswerKind.NUMBER: "9",
    AnswerKind.YES_NO: "yes",
    AnswerKind.YES_NO_UNKNOWN: "yes",
    AnswerKind.CASE: "77",
    AnswerKind.PEOPLE: "abel",
    AnswerKind.REFERENCE: "ref-1",
}


def practised(
    state: CaseState, pathway: Pathway, *, at: datetime, turn: int, ends: bool = True
) -> tuple[ActBody, str, str] | None:
    """The act, person and role of that turn; None where nobody can do anything."""
    open_now = [
        (body, person, act.role)
        for person, roles in sorted(PEOPLE.items())
        for act in allowed_acts(state, pathway, person=person, roles=frozenset(roles), at=at)
        if act.verb != "cancel" and (ends or act.verb not in {"move", "attach", "close"})
        for body in bodies(act, state, pathway, at=at)
    ]
    return open_now[turn % len(open_now)] if open_now else None


def bodies(act: Allowed, state: CaseState, pathway: Pathway, *, at: datetime) -> Iterator[ActBody]:
    """The act, once for each of its choices."""
    for choice in act.choices or ("",):
        filled: dict[str, dict[str, Any]] = {
            "complete": {"stage": act.stage, "outcome": choice},
            "decide": {"gate": act.gate, "verdict": choice},
            "close": {"disposition": choice, "record": "as practised", "lessons": "none"},
            "receipt": {"effect": act.effect, "resolution": choice, "reference": "ref-1"},
            "answer": {"answers": {choice: _answer(choice, pathway, at=at)}},
            "memo": {"gate": act.gate, "fields": dict.fromkeys(act.choices, "as practised")},
            "reply": {"request": act.request, "text": "as practised"},
            "evidence": {"label": "item", "reference": "store", "digest": "d" * 64},
            "observe": {"effect": act.effect, "checked": 9, "wrong": 0},
            "roll-back": {"effect": act.effect},
            "acknowledge": {"stage": act.stage},
            "dissent": {"gate": act.gate},
            "withdraw": {"gate": act.gate},
            "assign": {"role": choice, "person": "ines"},
            "severity": {"severity": "SEV1"},
            "raise": {"role": choice},
            "attach": {"to": choice},
            "split": {"delivery": choice},
            "move": {"runbook": next(it for it in ELSEWHERE if it != state.runbook)},
        }
        written = {"verb": act.verb, **filled.get(act.verb, {})}
        try:
            yield BODY.validate_python(written)
        except ValidationError:
            try:
                yield BODY.validate_python({**written, "reason": "as practised"})
            except ValidationError:
                continue


def _answer(name: str, pathway: Pathway, *, at: datetime) -> str:
    question = pathway.questions.get(name)
    if question is None:
        return "as practised"
    if question.kind is AnswerKind.INSTANT:
        return at.isoformat()
    if question.choices:
        return question.choices[-1]
    return _FILLED.get(question.kind, "as practised")
