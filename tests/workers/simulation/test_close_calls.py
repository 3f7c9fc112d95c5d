"""Where only the machine's speed could have decided whether a person or the case was first."""

from datetime import timedelta
from pathlib import Path

import pytest

from cases import escalations
from cases.journal import Kind
from cases.state import CasePicture, fields_of
from tests.cases.house import House
from workers.simulation.close_calls import HESITATES, is_close, is_planned_close
from workers.simulation.pace import TOO_LATE

TEXT = (Path(__file__).parents[2] / "cases" / "paging.yaml").read_bytes()
SECOND = timedelta(seconds=1)


@pytest.fixture
def house() -> House:
    """A case whose first stage pages somebody ten minutes after it has begun."""
    return House.of(text=TEXT)


def close(house: House, by: timedelta) -> bool:
    """Whether an act so much later than now is close to what the case does by itself."""
    picture = CasePicture.of(fields_of(house.state))
    return is_close(house.state.journal.pending, picture, house.now + by)


def coming(house: House) -> timedelta:
    """How long it is until the case does something by itself."""
    found = house.state.next_instant(house.now)
    assert found is not None
    return found[0] - house.now


def test_what_is_about_to_come_is_close_on_both_sides_of_it(house: House) -> None:
    """An act that was first may have kept the case from ever doing it, so the picture tells."""
    until = coming(house)

    assert close(house, until - TOO_LATE + SECOND)
    assert close(house, until + TOO_LATE - SECOND)
    assert not close(house, until - TOO_LATE - SECOND)


def test_what_has_just_come_is_close_until_it_cannot_have_been_later(house: House) -> None:
    """The journal tells of it, and no longer the picture."""
    house.later(coming(house))
    escalations.take_due(house.file, at=house.now)
    entries = house.state.journal.pending

    assert entries[-1].at == house.now
    assert Kind.ESCALATION_STEP in {entry.kind for entry in entries if entry.at == house.now}
    assert close(house, SECOND)
    assert close(house, TOO_LATE - SECOND)
    assert not close(house, TOO_LATE + SECOND)


def test_a_plan_is_close_whether_it_is_asked_before_or_after(house: House) -> None:
    """However late the step was, and whoever was first: people hesitate on every machine alike."""
    due = house.now + coming(house)
    plans = (due - HESITATES - SECOND, due - 4 * SECOND, due, due + 4 * SECOND)

    def near() -> list[bool]:
        picture = CasePicture.of(fields_of(house.state))
        return [is_planned_close(house.state.journal.pending, picture, plan) for plan in plans]

    before = near()
    house.later(coming(house) + SECOND)
    escalations.take_due(house.file, at=house.now)

    assert before == near() == [False, True, True, True]


def test_what_an_act_brings_about_is_not_close_to_it(house: House) -> None:
    """The case is opened and its stage entered at one instant, by whoever reported it."""
    assert not close(house, timedelta(0))
    assert not close(house, SECOND)
