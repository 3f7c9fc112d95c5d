"""The outside world of a simulation: the eight effects in memory, and how they are in trouble.

They obey the rules the real ones obey: the same key is answered the same, and a journal key with
other bytes is a fork.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import JsonValue
from temporalio import activity

from cases.file import DUTY_MANAGER
from cases.journal import Entry
from cases.notice import PAGES, NoticeEnd, NoticeOrder, NoticeResult, RecipientOutcome
from cases.records import Decider, Pinned
from cases.report import TicketRef
from cases.state import CasePicture
from runbooks import assess
from runbooks.runbook import Runbook
from workers.simulation.chance import Chance
from workers.simulation.faults import Trouble
from workers.simulation.people import Somebody, Staff
from workers.simulation.synthetic import Synthetic
from workflows.effects import (
    APPEND_JOURNAL,
    ASSESS,
    COLLECT_ACTS,
    LOOK_UP_DECIDERS,
    NOTIFY,
    OPEN_LINKED,
    PERFORM,
    SYNC_TICKET,
    Assessed,
    AssessOrder,
    Collected,
    CollectOrder,
    DecidersOrder,
    EffectOrder,
    EffectResult,
    EffectState,
    JournalBatch,
    Linked,
    LinkOrder,
    Stored,
    TicketOrder,
    TicketResult,
)

EARLY = timedelta(seconds=7)
"""How much of a minute may be missing and still be that minute: a clock may read a little early."""

WAYS = 2
"""How many channels a person of the week has: a push, then a call. Nothing is left after them."""


@dataclass(frozen=True)
class Told:
    """Somebody was told something, or could not be."""

    minute: int
    person: str
    purpose: str
    night: bool
    hour: int
    reached: bool

    @property
    def paged(self) -> bool:
        """Whether it rang."""
        return self.purpose in PAGES


@dataclass
class Placed:
    """A case that is being played: when it began on the engine's clock, and its record so far."""

    case: Synthetic
    id: str
    begun: datetime
    entries: list[Entry] = field(default_factory=list)
    fields: dict[str, JsonValue] = field(default_factory=dict)
    """The case's picture as the doors' store has it."""
    told: dict[tuple[str, str], Told] = field(default_factory=dict)
    forks: int = 0
    moved_to: str = ""
    """The runbook on which it goes on as another case."""
    _picture: CasePicture | None = None

    @property
    def picture(self) -> CasePicture:
        """The case as it stands, as people see it: out of what its journal has brought."""
        if self._picture is None:
            self._picture = CasePicture.of(self.fields)
        return self._picture

    def changed(self, fields: Mapping[str, JsonValue]) -> None:
        """So the picture is now."""
        self.fields.update(fields)
        self._picture = None

    def minute(self, at: datetime) -> int:
        """The whole minute since it began."""
        return int((at - self.begun + EARLY) // timedelta(minutes=1))

    def minute_of(self, written: str) -> int:
        """The same for an instant as the journal writes it."""
        return self.minute(datetime.fromisoformat(written))

    def of_week(self, at: datetime) -> int:
        """The minute of the simulated week."""
        return self.case.arrival.minute + self.minute(at)


class Outside:
    """Does what cases ask for, and remembers it."""

    def __init__(self, *, staff: Staff, trouble: Trouble, seed: int) -> None:
        self._staff = staff
        self._trouble = trouble
        self._chance = Chance("outside", seed)
        self.runbooks: dict[str, Runbook] = {}
        """By digest."""
        self.placed: dict[str, Placed] = {}
        """By case id."""

    def waiting(self, case: str) -> int:
        """How many of its answers to the case wait for somebody to act: here none ever does."""
        del case
        return 0

    @property
    def at_once(self) -> Sequence[Callable[..., Any]]:
        """What needs no worker: it waits for nothing, and answers the same when asked again."""
        return [
            self.append_journal,
            self.assess_severity,
            self.notify,
            self.perform_effect,
            self.sync_ticket,
            self.collect_acts,
            self.open_linked_case,
            self.look_up_deciders,
        ]

    @property
    def activities(self) -> Sequence[Callable[..., Any]]:
        """The others, for a worker."""
        return []

    @activity.defn(name=APPEND_JOURNAL.name)
    async def append_journal(self, batch: JournalBatch) -> Stored:
        """Entries are kept once; the same sequence with other bytes is a fork."""
        placed = self.placed[batch.case]
        known = {entry.sequence: entry for entry in placed.entries}
        if batch.last not in known:
            # A case that is recomputed writes again what is kept, and stands where it stood.
            placed.changed(batch.changes)
        forked = False
        for entry in batch.restore():
            before = known.get(entry.sequence)
            if before is None:
                placed.entries.append(entry)
            elif before.data != entry.data:
                placed.forks += 1
                forked = True
        return Stored(sequence=batch.last, forked=forked)

    @activity.defn(name=ASSESS.name)
    async def assess_severity(self, order: AssessOrder) -> Assessed:
        """The pinned table's answer."""
        found = assess(self.runbooks[order.runbook_digest], order.answers)
        return Assessed(severity=found.severity, row=str(found.row), because=found.because)

    @activity.defn(name=NOTIFY.name)
    async def notify(self, order: NoticeOrder) -> NoticeResult:
        """The people meant are told, else the duty manager, else it is known that nobody was."""
        if order.of_step is not None and order.of_step.way >= WAYS:
            return NoticeResult(end=NoticeEnd.UNREAD)
        placed = self.placed[order.case]
        minute = placed.of_week(order.at)
        outcomes = [
            self._tell(order, person, placed=placed, minute=minute)
            for person in self._meant(order, placed=placed, minute=minute)
        ]
        end = NoticeEnd.DELIVERED
        if not _reached(outcomes):
            last = self._staff.on_call(DUTY_MANAGER, minute=minute, site=placed.case.arrival.region)
            if last is not None:
                outcomes.append(self._tell(order, last, placed=placed, minute=minute, last=True))
            end = NoticeEnd.FELL_BACK if _reached(outcomes) else NoticeEnd.NOBODY
        return NoticeResult(end=end, recipients=tuple(outcomes))

    @activity.defn(name=PERFORM.name)
    async def perform_effect(self, order: EffectOrder) -> EffectResult:
        """A connector does it, unless the provider is down; the rest is a person's task."""
        if order.by == "manual" or order.report is not None:
            return EffectResult(state=EffectState.MANUAL)
        if self._trouble.provider_down(self.placed[order.case].of_week(order.at)):
            return EffectResult(state=EffectState.FAILED, detail="provider down")
        return EffectResult(state=EffectState.DONE, reference=f"SIM-{order.key[:12]}")

    @activity.defn(name=SYNC_TICKET.name)
    async def sync_ticket(self, order: TicketOrder) -> TicketResult:
        """The ticket is written, unless the provider is down."""
        if self._trouble.provider_down(self.placed[order.case].of_week(order.at)):
            return TicketResult(failed="provider down")
        ticket = order.ticket or TicketRef(system="local", instance="sim", id=order.number)
        return TicketResult(ticket=ticket)

    @activity.defn(name=COLLECT_ACTS.name)
    async def collect_acts(self, order: CollectOrder) -> Collected:
        """Nothing is on its way: this door hands every act over at once."""
        return Collected()

    @activity.defn(name=OPEN_LINKED.name)
    async def open_linked_case(self, order: LinkOrder) -> Linked:
        """The case goes on as another one, which is played when this one has ended.

        One that it is given to is somebody else's, and not played.
        """
        if order.attach_to is not None:
            return Linked(case=f"{order.case}/same-subject", number=order.attach_to)
        self.placed[order.case].moved_to = order.runbook or ""
        return Linked(
            case=f"{order.case}/on", number=f"{order.number}b", runbook=order.runbook or ""
        )

    @activity.defn(name=LOOK_UP_DECIDERS.name)
    async def look_up_deciders(self, order: DecidersOrder) -> Pinned:
        """Somebody of an earlier shift decided there; nobody of this play did."""
        people = (Decider(person="earlier-reviewer", did="decided"),)
        return Pinned(number=order.number, case=f"case/{order.number}", people=people)

    def _meant(self, order: NoticeOrder, *, placed: Placed, minute: int) -> list[Somebody]:
        if order.person is not None:
            return [self._staff.person(order.person)]
        site = placed.case.arrival.region
        asked = self._staff.asked(order.role, minute=minute, site=site)
        there = [person for person in asked if person.id not in order.except_people]
        return there[:1] if order.purpose in PAGES else there[:2]

    def _tell(
        self,
        order: NoticeOrder,
        person: Somebody,
        *,
        placed: Placed,
        minute: int,
        last: bool = False,
    ) -> RecipientOutcome:
        chance = self._chance.of(
            placed.case.key, order.purpose, order.role, order.stage, order.step, minute, person.id
        )
        reached = not self._trouble.unreachable(minute, chance=chance, last=last)
        placed.told[order.key, person.id] = Told(
            minute=minute,
            person=person.id,
            purpose=order.purpose.value,
            night=self._staff.asleep(person, minute),
            hour=self._staff.hour(person, minute),
            reached=reached,
        )
        end = NoticeEnd.DELIVERED if reached else NoticeEnd.FELL_BACK
        return RecipientOutcome(person=person.id, channel="simulated", end=end)


def _reached(outcomes: Sequence[RecipientOutcome]) -> bool:
    return any(outcome.end is NoticeEnd.DELIVERED for outcome in outcomes)
