"""A case and those it tells, without an engine: a test says what became of each notice."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cases import escalations, held, leases
from cases.acts import ActBody
from cases.at_door import heard, may_stop, new_to, sent_anyway, silence_is_due
from cases.clocks import take_due
from cases.envelope import Act, ActEnvelope
from cases.file import Hush, Tell, TellKept
from cases.journal import Entry, Kind
from cases.notice import AtDoor, NoticeEnd, NoticeOrder, NoticeResult, RecipientOutcome
from cases.paging import EscalationRun, RunState
from cases.receipts import ActReceipt
from cases.telling import received
from runbooks.plan import Pathway
from tests.cases.house import House
from workflows.notices import notice_for


@dataclass
class Telling:
    """The case, the notices that are out, and every one that ever was."""

    house: House
    out: dict[str, NoticeOrder] = field(default_factory=dict)
    """Sent out and not answered yet, by key."""
    ordered: list[tuple[datetime, NoticeOrder]] = field(default_factory=list)
    """Every sending, also the second one of a notice that was kept."""
    entries: list[Entry] = field(default_factory=list)
    door: list[AtDoor] = field(default_factory=list)
    """Recorded there, and not delivered yet."""
    left: list[NoticeOrder] = field(default_factory=list)
    """What has really left the house, in order."""
    too_late: list[str] = field(default_factory=list)
    """What left, or was said of somebody, after an act that forbids it had been recorded."""
    _left_before: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, text: bytes, *, pathway: Pathway | None = None) -> "Telling":
        """A case of that runbook that has just been opened; `pathway` is what it walks instead."""
        house = House.of(text=text)
        if pathway is not None:
            house.file.pathway = pathway
        telling = cls(house)
        telling.send()
        return telling

    @property
    def run(self) -> EscalationRun:
        """The newest escalation."""
        return self.house.state.escalations[-1]

    def send(self) -> None:
        """What the case wishes for is out, as the workflow's errands send it."""
        file = self.house.file
        wishes, file.wishes = file.wishes, []
        for wish in wishes:
            match wish:
                case Tell():
                    order = notice_for(file, wish, at=self.house.now)
                    file.note(Kind.NOTICE_ORDERED, self.house.now, key=order.key)
                    self._out(order)
                case TellKept():
                    self._out(wish.order)
                case Hush():
                    self._hush(wish)
                case _:
                    pass

    def _out(self, order: NoticeOrder) -> None:
        self.out[order.key] = order
        self.ordered.append((self.house.now, order))

    def _hush(self, wish: Hush) -> None:
        for key in [key for key, order in self.out.items() if wish.meant(order)]:
            self._ended(self.out.pop(key), wish.how)

    def _ended(self, order: NoticeOrder, end: NoticeEnd) -> None:
        self.house.file.note(
            Kind.NOTICE_ENDED, self.house.now, key=order.key, end=end.value, role=order.role
        )

    def answer(
        self,
        order: NoticeOrder,
        end: NoticeEnd = NoticeEnd.DELIVERED,
        *,
        people: Iterable[str] = (),
        later: datetime | None = None,
    ) -> None:
        """Where the notice was sent it came to that; what follows from it is out.

        As the activity does: before anything leaves, the case hears who has it by the door.
        """
        del self.out[order.key]
        waiting = [each for each in self.door if new_to(order, each)]
        if any(may_stop(each, order) for each in waiting):
            hushed = heard(self.house.file, order, waiting, receive=self._receive)
            self.house.walk()
            if hushed is not None:
                self._ended(order, hushed.how)
                self.wake()
                return
            order = sent_anyway(order, waiting)
        if end not in (NoticeEnd.HELD, NoticeEnd.READ):
            self.left.append(order)
        recipients = tuple(
            RecipientOutcome(person=person, channel="mail", end=NoticeEnd.DELIVERED)
            for person in people
        )
        result = NoticeResult(end=end, recipients=recipients, later=later)
        ended = received(self.house.file, order, result, commitment="", at=self.house.now)
        if ended is not None:
            self._ended(order, ended.end)
            escalations.told(self.house.file, order, ended, at=self.house.now)
        self.wake()

    def answer_all(self, *people: str) -> None:
        """Everything that is out has been delivered to them."""
        while self.out:
            self.answer(next(iter(self.out.values())), people=people)

    def wake(self) -> None:
        """What has come due is taken, as the workflow takes it, and is out."""
        file, at = self.house.file, self.house.now
        if silence_is_due(file, at=at):
            self.deliver()
        for clock, step, _ in take_due(file, at=at):
            if step is not None and step.escalate is not None:
                escalations.begin(
                    file,
                    step.escalate,
                    stage=clock.stage or file.state.stage or "",
                    clock="" if clock.stage else clock.id,
                    because=step.label,
                    at=at,
                )
        held.take_due(file, at=at)
        lapsed = len(self.journal(Kind.LEASE_LAPSED))
        leases.take_due(file, at=at)
        working = {_read(each).actor.person for each in self.door}
        for entry in self.journal(Kind.LEASE_LAPSED)[lapsed:]:
            if entry.body["who"] in working:
                self.too_late.append(f"{entry.body['who']} is named, and has acted")
        escalations.take_due(file, at=at)
        self.send()

    def later(self, by: timedelta) -> None:
        """So much later; everything that comes due on the way is taken at its instant."""
        until = self.house.now + by
        while True:
            coming = self.house.state.next_instant(self.house.now)
            if coming is None or coming[0] > until:
                break
            self.house.now = max(coming[0], self.house.now)
            self.wake()
        self.house.now = until
        self.wake()

    def act(self, body: object, *, person: str, role: str) -> ActReceipt:
        """Somebody does something; what follows from it is out."""
        receipt = self.house.act(body, person=person, role=role)  # type: ignore[arg-type]
        self.wake()
        return receipt

    def record(self, body: ActBody, *, person: str, role: str) -> None:
        """Somebody has done something, and only the door knows."""
        envelope = self.house.envelope(body, person=person, role=role)
        act = Act.model_validate_json(envelope.payload).act
        self.door.append(AtDoor(act=act, envelope=envelope))
        self._left_before[act] = len(self.left)

    def deliver(self) -> None:
        """What the door has recorded has reached the case, in its order."""
        waiting, self.door = self.door, []
        for each in waiting:
            self._receive(each.envelope)
            self.house.walk()

    def _receive(self, envelope: ActEnvelope) -> ActReceipt:
        """The case has the act; what it stops must not have left since it was recorded."""
        file = self.house.file
        before = list(file.wishes)
        receipt = self.house.desk.receive(envelope, at=self.house.now)
        since = self.left[self._left_before[receipt.act] :]
        for wish in file.wishes:
            if isinstance(wish, Hush) and not any(wish is each for each in before):
                self.too_late += [f"{order.key} left" for order in since if wish.meant(order)]
        return receipt

    # -- what a test asks ------------------------------------------------------------------------

    def journal(self, kind: Kind) -> list[Entry]:
        """The entries of that kind so far; nothing here is ever stored away."""
        return [e for e in self.house.state.journal.pending if e.kind is kind]

    def steps(self) -> list[tuple[timedelta, int, str]]:
        """When which step was told to whom, from the beginning; a step's second sending too."""
        begun = self.run.begun_at
        return [
            (at - begun, order.of_step.step, order.person or order.role)
            for at, order in self.ordered
            if order.of_step is not None
        ]

    def ends(self) -> Counter[str]:
        """How often each ordered notice has ended."""
        ordered = Counter({str(e.body["key"]): 0 for e in self.journal(Kind.NOTICE_ORDERED)})
        ordered.update(str(e.body["key"]) for e in self.journal(Kind.NOTICE_ENDED))
        return ordered

    def of_run(self, run: EscalationRun) -> list[NoticeOrder]:
        """What is out or kept of the run."""
        kept = [each.order for each in self.house.state.held]
        return [
            order
            for order in (*self.out.values(), *kept)
            if order.of_step is not None and order.of_step.run == run.key
        ]

    def silent(self) -> list[EscalationRun]:
        """The runs of which nothing may be told: somebody has it, or they are over."""
        quiet = (RunState.ACKNOWLEDGED, RunState.ENDED)
        return [run for run in self.house.state.escalations if run.state in quiet]


def _read(each: AtDoor) -> Act:
    return Act.model_validate_json(each.envelope.payload)
