"""Fakes of our own ports, for tests of what stands above them."""

from collections.abc import Sequence
from datetime import datetime

from cases.report import TicketRef
from integrations.errors import UnknownPersonError
from integrations.markers import fingerprint
from integrations.ports.actions import ActionOrder, ActionReceipt
from integrations.ports.directory import DirectorySnapshot, Person
from integrations.ports.messaging import Message, Sent
from integrations.ports.ticketing import (
    Marked,
    NewTicket,
    Noted,
    PrioritySet,
    SeenTicket,
    StatusSet,
    TicketChange,
    TicketDraft,
    TicketLink,
    TicketPriority,
    TicketStatus,
)
from tests.fakes.clock import START


class _Failing:
    """Can be told to fail, in order."""

    def __init__(self) -> None:
        self._failures: list[Exception] = []

    def fail_next(self, error: Exception, *, times: int = 1) -> None:
        """The next calls raise this."""
        self._failures += [error] * times

    def _maybe_fail(self) -> None:
        if self._failures:
            raise self._failures.pop(0)


class FakeTicketing(_Failing):
    """Tickets in memory, idempotent by key as the port demands."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[TicketDraft] = []
        self.notes: list[tuple[TicketRef, str]] = []
        self.statuses: dict[str, TicketStatus] = {}
        self.priorities: dict[str, TicketPriority] = {}
        self.links: dict[str, list[TicketLink]] = {}
        self.marks: dict[str, list[str]] = {}
        self.news: list[NewTicket | TicketChange] = []
        self._tickets: dict[str, TicketRef] = {}
        self._notes: dict[tuple[str, str], Noted] = {}

    async def open_ticket(self, draft: TicketDraft) -> TicketRef:
        """The ticket of this key exists."""
        self._maybe_fail()
        if draft.key not in self._tickets:
            self.opened.append(draft)
            number = str(len(self.opened))
            self._tickets[draft.key] = TicketRef(system="local", instance="fake", id=number)
            self.priorities[number] = draft.priority
        return self._tickets[draft.key]

    async def comment(
        self, ticket: TicketRef, text: str, *, key: str, also: Sequence[str] = ()
    ) -> Noted:
        """The note stands once."""
        self._maybe_fail()
        self.marks.setdefault(ticket.id, []).extend(fingerprint(each) for each in (key, *also))
        place = (ticket.id, key)
        if place in self._notes:
            return self._notes[place].model_copy(update={"already": True})
        self.notes.append((ticket, text))
        self._notes[place] = Noted(reference=f"note/{len(self.notes)}")
        return self._notes[place]

    async def set_status(self, ticket: TicketRef, status: TicketStatus, *, key: str) -> StatusSet:
        """The ticket has the status."""
        self._maybe_fail()
        already = self.statuses.get(ticket.id) is status
        self.statuses[ticket.id] = status
        return StatusSet(status=status, already=already)

    async def set_priority(
        self, ticket: TicketRef, priority: TicketPriority, *, key: str
    ) -> PrioritySet:
        """The ticket has the priority."""
        self._maybe_fail()
        already = self.priorities.get(ticket.id) is priority
        self.priorities[ticket.id] = priority
        return PrioritySet(priority=priority, already=already)

    async def link(self, ticket: TicketRef, link: TicketLink) -> Noted:
        """The ticket leads there."""
        self._maybe_fail()
        known = self.links.setdefault(ticket.id, [])
        if link not in known:
            known.append(link)
        return Noted(reference=link.url)

    async def remark(self, ticket: TicketRef, *, key: str) -> None:
        """The ticket is the one of this key."""
        self._tickets[key] = ticket

    async def look(self, ticket: TicketRef) -> SeenTicket | None:
        """The ticket as it was told to be."""
        self._maybe_fail()
        status = self.statuses.get(ticket.id, TicketStatus.OPEN)
        keys = [key for key, ref in self._tickets.items() if ref == ticket]
        return SeenTicket(
            ticket=ticket,
            status=status,
            word=status.value,
            priority=self.priorities.get(ticket.id),
            marks=tuple(fingerprint(key) for key in keys),
            notes=tuple(self.marks.get(ticket.id, [])),
            links=tuple(link.url for link in self.links.get(ticket.id, [])),
        )

    async def find(self, key: str) -> list[TicketRef]:
        """The ticket of this key."""
        self._maybe_fail()
        return [self._tickets[key]] if key in self._tickets else []

    async def marked_since(self, instant: datetime) -> list[Marked]:
        """Every ticket that was opened here."""
        self._maybe_fail()
        return [
            Marked(ticket=ticket, mark=fingerprint(key), at=instant)
            for key, ticket in self._tickets.items()
        ]

    async def changed_since(self, instant: datetime) -> list[NewTicket | TicketChange]:
        """What the test put into `news`, as far as it is new."""
        self._maybe_fail()
        return [item for item in self.news if item.at >= instant]


class FakeMessaging(_Failing):
    """Messages in a list; a Message-ID that comes twice is kept once, and counted."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Message] = []
        self.attempts: list[str] = []

    async def send(self, message: Message) -> Sent:
        """The message is kept."""
        self.attempts.append(message.message_id)
        self._maybe_fail()
        if all(known.message_id != message.message_id for known in self.sent):
            self.sent.append(message)
        return Sent(message_id=message.message_id, accepted_at=START)


class FakeActions(_Failing):
    """Orders in a list; a key that comes twice acts once."""

    def __init__(self) -> None:
        super().__init__()
        self.acted: list[ActionOrder] = []

    async def act(self, order: ActionOrder) -> ActionReceipt:
        """The order is carried out, once a key."""
        self._maybe_fail()
        if all(known.key != order.key for known in self.acted):
            self.acted.append(order)
        return ActionReceipt(reference=f"fake-{order.name}")


class FakeDirectory(_Failing):
    """The people the test names."""

    def __init__(self, *people: Person) -> None:
        super().__init__()
        self.people = {person.id: person for person in people}

    async def people_with(self, role: str) -> tuple[Person, ...]:
        """Those who hold the role."""
        return (await self.snapshot()).holders(role)

    async def person(self, person_id: str) -> Person:
        """The person, or `UnknownPersonError`."""
        self._maybe_fail()
        if person_id not in self.people:
            raise UnknownPersonError(person_id)
        return self.people[person_id]

    async def snapshot(self) -> DirectorySnapshot:
        """Everybody."""
        self._maybe_fail()
        people = tuple(self.people[id_] for id_ in sorted(self.people))
        return DirectorySnapshot(digest="0" * 64, as_of=START, people=people)
