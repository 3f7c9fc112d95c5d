"""What counts as an answer, and which answers go along when a case goes on as another one."""

from collections.abc import Mapping

from cases.clock_starts import instant_of
from cases.pinning import named_people
from cases.records import AnswerGiven
from runbooks.plan import AnswerKind, QuestionPlan

FIELD = "answer-"
"""What the names of fields begin with that carry an answer from one case to the next."""


def fits(value: str, question: QuestionPlan) -> bool:
    """Whether the question takes that answer."""
    match question.kind:
        case AnswerKind.YES_NO_UNKNOWN:
            return value in ("yes", "no", "unknown")
        case AnswerKind.YES_NO:
            return value in ("yes", "no")
        case AnswerKind.CHOICE:
            return value in question.choices
        case AnswerKind.NUMBER:
            return value.strip().lstrip("-").isdigit()
        case AnswerKind.INSTANT:
            return instant_of(value) is not None
        case AnswerKind.PEOPLE:
            return bool(named_people(value))
        case _:
            return bool(value.strip())


def goes_along(question: QuestionPlan) -> bool:
    """Whether an answer is a fact of the matter itself, and can be passed on.

    Prose stays in its case (I13). An instant is not passed on: what begins with the move begins
    then, whenever the other case came to know what it knew.
    """
    return question.material and question.kind not in (AnswerKind.TEXT, AnswerKind.INSTANT)


def passed_on(
    answers: Mapping[str, AnswerGiven], questions: Mapping[str, QuestionPlan]
) -> dict[str, str]:
    """The answers a case gives to the one it goes on as."""
    return {
        name: given.value
        for name, given in answers.items()
        if name in questions and goes_along(questions[name])
    }


def taken_over(answers: Mapping[str, str], questions: Mapping[str, QuestionPlan]) -> dict[str, str]:
    """Those of them that the other runbook asks for by the same name, and takes."""
    return {
        name: value
        for name, value in answers.items()
        if name in questions and goes_along(questions[name]) and fits(value, questions[name])
    }
