"""What may wait for company, until when, and what has overtaken it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.bundling import AT_ONCE, leaves_at, may_wait
from cases.notice import PAGES, NoticeOrder, Purpose, StepNotice
from runbooks.plan import Severity
from tests.fakes.clock import START

WINDOW = timedelta(minutes=30)
DAY = timedelta(days=1)


def order(**other: Any) -> NoticeOrder:
    """A notice of a mild case."""
    whole: dict[str, Any] = {
        "key": "n-1",
        "case": "case/a",
        "number": "1001",
        "purpose": Purpose.WORK,
        "role": "legal",
        "stage": "legal-review",
        "severity": Severity.SEV3,
        "at": START,
    }
    return NoticeOrder(**{**whole, **other})


def test_what_is_mild_waits_for_the_window() -> None:
    """Half an hour, where the deadline is a day away."""
    assert leaves_at(order(due_at=START + DAY), WINDOW) == START + WINDOW


def test_a_notice_uses_up_no_more_than_a_quarter_of_its_time() -> None:
    """Due in an hour: a quarter of an hour; due in three minutes: at once."""
    hour, three = timedelta(hours=1), timedelta(minutes=3)

    assert leaves_at(order(due_at=START + hour), WINDOW) == START + hour / 4
    assert leaves_at(order(due_at=START + three), WINDOW) is None
    assert leaves_at(order(due_at=START - hour), WINDOW) is None


def test_a_step_of_a_policy_keeps_its_own_time() -> None:
    """Whoever the policy waits for must hear it then."""
    step = StepNotice(run="reach#1", passage=1, step=1)

    assert not may_wait(order(of_step=step))


@given(
    severity=st.sampled_from(Severity),
    purpose=st.sampled_from(Purpose),
    due=st.one_of(st.none(), st.timedeltas(min_value=-DAY, max_value=40 * DAY)),
    window=st.timedeltas(min_value=timedelta(), max_value=DAY),
)
def test_no_grave_notice_and_no_page_ever_waits(
    severity: Severity, purpose: Purpose, due: timedelta | None, window: timedelta
) -> None:
    """SEV0 to SEV2, pages, failures: at once, whatever the window and the deadline are."""
    asked = order(severity=severity, purpose=purpose, due_at=None if due is None else START + due)

    leaves = leaves_at(asked, window)

    grave = severity in (Severity.SEV0, Severity.SEV1, Severity.SEV2)
    if grave or purpose in PAGES or purpose in AT_ONCE:
        assert leaves is None
    elif leaves is not None:
        assert START < leaves <= START + window
        assert asked.due_at is None or leaves < asked.due_at


@pytest.mark.parametrize("at", [START, START + DAY])
def test_waiting_is_reckoned_from_the_notice_itself(at: datetime) -> None:
    """No clock is read (I16)."""
    assert leaves_at(order(at=at), WINDOW) == at + WINDOW
