"""Which cases are played once more, and which are named because even that did not help."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.workers.simulation.orders import order
from workers.simulation.outside import Placed
from workers.simulation.pace import ON_THE_DOT, TOO_LATE
from workers.simulation.play import Performance, Played

SECOND = timedelta(seconds=1)


def played(*, late: timedelta, close: bool) -> Played:
    """A case in which something came so late."""
    ordered = order(cases=1)
    case = ordered.drawn(ordered.generator)[0]
    placed = Placed(case=case, id="case/one", begun=datetime(2026, 11, 30, tzinfo=UTC))
    return Played(placed=placed, minutes=0, late=late, close=close)


@pytest.mark.parametrize(
    "late,close,clear,decided",
    [
        (timedelta(0), False, True, True),
        (TOO_LATE, False, True, True),
        (TOO_LATE + SECOND, False, False, False),
        (timedelta(0), True, False, True),
        (ON_THE_DOT, True, False, True),
        (ON_THE_DOT + SECOND, True, False, False),
    ],
)
def test_what_hangs_on_seconds_must_be_more_punctual(
    late: timedelta,
    close: bool,  # noqa: FBT001 - a table
    clear: bool,  # noqa: FBT001 - a table
    decided: bool,  # noqa: FBT001 - a table
) -> None:
    """Among many it is played once more in any case; among few the plan decides, if that holds."""
    case = played(late=late, close=close)

    assert (case.clear, case.decided) == (clear, decided)


def test_what_no_try_decided_is_named() -> None:
    """By the key that a run and the next one share."""
    fine = played(late=timedelta(0), close=True)
    slow = played(late=TOO_LATE + SECOND, close=False)
    performance = Performance(
        played=[fine, slow], seconds=1, restarts=0, again=6, places=2, worst=slow.late
    )

    assert performance.undecided == [slow.case.key]
    assert "/" in slow.case.key
