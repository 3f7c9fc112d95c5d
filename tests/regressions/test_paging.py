"""What hurt people in the pagers before us does not happen here; each test carries its name."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from cases.acts import Acknowledge, ChangeSeverity, Evidence, Raise
from cases.journal import Kind
from cases.notice import NoticeEnd, NoticeOrder, Purpose
from cases.paging import RunState
from runbooks import lint, load_runbook
from runbooks.plan import Severity
from tests.cases.paging import Telling

TEXT = (Path(__file__).parents[1] / "cases" / "paging.yaml").read_bytes()
MINUTE = timedelta(minutes=1)
TODAY = date(2026, 11, 22)


@pytest.fixture
def telling() -> Telling:
    """A case in triage: `reach-triage` pages triage after ten minutes."""
    case = Telling.of(TEXT)
    case.answer_all("tess", "tom")
    return case


def _have(telling: Telling, person: str = "tess", role: str = "triage") -> None:
    assert telling.act(Acknowledge(stage="triage"), person=person, role=role).accepted


def _steps(telling: Telling) -> list[NoticeOrder]:
    return [order for _, order in telling.ordered if order.of_step is not None]


def test_oncall_4654_nothing_is_sent_after_an_acknowledgement(telling: Telling) -> None:
    """The second channel of whoever did not read the page is not tried once somebody has it."""
    telling.later(10 * MINUTE)
    telling.answer_all("tess", "tom")
    assert telling.run.unread, "a second channel waits"

    _have(telling)
    telling.later(20 * MINUTE)

    assert len(_steps(telling)) == 1
    assert telling.run.unread == []


def test_oncall_4654_a_page_that_is_being_retried_ends(telling: Telling) -> None:
    """A page that a channel has not taken yet is not tried again: it ends as acknowledged."""
    telling.later(10 * MINUTE)
    assert telling.out

    _have(telling)

    assert telling.out == {}
    assert [e.body["end"] for e in telling.journal(Kind.NOTICE_ENDED)][-1] == "acknowledged"


def test_oncall_4760_a_page_by_hand_stops_as_well(telling: Telling) -> None:
    """Whoever was paged by hand says that they have it: what was kept for them is not sent."""
    raised = Raise(to="policy", reason="look at it now")
    assert telling.act(raised, person="ines", role="incident-manager").accepted
    page = next(o for o in telling.out.values() if o.purpose is Purpose.RAISED)
    telling.answer(page, NoticeEnd.HELD, later=telling.house.now + 60 * MINUTE)
    assert telling.house.state.held

    _have(telling, "pia", "policy")
    before = len(telling.ordered)
    telling.later(5 * MINUTE)

    assert telling.house.state.held == []
    assert all(o.purpose is not Purpose.RAISED for _, o in telling.ordered[before:])


def test_oncall_934_the_next_step_does_not_cut_the_second_channel_short() -> None:
    """Whoever has not read a step is told on their next channel, though the next step has come."""
    text = TEXT.replace(b"unread: 4m}", b"unread: 15m}")
    telling = Telling.of(text)
    telling.later(10 * MINUTE)
    telling.answer_all("tess")

    telling.later(16 * MINUTE)

    again = [o for o in _steps(telling) if o.of_step and o.of_step.unread_of]
    assert [o.of_step.step for o in again if o.of_step] == [1]
    assert [o.of_step.step for o in _steps(telling) if o.of_step][:2] == [1, 2]


def test_oncall_934_lint_tells_that_a_step_would_overtake_another() -> None:
    """Whoever writes the policy is told that the next step comes first."""
    text = TEXT.replace(b"unread: 4m}", b"unread: 15m}")
    runbook = load_runbook(text, file="paging.yaml")

    found = [f for f in lint(runbook, today=TODAY, library={}) if f.rule == "RB153"]

    assert len(found) == 1


def test_a_step_that_waits_for_hours_is_in_the_state_of_the_case(telling: Telling) -> None:
    """Written and read back it is the same: nothing of it is in a process alone."""
    telling.later(10 * MINUTE)
    opens = telling.house.now + 180 * MINUTE
    page = next(o for o in telling.out.values() if o.of_step is not None)
    telling.answer(page, NoticeEnd.HELD, later=opens)
    state = telling.house.state.model_copy(deep=True)

    kept = type(state).model_validate_json(state.model_dump_json())
    assert kept.held[0].until == opens
    kept.clocks, kept.escalations = [], []
    assert kept.next_instant(telling.house.now) == (opens, "kept notice")
    telling.later(180 * MINUTE)

    assert [key for key in telling.out if key == page.key] == [page.key]


def test_oncall_1326_nobody_reachable_brings_the_next_step_at_once(telling: Telling) -> None:
    """A step whose people have no channel is on record as passed on, and nobody waits for it."""
    telling.later(10 * MINUTE)
    page = next(iter(telling.out.values()))

    telling.answer(page, NoticeEnd.PASSED_ON)

    assert [o.of_step.step for o in _steps(telling) if o.of_step] == [1, 2]
    assert telling.house.now - telling.run.begun_at == 10 * MINUTE


def test_goalert_3378_an_acknowledgement_that_is_forgotten_lapses(telling: Telling) -> None:
    """After the lease everybody of the step is told again, with who let it lapse."""
    telling.later(10 * MINUTE)
    telling.answer_all("tess", "tom")
    _have(telling)

    telling.later(30 * MINUTE)

    last = _steps(telling)[-1]
    assert last.of_step is not None
    assert last.of_step.lapsed == ("tess",)
    assert last.of_step.step == 1
    lapsed = telling.journal(Kind.LEASE_LAPSED)[-1]
    assert lapsed.body["who"] == "tess"
    assert telling.run.state is RunState.RUNNING


def test_goalert_3378_work_renews_the_acknowledgement(telling: Telling) -> None:
    """Whoever does something has it for as long again."""
    telling.later(10 * MINUTE)
    telling.answer_all("tess", "tom")
    _have(telling)
    telling.later(25 * MINUTE)
    item = Evidence(label="item", reference="vault:1", digest="ab" * 32)
    assert telling.act(item, person="tess", role="triage").accepted

    telling.later(25 * MINUTE)
    assert telling.journal(Kind.LEASE_LAPSED) == []
    telling.later(10 * MINUTE)

    assert len(telling.journal(Kind.LEASE_LAPSED)) == 1


def test_an_escalation_that_nobody_answers_pages_the_duty_manager_and_only_once() -> None:
    """Every step, as often as it may be repeated, and then the end."""
    telling = Telling.of(TEXT)
    for _ in range(60):
        telling.answer_all()
        telling.later(5 * MINUTE)

    parts = [order.of_step for order in _steps(telling) if order.of_step is not None]
    steps = [part.step for part in parts if part.run == "reach-triage#1"]
    assert [s for s in steps if s] == [1, 2, 3, 1, 2, 3]
    assert steps[-1] == 0
    exhausted = [o for o in _steps(telling) if o.purpose is Purpose.EXHAUSTED]
    assert {o.role for o in exhausted} == {"duty-manager"}


def test_what_is_kept_is_sent_when_the_case_becomes_grave(telling: Telling) -> None:
    """Hours that no longer count keep nothing back."""
    telling.later(10 * MINUTE)
    page = next(iter(telling.out.values()))
    telling.answer(page, NoticeEnd.HELD, later=telling.house.now + 600 * MINUTE)

    worse = ChangeSeverity(severity=Severity.SEV0, reason="a child is in danger")
    assert telling.act(worse, person="ines", role="incident-manager").accepted

    assert page.key in telling.out
