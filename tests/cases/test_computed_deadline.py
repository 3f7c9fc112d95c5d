"""A clock that runs by a row of the law: its deadline is computed once, kept, and checkable."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.clock import ClockEvent, ClockRun, ClockVerb
from cases.clock_starts import happened
from cases.clocks import compute, suspend, take_due, turn, unsuspend
from cases.journal import Kind
from runbooks import library
from runbooks.statutes.span import Due
from tests.cases.house import BEGIN, House

ORDER = "terrorist-content-removal-order"
SIX = "EU-TCO6"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def kept(on: datetime) -> House:
    """A removal order whose content was disabled at that instant."""
    house = House.of(ORDER)
    house.now = on
    happened(house.file, "effect:disable-content", at=on)
    return house


def clock_of(house: House, name: str) -> ClockRun:
    """The case's clock."""
    clock = house.state.clock(name)
    assert clock is not None
    return clock


def recorded(house: House, kind: Kind) -> list[dict[str, Any]]:
    """The bodies of the journal's entries of that kind."""
    return [entry.body for entry in house.state.journal.pending if entry.kind is kind]


def test_six_calendar_months_are_six_calendar_months() -> None:
    """From 31 August 2026 to the end of Monday 1 March 2027; not 184 days."""
    removed = datetime(2026, 8, 31, 18, tzinfo=UTC)
    house = kept(removed)

    due = clock_of(house, SIX).due_at(removed)

    assert due == datetime(2027, 3, 1, 23, tzinfo=UTC)


def test_the_computed_deadline_is_on_record() -> None:
    """Row, pin, rule, event and both instants: enough to work it out again without us."""
    house = kept(datetime(2026, 8, 31, 18, tzinfo=UTC))

    body = recorded(house, Kind.CLOCK_DEADLINE)[-1]

    plan = next(plan for plan in house.file.pathway.clocks if plan.id == SIX)
    assert body == {
        "clock": SIX,
        "row": "EU-TCO6@1",
        "pin": plan.pin,
        "counted": "6month eu-1182-71",
        "begun": "2026-08-31T18:00:00+00:00",
        "conservative_due": "2027-02-28T19:00:00+00:00",
        "legal_latest": "2027-03-01T23:00:00+00:00",
        # Only then may anybody delete.
        "opens": "2027-03-01T23:00:00+00:00",
    }


@given(st.integers(0, 8 * 365 * 24), st.integers(0, 400 * 24))
def test_a_deadline_is_recomputed_at_any_past_instant(hours: int, later: int) -> None:
    """The pathway alone gives the deadline that the clock has kept, whatever happened since."""
    removed = datetime(2026, 1, 1, tzinfo=UTC) + hours * HOUR
    house = kept(removed)
    plan = next(plan for plan in house.file.pathway.clocks if plan.id == SIX)
    clock = clock_of(house, SIX)
    before = clock.due_at(removed)

    turn(house.file, clock, ClockVerb.STOP, at=removed + (later + 1) * HOUR)

    again = compute(house.file, plan, begun=removed)
    assert again is not None
    assert clock.due_at(removed + later * HOUR) == before == again.legal_latest
    assert removed + 180 * DAY < again.legal_latest < removed + 190 * DAY


def test_a_share_of_a_computed_time_is_a_share_of_it() -> None:
    """The page at 95 % comes when 95 % of the six months have passed, not of 180 days."""
    removed = datetime(2026, 8, 31, 18, tzinfo=UTC)
    house = kept(removed)
    clock = clock_of(house, SIX)
    due = clock.due_at(removed)
    assert due is not None

    instants = [instant for instant, _, step in clock.steps(removed) if step is not None]

    assert instants == [removed + (due - removed) * 0.95]


def test_a_hold_ends_as_fulfilled() -> None:
    """Reaching the computed end is on record as held long enough, once, and is no breach."""
    removed = datetime(2026, 8, 31, 18, tzinfo=UTC)
    house = kept(removed)
    end = datetime(2027, 3, 1, 23, tzinfo=UTC)

    early = [clock.id for clock, step, _ in take_due(house.file, at=end - HOUR) if step is None]
    due = [clock.id for clock, step, _ in take_due(house.file, at=end) if step is None]

    assert SIX not in early
    assert due == [SIX]
    assert clock_of(house, SIX).breached_at is None


def test_the_hour_keeps_both_instants() -> None:
    """Work to the wall clock, an hour from receipt; the last lawful instant stands beside it."""
    house = House.of(ORDER)
    clock = clock_of(house, "EU-TCO3-1h")

    assert clock.due_at(BEGIN) == BEGIN + HOUR
    assert clock.latest_at(BEGIN) == BEGIN + 2 * HOUR


