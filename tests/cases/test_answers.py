"""A case that goes on as another one takes along what both ask, and nothing that is prose."""

from cases.answers import passed_on, taken_over
from cases.records import AnswerGiven
from runbooks import compile_runbook, library, load_runbook
from runbooks.plan import AnswerKind, QuestionPlan
from tests.cases.house import BEGIN


def questions(runbook: str) -> dict[str, QuestionPlan]:
    """What a shipped runbook asks."""
    return compile_runbook(load_runbook(library()[runbook], file="a.yaml")).questions


def given(**answers: str) -> dict[str, AnswerGiven]:
    """Those answers, by somebody."""
    return {
        name.replace("_", "-"): AnswerGiven(value=value, by="hana", at=BEGIN)
        for name, value in answers.items()
    }


def test_a_risk_that_becomes_a_threat_takes_along_what_both_ask() -> None:
    """Account, age, time and place go along; the receipt of another service does not."""
    known = given(
        account="account-5",
        minor="yes",
        timeframe="yes",
        us_linked="yes",
        plan="yes",
        authority_receipt="ref-2",
        aware_at="2026-01-05T09:00:00Z",
    )

    passed = passed_on(known, questions("self-harm-risk"))
    taken = taken_over(passed, questions("imminent-threat-to-life"))

    assert passed == {
        "account": "account-5",
        "minor": "yes",
        "timeframe": "yes",
        "us-linked": "yes",
        "plan": "yes",
    }
    assert taken == {name: value for name, value in passed.items() if name != "plan"}


def test_prose_stays_where_it_was_written() -> None:
    """A free answer is passed on to nobody, whoever asks the same (I13)."""
    asked = {"story": QuestionPlan(kind=AnswerKind.TEXT)}

    assert passed_on(given(story="what happened"), asked) == {}
    assert taken_over({"story": "what happened"}, asked) == {}


def test_what_the_other_does_not_take_is_asked_again() -> None:
    """The same name, and another choice of answers: nothing is guessed."""
    assert taken_over({"origin": "authority"}, questions("self-harm-risk")) == {}
