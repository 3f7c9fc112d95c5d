"""What people write in a simulation: indicator codes and neutral sentences, never content (I13)."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256

from cases.drafts.draft import reports_of
from runbooks.forms import FORMS, Field, Form, Kind
from runbooks.forms.sources import MEMO, origin
from runbooks.plan import AnswerKind, EffectPlan, Pathway, QuestionPlan, Source
from workers.simulation.chance import Chance

RECORD = "Facts: indicators as coded. Rule: as the runbook names it. Decision: as recorded."
LESSONS = "None beyond the record."
REASONS = {
    "reject": "The stated ground does not reach this case.",
    "more-information": "Which accounts are linked to it?",
    "conditions": "On condition that the scope stays as listed.",
    "hold": "An answer from outside is waited for.",
    "severity": "Indicators were weighed again.",
    "raise": "This needs a decision at that level.",
    "conflict": "The reviewer knows one of the people concerned.",
    "dissent": "The facts are thinner than the decision assumes.",
    "assign": "On duty.",
    "skip": "Not applicable in this case.",
    "reply": "Two accounts, both on the list.",
    "roll-back": "The list holds others than were meant.",
    "same-subject": "Another open case is about this subject.",
    "cancel": "No disposition of the runbook fits.",
}

EARLIER = {AnswerKind.CASE: "1000", AnswerKind.PEOPLE: "earlier-reviewer"}
"""What was decided before the week began, and by whom."""
EARLIER_REPORT = "1000"


def answer_to(
    name: str,
    question: QuestionPlan,
    *,
    case: str,
    received: datetime,
    chance: Chance,
    begins: bool = False,
) -> str:
    """An answer of the kind the question takes."""
    if question.kind in EARLIER:
        return EARLIER[question.kind]
    match question.kind:
        case AnswerKind.NUMBER:
            return str(1 + int(chance.of(name).share() * 20))
        case AnswerKind.INSTANT:
            at_once = begins or name in {"received-at", "aware-at"}
            before = timedelta(0) if at_once else timedelta(hours=2)
            return (received - before).isoformat()
        case AnswerKind.REFERENCE:
            return f"ref-{digest(case, name)[:8]}"
        case AnswerKind.TEXT:
            return f"Indicators K{1 + int(chance.of(name).share() * 9)} and K7, as coded."
        case AnswerKind.YES_NO_UNKNOWN:
            return "unknown"
        case AnswerKind.YES_NO:
            return "no"
        case _:
            return question.choices[0]


def memo_field(name: str, gate: str, pathway: Pathway, *, case: str) -> str:
    """What is written there: a sentence, or what the form takes that is filled from it."""
    for field, source in _filled(pathway):
        came = origin(source.of)
        if (came.area, came.name, came.field) != (MEMO, gate, name):
            continue
        if field.kind is Kind.FILES:
            return f"ref-{digest(case, name)[:8]} sha256:{digest(case, name, 'file')} A2 viewed"
        if "none" in source.words:
            return "none"
    return f"{name}: indicators K1 and K7, as coded."


def number_for(name: str, pathway: Pathway) -> str | None:
    """The answer to a question that fills a form's list of numbers; None for any other."""
    for plan in reports_of(pathway):
        field = _form(plan).by_name.get(name)
        if (
            field is not None
            and field.kind is Kind.CODES
            and re.fullmatch(field.pattern, EARLIER_REPORT)
        ):
            return EARLIER_REPORT
    return None


def _filled(pathway: Pathway) -> Iterator[tuple[Field, Source]]:
    for plan in reports_of(pathway):
        fields = _form(plan).by_name
        for name, source in plan.fill.items():
            yield fields[name], source


def _form(plan: EffectPlan) -> Form:
    return FORMS[plan.by.partition(":")[2]]


def digest(*parts: str) -> str:
    """A digest that stands for an item nobody has to see."""
    return sha256("|".join(parts).encode()).hexdigest()
