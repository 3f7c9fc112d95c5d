"""A seal finds whatever was changed in a run, and says where."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audit.histories import Run
from audit.sealing import check_seals, seal_of
from cases.journal import Entry, Journal, Kind, Stream
from tests.audit.casework import MADE_AT

CASE = "case/aaaaaaaaaaaaaaaaaaaaaaaaaa"
SALT = bytes(32)


def run_of(length: int) -> Run:
    """A run with so many events, the last of which ends it."""
    events = [
        HistoryEvent(
            event_id=number, event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED, task_id=number
        )
        for number in range(1, length)
    ]
    end = HistoryEvent(
        event_id=length, event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
    )
    return Run(run="one", events=(*events, end))


def door_with(run: Run) -> list[Entry]:
    """The doors' stream with that run's seal."""
    chain = Journal(case=CASE, stream=Stream.DOOR)
    seal = seal_of(run, stream=Stream.CASE, salt=SALT)
    return [chain.record(Kind.DOOR_RUN_SEALED, at=MADE_AT, salt=SALT, **seal.model_dump())]


@given(length=st.integers(2, 3000), data=st.data())
def test_a_changed_event_is_found_where_it_is(length: int, data: st.DataObject) -> None:
    """Runs of any length; of long ones the place is as many events as share a mark."""
    run = run_of(length)
    door = door_with(run)
    place = data.draw(st.integers(1, length))
    events = [HistoryEvent.FromString(event.SerializeToString()) for event in run.events]
    events[place - 1].task_id += 1

    assert check_seals({"case": [run]}, door, salt=SALT) == ([], [])
    wrong, missing = check_seals({"case": [Run(run="one", events=events)]}, door, salt=SALT)

    assert missing == []
    (said,) = wrong
    found = re.search(r"events? (\d+)(?: to (\d+))? is not what was sealed", said)
    assert found is not None, said
    first, last = int(found[1]), int(found[2] or found[1])
    assert first <= place <= last
    assert last - first <= length // 512


@given(length=st.integers(3, 3000), cut=st.integers(1, 2))
def test_a_shortened_run_is_found_at_its_end(length: int, cut: int) -> None:
    """The number of events is part of the seal, and a run without its end is another run."""
    run = run_of(length)
    short = Run(run="one", events=run.events[:-cut])

    wrong, _ = check_seals({"case": [short]}, door_with(run), salt=SALT)

    assert f"{length} events were sealed, and {length - cut} are here" in wrong[0]
    first = length - cut + 1
    found = re.search(
        r"events? (\d+)(?: to (\d+))? (?:is|are) (?:not what was sealed|missing)", wrong[1]
    )
    assert found is not None, wrong
    assert int(found[1]) <= first <= int(found[2] or found[1])


def test_events_that_came_later_are_found() -> None:
    """Whoever adds to a run that had ended is told where."""
    run = run_of(10)
    longer = Run(run="one", events=(*run.events, HistoryEvent(event_id=11)))

    wrong, _ = check_seals({"case": [longer]}, door_with(run), salt=SALT)

    assert [said.partition(": ")[2] for said in wrong] == [
        "10 events were sealed, and 11 are here",
        "event 11 is not sealed",
    ]


def test_another_salt_is_another_seal() -> None:
    """Without the case's salt nobody can try events until one fits."""
    run = run_of(10)

    assert (
        seal_of(run, stream="case", salt=SALT).root
        != seal_of(run, stream="case", salt=b"1" * 32).root
    )


def test_the_first_seal_of_a_run_counts() -> None:
    """A seal that was written later does not replace the one that was written in time."""
    run = run_of(10)
    forged = run_of(9)
    door = [*door_with(run), *door_with(Run(run="one", events=forged.events))]

    wrong, _ = check_seals({"case": [Run(run="one", events=forged.events)]}, door, salt=SALT)

    assert wrong


def test_a_sealed_run_that_is_not_there_and_a_run_without_a_seal_are_incomplete() -> None:
    """Neither proves that something was changed; both are said."""
    run = run_of(10)

    assert check_seals({}, door_with(run), salt=SALT) == (
        [],
        ["run one of case was sealed and is not here"],
    )
    _, missing = check_seals({"case": [run]}, [], salt=SALT)
    assert missing == ["run one of case is not sealed: export again in a moment"]


def test_a_run_that_goes_on_has_no_seal() -> None:
    """It has no end that could be sealed."""
    run = run_of(10)

    with pytest.raises(ValueError, match="goes on"):
        seal_of(Run(run="one", events=run.events[:-1]), stream="case", salt=SALT)
