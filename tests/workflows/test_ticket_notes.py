"""When a ticket is told: at once after a quiet while, and what follows in company."""

from datetime import timedelta

import pytest

from cases.file import PROMPT, Note
from tests.cases.house import House
from tests.fakes.clock import START
from workflows.company import COMPANY
from workflows.ticket_notes import TicketNotes

SOON = timedelta(seconds=30)


def notes(edition: int = PROMPT) -> TicketNotes:
    """Those of a case of that edition whose ticket was opened at `START`."""
    file = House.of().file
    file.edition = edition
    told = TicketNotes(file)
    told.add(Note.of("Opened.", now=True), at=START)
    told.take(at=START)
    return told


def test_a_ticket_that_was_left_alone_hears_news_at_once() -> None:
    """Nothing was written for two minutes: waiting for company would mostly be for nothing."""
    told = notes()
    later = START + COMPANY

    told.add(Note.of("Triage: escalate."), at=later)

    assert told.due(later)
    assert told.due_at(later) == later


def test_what_follows_soon_waits_for_company() -> None:
    """However much is said: one comment in two minutes, with all of it, none of it later."""
    told = notes()
    for each in range(5):
        told.add(Note.of(f"Line {each}."), at=START + SOON + each * SOON / 10)

    until = START + COMPANY

    assert not told.due(until - timedelta(milliseconds=1))
    assert told.due(until)
    assert len(told.take(at=until).lines) == 5
    assert not told.waiting


def test_what_is_pressing_waits_for_nothing() -> None:
    """A hold, a failure, an end: it takes along what waits."""
    told = notes()
    told.add(Note.of("Triage: escalate."), at=START + SOON)
    told.add(Note.of("Work is on hold.", now=True), at=START + SOON)

    assert told.due(START + SOON)


def test_the_timer_stays_while_the_ticket_is_written_to() -> None:
    """An instant yet to come stays; one that has come is left to the end of the writing."""
    told = notes()
    told.busy = True
    told.add(Note.of("Triage: escalate."), at=START + SOON)

    assert told.due_at(START + SOON) == START + COMPANY
    assert told.due_at(START + COMPANY) is None


@pytest.mark.parametrize("edition", range(PROMPT))
def test_a_case_of_an_earlier_edition_goes_on_as_it_began(edition: int) -> None:
    """Its notes wait two minutes, also after a quiet while (I14)."""
    told = notes(edition)
    later = START + timedelta(hours=1)
    told.add(Note.of("Triage: escalate."), at=later)

    assert told.due_at(later) == later + COMPANY
    told.busy = True
    assert told.due_at(later) is None
