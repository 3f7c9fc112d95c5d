"""The outside world of a recorded case: it answers what it did, and notes what is new."""

from collections import Counter

from temporalio import activity

from cases.notice import NoticeEnd, NoticeOrder, NoticeResult
from cases.report import TicketRef
from workers.backtest.answers import meaning
from workers.backtest.assumed import Ledger, Rule
from workers.backtest.recorded import Recorded
from workers.simulation.faults import Trouble
from workers.simulation.outside import Outside
from workers.simulation.people import Staff
from workflows.effects import (
    COLLECT_ACTS,
    NOTIFY,
    OPEN_LINKED,
    PERFORM,
    SYNC_TICKET,
    Collected,
    CollectOrder,
    EffectOrder,
    EffectResult,
    EffectState,
    Linked,
    LinkOrder,
    TicketOrder,
    TicketResult,
)


class RecordedWorld(Outside):
    """Answers each case out of its own record."""

    def __init__(self, *, staff: Staff, trouble: Trouble) -> None:
        super().__init__(staff=staff, trouble=trouble, seed=0)
        self._records: dict[str, tuple[Recorded, Ledger, Counter[str]]] = {}

    def know(self, case: str, recorded: Recorded, ledger: Ledger) -> None:
        """The case of that id is played out of this record."""
        self._records[case] = recorded, ledger, Counter()

    @activity.defn(name=NOTIFY.name)
    async def notify(self, order: NoticeOrder) -> NoticeResult:
        """As it ended then; one that was never sent is taken as delivered."""
        recorded, ledger, asked = self._records[order.case]
        what = meaning(order)
        known = recorded.answers.notices.get(what, ())
        turn = asked[f"notice {what}"]
        asked[f"notice {what}"] += 1
        if turn < len(known):
            return known[turn]
        about = f" at {order.step}" if order.step else ""
        ledger.assume(Rule.TOLD, f"{order.purpose.value} {order.role}{about}")
        return NoticeResult(end=NoticeEnd.DELIVERED)

    @activity.defn(name=PERFORM.name)
    async def perform_effect(self, order: EffectOrder) -> EffectResult:
        """As it ended then; what was never ordered is a person's task, or taken as done."""
        recorded, ledger, asked = self._records[order.case]
        known = recorded.answers.effects.get(order.name, ())
        turn = asked[f"effect {order.name}"]
        asked[f"effect {order.name}"] += 1
        if turn < len(known):
            if order.name in recorded.slow:
                took = recorded.slow[order.name]
                ledger.assume(Rule.SLOW, f"{order.name}, which took {took}")
            return known[turn]
        if order.by == "manual":
            return EffectResult(state=EffectState.MANUAL)
        ledger.assume(Rule.DONE, order.name)
        return EffectResult(state=EffectState.DONE, reference=f"assumed-{order.key[:12]}")

    @activity.defn(name=SYNC_TICKET.name)
    async def sync_ticket(self, order: TicketOrder) -> TicketResult:
        """As it ended then; further notes are written."""
        recorded, _, asked = self._records[order.case]
        turn = asked["ticket"]
        asked["ticket"] += 1
        if turn < len(recorded.answers.tickets):
            return recorded.answers.tickets[turn]
        ticket = order.ticket or TicketRef(system="local", instance="backtest", id=order.number)
        return TicketResult(ticket=ticket)

    @activity.defn(name=COLLECT_ACTS.name)
    async def collect_acts(self, order: CollectOrder) -> Collected:
        """Nothing is on its way: every recorded act comes at the instant it took effect."""
        return Collected()

    @activity.defn(name=OPEN_LINKED.name)
    async def open_linked_case(self, order: LinkOrder) -> Linked:
        """As it ended then; a new move finds its case opened."""
        recorded, _, asked = self._records[order.case]
        turn = asked["link"]
        asked["link"] += 1
        if turn < len(recorded.answers.links):
            return recorded.answers.links[turn]
        return Linked(case=f"{order.case}/on", number=order.number, runbook=order.runbook or "")