def test_a_full_restart_computes_anew() -> None:
    """After clarification the hour begins again, and with it both of its instants."""
    house = House.of(ORDER)
    again = BEGIN + timedelta(hours=5, minutes=20)

    suspend(house.file, "EU-TCO3-1h", at=BEGIN + 30 * timedelta(minutes=1), because="asked")
    unsuspend(house.file, "EU-TCO3-1h", at=again, because="answered")

    clock = clock_of(house, "EU-TCO3-1h")
    assert clock.due_at(again) == again + HOUR
    assert clock.latest_at(again) == BEGIN + 7 * HOUR
    assert recorded(house, Kind.CLOCK_DEADLINE)[-1]["begun"] == again.isoformat()


def test_business_days_are_counted_by_the_pinned_holidays() -> None:
    """A team's runbook names the four business days; the case carries the federal holidays.

    By hand: from Thursday 15 January 2026 they are 16, 20, 21, 22, for the 19th is a holiday.
    """
    base = (Path(__file__).parents[1] / "runbooks" / "broken" / "base.yaml").read_text()
    named = base.replace(
        """    title: "Three days to reply"
    within: 72h
""",
        "    use: US-SEC-105@1\n    starts: awareness\n",
    ).replace('    source: "An act, Article 2"\n', "")
    house = House.of(text=named.encode())
    plan = next(plan for plan in house.file.pathway.clocks if plan.id == "REPLY-72h")

    found = compute(house.file, plan, begun=datetime(2026, 1, 15, 15, tzinfo=UTC))

    assert plan.calendar == "us-federal"
    assert found is not None
    assert found.conservative_due == datetime(2026, 1, 22, 15, tzinfo=UTC)
    assert found.legal_latest == datetime(2026, 1, 23, 5, tzinfo=UTC)
    assert clock_of(house, "REPLY-72h").due_at(BEGIN) == BEGIN + 4 * DAY


def test_a_row_that_was_not_pinned_has_nothing_to_compute() -> None:
    """A clock the runbook sets itself runs its fixed time, as before."""
    house = House.of(text=library()["user-safety-escalation"])

    assert house.file.pathway.calendars == {}
    assert recorded(house, Kind.CLOCK_DEADLINE) == []


@pytest.mark.parametrize("year", [1, 1969, 2200, 9999])
def test_an_event_beyond_all_calendars_is_no_error(year: int) -> None:
    """A slip of the pen in a ticket must not stop a case: the deadline is long past, or far off."""
    house = House.of(ORDER)
    plan = next(plan for plan in house.file.pathway.clocks if plan.id == SIX)

    found = compute(house.file, plan, begun=datetime(year, 1, 1, tzinfo=UTC))

    assert found is not None
    assert found.legal_latest.year in (1970, 2200)


@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), max_size=5),
    st.integers(1, 100_000),
    st.integers(0, 5_000),
)
def test_pauses_add_up(pauses: list[tuple[int, int]], length: int, margin: int) -> None:
    """A computed deadline moves by exactly the time the clock stood still, and so does the last."""
    minute = timedelta(minutes=1)
    due = BEGIN + length * minute
    events = [ClockEvent(verb=ClockVerb.START, at=BEGIN, due=due, latest=due + margin * minute)]
    at = BEGIN
    stood = timedelta(0)
    for ran, paused in pauses:
        events.append(ClockEvent(verb=ClockVerb.PAUSE, at=at + ran * minute))
        at += (ran + paused) * minute
        stood += paused * minute
        events.append(ClockEvent(verb=ClockVerb.RESUME, at=at))
    clock = ClockRun(id="x", title="x", within=DAY, statutory=True, owner="legal", events=events)

    assert clock.due_at(at) == due + stood
    assert clock.latest_at(at) == due + stood + margin * minute


def test_an_event_says_only_what_it_has() -> None:
    """A clock without a row writes the events it always wrote."""
    event = ClockEvent(verb=ClockVerb.START, at=BEGIN)

    assert event.model_dump(mode="json") == {"verb": "start", "at": "2026-01-05T09:00:00Z"}


def test_a_deadline_works_to_the_first_instant_and_a_hold_to_the_last() -> None:
    """The careful one of the two is another for each."""
    both = Due(conservative_due=BEGIN + DAY, legal_latest=BEGIN + 2 * DAY)
    deadline = ClockRun(id="x", title="x", within=DAY, statutory=True, owner="legal")
    hold = deadline.model_copy(update={"hold": True, "events": []})

    deadline.note(ClockVerb.START, at=BEGIN, due=both)
    hold.note(ClockVerb.START, at=BEGIN, due=both)

    assert deadline.due_at(BEGIN) == BEGIN + DAY
    assert hold.due_at(BEGIN) == BEGIN + 2 * DAY
