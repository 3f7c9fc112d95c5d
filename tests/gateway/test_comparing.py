"""While a case is being closed its ticket is ahead of what can be seen of the case."""

from datetime import timedelta

import pytest

from cases.report import TicketRef
from gateway.reconciling.comparing import compare
from gateway.reconciling.drift import DriftKind
from gateway.reconciling.wanted import Wanted, solved_since
from integrations.ports.ticketing import SeenTicket, TicketPriority, TicketStatus
from store import KeptTicket, TicketWrite
from tests.fakes.clock import START

TICKET = TicketRef(system="zendesk", instance="z", id="7", url="")
PAGE = "https://escalate.example/cases/1042"
MINUTE = timedelta(minutes=1)
SEEN = SeenTicket(
    ticket=TICKET,
    status=TicketStatus.SOLVED,
    word="solved",
    priority=TicketPriority.NORMAL,
    links=(PAGE,),
)


def found(*, solving: bool, left: str) -> set[DriftKind]:
    """The differences of an open case whose ticket is solved."""
    kept = KeptTicket(
        case="case/x",
        number="1042",
        ended=False,
        ticket=TICKET,
        system="zendesk",
        ours=False,
        status=left,
        priority="normal",
        link=PAGE,
        heard_word="open",
    )
    case = Wanted(
        kept=kept,
        ended=False,
        solving=solving,
        priority=TicketPriority.NORMAL,
        knows=TICKET,
        page=PAGE,
    )
    return {drift.kind for drift in compare(case, SEEN, twins=[])}


@pytest.mark.parametrize("left", ["solved", "open"])
def test_a_ticket_that_its_case_is_solving_is_left_alone(left: str) -> None:
    """It is neither opened again nor told to a person as solved by somebody else."""
    assert found(solving=True, left=left) == set()


def test_a_ticket_that_nobody_here_solves_is_judged() -> None:
    """Ours is opened again; another's is told, and the case hears of it."""
    assert found(solving=False, left="solved") == {DriftKind.STILL_SOLVED}
    outside = {DriftKind.CLOSED_OUTSIDE, DriftKind.NEWS_MISSED}
    assert found(solving=False, left="open") == outside


@pytest.mark.parametrize(
    "statuses,solving",
    [
        (["solved"], True),
        (["pending", "solved"], True),
        (["solved", "open"], False),
        (["solved", ""], True),
        ([], False),
    ],
)
def test_the_last_status_counts(statuses: list[str], *, solving: bool) -> None:
    """Notes without a status say nothing of it, and what the view shows already is no news."""
    writes = [
        TicketWrite(key=f"w{n}", status=status, at=START + n * MINUTE)
        for n, status in enumerate(statuses)
    ]
    assert solved_since(START, writes) is solving
    assert not solved_since(START + 9 * MINUTE, writes)
