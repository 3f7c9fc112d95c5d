"""How far apart a policy's steps come: as its text says, whatever seconds each of them took."""

from datetime import datetime, timedelta

import pytest

from cases.escalations import begin, take_due
from cases.file import EVEN
from cases.intervals import PUNCTUAL
from cases.paging import EscalationRun, RunState
from tests.cases.house import BEGIN, House

MINUTE = timedelta(minutes=1)
LATE = timedelta(seconds=2)
"""How late a timer of a busy engine is."""


def begun(edition: int = EVEN) -> tuple[House, EscalationRun]:
    """A case whose chain began two seconds after the step that begins it was due."""
    house = House.of("terrorist-content-removal-order")
    house.file.edition = edition
    at = BEGIN + LATE
    begin(house.file, "hour", stage="authentication", because="50%", at=at, due=BEGIN)
    (run,) = house.state.escalations
    assert run.step == 1
    return house, run


def next_at(run: EscalationRun) -> datetime:
    """When its next step comes."""
    assert run.next_at is not None
    return run.next_at


def test_steps_of_a_busy_engine_come_at_whole_intervals() -> None:
    """Two seconds of each of six steps are not twelve of the last."""
    house, run = begun()
    instants = []
    while run.state is RunState.RUNNING:
        instants.append(next_at(run))
        take_due(house.file, at=instants[-1] + LATE)

    assert instants == [BEGIN + number * MINUTE for number in range(1, 7)]
    assert run.exhausted_at == instants[-1] + LATE


@pytest.mark.parametrize("late", [PUNCTUAL, PUNCTUAL + timedelta(seconds=1), timedelta(hours=1)])
def test_after_an_outage_the_steps_do_not_come_all_at_once(late: timedelta) -> None:
    """The next one has its whole wait, from when the engine was there again."""
    house, run = begun()
    due = next_at(run)

    take_due(house.file, at=due + late)

    assert run.step == 2
    assert run.next_at == (due if late <= PUNCTUAL else due + late) + MINUTE


def test_cases_of_an_earlier_edition_count_from_when_a_step_was_told() -> None:
    """As they began (I14)."""
    house, run = begun(EVEN - 1)
    due = next_at(run)

    take_due(house.file, at=due + LATE)

    assert due == BEGIN + LATE + MINUTE
    assert run.next_at == due + LATE + MINUTE
