"""The local tickets of the demo."""

from integrations.local_tickets import EntryKind, LocalTickets, MemoryTicketStore
from integrations.ports.ticketing import TicketDraft, TicketRef, TicketStatus
from tests.fakes.clock import START, FixedClock

DRAFT = TicketDraft(case_number="1042", subject="Case 1042", body="b", queue="legal", key="k")


async def test_everything_happens_once_a_key(clock: FixedClock) -> None:
    """Opening, noting and setting twice leave one entry each."""
    store = MemoryTicketStore()
    tickets = LocalTickets(store, clock=clock)

    ticket = await tickets.open_ticket(DRAFT)
    again = await tickets.open_ticket(DRAFT)
    notes = [await tickets.comment(ticket, "note", key="n") for _ in range(2)]
    statuses = [await tickets.set_status(ticket, TicketStatus.SOLVED, key="s") for _ in range(2)]

    assert ticket == again
    assert [note.already for note in notes] == [False, True]
    assert [status.already for status in statuses] == [False, True]
    kinds = [entry.kind for entry in await store.entries(ticket)]
    assert kinds == [EntryKind.OPENED, EntryKind.NOTE, EntryKind.STATUS]


async def test_status_can_be_set_again_after_a_change(clock: FixedClock) -> None:
    """A status that somebody moved away is set again under the same key."""
    tickets = LocalTickets(MemoryTicketStore(), clock=clock)
    ticket = await tickets.open_ticket(DRAFT)

    for status in (TicketStatus.SOLVED, TicketStatus.OPEN, TicketStatus.SOLVED):
        assert not (await tickets.set_status(ticket, status, key="s")).already


async def test_tickets_of_other_systems_can_be_noted(clock: FixedClock) -> None:
    """What would stand on a vendor's ticket can be read here; nothing comes back as news."""
    store = MemoryTicketStore()
    tickets = LocalTickets(store, clock=clock)
    theirs = TicketRef(system="zendesk", instance="demo", id="7", url="https://x.test/7")

    await tickets.comment(theirs, "note", key="n")

    bare = theirs.model_copy(update={"url": ""})
    assert [entry.text for entry in await store.entries(bare)] == ["note"]
    assert await tickets.changed_since(START) == []
