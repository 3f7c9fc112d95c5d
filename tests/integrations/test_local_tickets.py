"""The tracker of our own, for demos and single desks."""

from cases.report import TicketRef
from integrations.local_tickets import LocalTickets
from integrations.ports.ticketing import TicketDraft, TicketLink, TicketPriority, TicketStatus
from tests.fakes.clock import START


class Notes:
    """A store of notes in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[TicketRef, str]] = {}

    async def put_note(self, *, key: str, ticket: TicketRef, text: str) -> bool:
        """The first text of a key stays."""
        new = key not in self.kept
        self.kept.setdefault(key, (ticket, text))
        return new

    async def notes(self, ticket: TicketRef) -> list[tuple[str, str]]:
        """What the ticket's notes say."""
        return [(key, text) for key, (of, text) in self.kept.items() if of == ticket]


async def test_everything_happens_once_a_key() -> None:
    """Opening, noting and setting twice leave one entry each."""
    store = Notes()
    tickets = LocalTickets(store)
    draft = TicketDraft(case_number="1042", subject="s", body="b", queue="legal", key="open")

    ticket = await tickets.open_ticket(draft)
    again = await tickets.open_ticket(draft)
    notes = [await tickets.comment(ticket, "note", key="n") for _ in range(2)]
    statuses = [await tickets.set_status(ticket, TicketStatus.SOLVED, key="s") for _ in range(2)]

    assert ticket == again
    assert [note.already for note in notes] == [False, True]
    assert [status.already for status in statuses] == [False, True]
    assert [text for _, text in store.kept.values()] == ["b", "note", "Status: solved"]


async def test_tickets_of_other_systems_can_be_noted() -> None:
    """What would stand on a vendor's ticket can be read here; nothing comes back as news."""
    store = Notes()
    theirs = TicketRef(system="zendesk", instance="demo", id="7")

    await LocalTickets(store).comment(theirs, "note", key="n")

    assert store.kept["n"] == (theirs, "note")
    assert await LocalTickets(store).changed_since(START) == []


async def test_a_ticket_shows_what_it_was_told_last() -> None:
    """Status, priority, links and notes can be read again; a ticket nobody wrote to is none."""
    tickets = LocalTickets(Notes())
    ref = TicketRef(system="local", instance="desk", id="1042")
    assert await tickets.look(ref) is None

    await tickets.set_status(ref, TicketStatus.PENDING, key="a")
    await tickets.set_priority(ref, TicketPriority.HIGH, key="b")
    await tickets.link(ref, TicketLink(url="https://x.test/cases/1042", title="Case 1042"))

    seen = await tickets.look(ref)
    assert seen is not None
    assert (seen.status, seen.priority) == (TicketStatus.PENDING, TicketPriority.HIGH)
    assert len(seen.notes) == 3
