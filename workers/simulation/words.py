"""What people write in a simulation: indicator codes and neutral sentences, never content (I13)."""

from datetime import datetime, timedelta
from hashlib import sha256

from runbooks.plan import AnswerKind, QuestionPlan
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


def digest(*parts: str) -> str:
    """A digest that stands for an item nobody has to see."""
    return sha256("|".join(parts).encode()).hexdigest()
