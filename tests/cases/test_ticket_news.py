"""What somebody did to the ticket: on record, told once a stage, and never a decision."""

import pytest

from cases.file import CaseFile, Tell
from cases.journal import Kind
from cases.notice import Purpose
from cases.report import TicketRef
from cases.ticket_news import SAID, ticket_changed
from tests.cases.house import BEGIN, House
from workflows.messages import TicketUpdated

OWN = TicketRef(system="jira", instance="site", id="1")
OTHER = OWN.model_copy(update={"id": "2"})


def told(file: CaseFile, what: str, *, into: TicketRef | None = None) -> list[str]:
    """The roles that hear of it."""
    file.wishes.clear()
    said: dict[str, str | None] = {"delivery": "d", "status": "Done"}
    ticket_changed(file, what=what, ticket=OWN, into=into, said=said, at=BEGIN)
    wishes = [wish for wish in file.wishes if isinstance(wish, Tell)]
    assert all(wish.purpose is Purpose.TICKET for wish in wishes)
    return [wish.role for wish in wishes]


@pytest.mark.parametrize("what", sorted(SAID))
def test_whoever_works_on_the_case_hears_once_a_stage(what: str) -> None:
    """The stage's owner is told of each kind of change once, however often it happens."""
    file = House.of().file
    stage, status = file.state.stage, file.state.status

    first, again = told(file, what), told(file, what)

    grave = ["incident-manager", "triage"]
    assert first == (grave if what in ("merged", "deleted") else ["triage"])
    assert again == []
    assert (file.state.stage, file.state.status) == (stage, status), "nothing is decided by it"
    entries = [e for e in file.state.journal.pending if e.kind is Kind.TICKET_CHANGED]
    assert [entry.body["what"] for entry in entries] == [what, what]


def test_news_of_an_earlier_release_are_recorded_as_they_were() -> None:
    """Without a word of what was done nobody is told: an old history asks for nothing new."""
    file = House.of().file

    assert told(file, "") == []

    (entry,) = [e for e in file.state.journal.pending if e.kind is Kind.TICKET_CHANGED]
    assert entry.body == {"delivery": "d", "status": "Done"}
    old = TicketUpdated(delivery="d", at=BEGIN, ticket=OWN, status="Done")
    assert set(old.model_dump()) == {"delivery", "at", "ticket", "status"}


def test_a_ticket_that_takes_anothers_place_is_the_cases_own() -> None:
    """A merge is followed, a placeholder adopted; news of a stranger's ticket change nothing."""
    file = House.of().file

    told(file, "opened", into=OWN)
    assert file.state.ticket == OWN
    told(file, "merged", into=OTHER)
    assert file.state.ticket == OTHER
    told(file, "merged", into=OWN.model_copy(update={"id": "9"}))
    assert file.state.ticket == OTHER
