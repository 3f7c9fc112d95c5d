"""The outside world of a recorded case: it answers what it did, when it did, and notes what is new.

An answer waits for what came between it and its question in the record: for the acts that people
did meanwhile, and for what the case did by itself. What never comes is not waited for long.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import Any, TypeVar

from pydantic import BaseModel
from temporalio import activity

from cases.cancelling import CancelAnswer
from cases.merging import BackAnswer, MergeAnswer
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult
from cases.records import Pinned
from cases.report import TicketRef
from workers.backtest.answers import Answered, meaning
from workers.backtest.assumed import Ledger, Rule
from workers.backtest.by_itself import happenings
from workers.backtest.recorded import Recorded
from workers.backtest.told import MINUTE
from workers.simulation.bustle import Bustle
from workers.simulation.faults import Trouble
from workers.simulation.outside import Outside
from workers.simulation.people import Staff
from workflows.effects import (
    ASSESS,
    CANCEL_ALONG,
    COLLECT_ACTS,
    GIVE_BACK,
    LOOK_AT_CHILDREN,
    LOOK_UP_DECIDERS,
    MERGE_AWAY,
    NOTIFY,
    OPEN_LINKED,
    PERFORM,
    SPLIT_OFF,
    SYNC_TICKET,
    Assessed,
    AssessOrder,
    CancelOrder,
    Children,
    ChildrenOrder,
    Collected,
    CollectOrder,
    DecidersOrder,
    EffectOrder,
    EffectResult,
    EffectState,
    GiveBackOrder,
    Linked,
    LinkOrder,
    MergeOrder,
    SplitOrder,
    TicketOrder,
    TicketResult,
)

Result = TypeVar("Result", bound=BaseModel)

PATIENCE = 5.0
"""Seconds an answer waits for what came before it: longer than a slow machine is late."""
_LOOK, _STOPPED = 0.02, 0.5


@dataclass
class _Known:
    """A case under way: its record, and how much of it has come."""

    recorded: Recorded
    ledger: Ledger
    shift: timedelta
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    came: set[str] = field(default_factory=set)
    """Acts that have been handed in, or have no place any more."""
    waiting: int = 0
    """Answers that wait for an act."""


class RecordedWorld(Outside):
    """Answers each case out of its own record."""

    def __init__(self, *, staff: Staff, trouble: Trouble) -> None:
        super().__init__(staff=staff, trouble=trouble, seed=0)
        self.bustle = Bustle()
        """Of the theatre it is outside of: an answer that waits for an act is no bustle."""
        self._known: dict[str, _Known] = {}

    def know(self, case: str, recorded: Recorded, ledger: Ledger, *, begun: datetime) -> None:
        """The case of that id is played out of this record."""
        self._known[case] = _Known(recorded, ledger, begun - recorded.opened)

    def came(self, case: str, act: str) -> None:
        """The act has come, or never will: what was answered after it is answered."""
        self._known[case].came.add(act)

    def waiting(self, case: str) -> int:
        """How many answers wait for somebody to act."""
        return self._known[case].waiting

    async def answered(self, case: str) -> None:
        """No answer waits for an act any more."""
        await _come(lambda: not self.waiting(case), until=inf)

    @property
    def at_once(self) -> Sequence[Callable[..., Any]]:
        """Nothing: an answer comes when it came."""
        return []

    @property
    def activities(self) -> Sequence[Callable[..., Any]]:
        """All of them, for a worker; other cases are outside as well."""
        return [
            *super().at_once,
            self.split_off_report,
            self.look_at_sub_cases,
            self.merge_away,
            self.cancel_along,
            self.give_back,
        ]

    @activity.defn(name=ASSESS.name)
    async def assess_severity(self, order: AssessOrder) -> Assessed:
        """The pinned table's answer, when it came."""
        await self._answer(ASSESS.name, order, Assessed)
        return await super().assess_severity(order)

    @activity.defn(name=NOTIFY.name)
    async def notify(self, order: NoticeOrder) -> NoticeResult:
        """As it ended then; one that was never sent is taken as delivered."""
        known = await self._answer(NOTIFY.name, order, NoticeResult)
        if known is not None:
            return known
        about = f" at {order.step}" if order.step else ""
        self._known[order.case].ledger.assume(
            Rule.TOLD, f"{order.purpose.value} {order.role}{about}"
        )
        return NoticeResult(end=NoticeEnd.DELIVERED)

    @activity.defn(name=PERFORM.name)
    async def perform_effect(self, order: EffectOrder) -> EffectResult:
        """As it ended then; what was never ordered is a person's task, or taken as done."""
        known = await self._answer(PERFORM.name, order, EffectResult)
        if known is not None:
            return known
        if order.by == "manual":
            return EffectResult(state=EffectState.MANUAL)
        self._known[order.case].ledger.assume(Rule.DONE, order.name)
        return EffectResult(state=EffectState.DONE, reference=f"assumed-{order.key[:12]}")

    @activity.defn(name=SYNC_TICKET.name)
    async def sync_ticket(self, order: TicketOrder) -> TicketResult:
        """As it ended then; further notes are written."""
        known = await self._answer(SYNC_TICKET.name, order, TicketResult)
        ticket = order.ticket or TicketRef(system="local", instance="backtest", id=order.number)
        return known or TicketResult(ticket=ticket)

    @activity.defn(name=COLLECT_ACTS.name)
    async def collect_acts(self, order: CollectOrder) -> Collected:
        """Nothing is on its way: every recorded act comes at the instant it took effect."""
        return Collected()

    @activity.defn(name=OPEN_LINKED.name)
    async def open_linked_case(self, order: LinkOrder) -> Linked:
        """As it ended then; a new move finds its case opened."""
        known = await self._answer(OPEN_LINKED.name, order, Linked)
        case = f"{order.case}/on"
        return known or Linked(case=case, number=order.number, runbook=order.runbook or "")

    @activity.defn(name=SPLIT_OFF.name)
    async def split_off_report(self, order: SplitOrder) -> Linked:
        """As it ended then; another report has a case of its own."""
        known = await self._answer(SPLIT_OFF.name, order, Linked)
        return known or Linked(case=f"{order.case}/own", number=order.delivery)

    @activity.defn(name=LOOK_UP_DECIDERS.name)
    async def look_up_deciders(self, order: DecidersOrder) -> Pinned:
        """Who had decided there then; in another case nobody who is known here."""
        known = await self._answer(LOOK_UP_DECIDERS.name, order, Pinned)
        return known or await super().look_up_deciders(order)

    @activity.defn(name=LOOK_AT_CHILDREN.name)
    async def look_at_sub_cases(self, order: ChildrenOrder) -> Children:
        """Which were open then; those nobody asked about have ended."""
        return await self._answer(LOOK_AT_CHILDREN.name, order, Children) or Children()

    @activity.defn(name=MERGE_AWAY.name)
    async def merge_away(self, order: MergeOrder) -> MergeAnswer:
        """What the other case said then; one that was never asked comes with nothing."""
        known = await self._answer(MERGE_AWAY.name, order, MergeAnswer)
        return known or MergeAnswer(accepted=True)

    @activity.defn(name=CANCEL_ALONG.name)
    async def cancel_along(self, order: CancelOrder) -> CancelAnswer:
        """What the sub-case said then; one that was never asked is cancelled."""
        known = await self._answer(CANCEL_ALONG.name, order, CancelAnswer)
        return known or CancelAnswer(accepted=True)

    @activity.defn(name=GIVE_BACK.name)
    async def give_back(self, order: GiveBackOrder) -> BackAnswer:
        """What the other case said then."""
        known = await self._answer(GIVE_BACK.name, order, BackAnswer)
        return known or BackAnswer(became="given-back")

    async def _answer(self, effect: str, order: BaseModel, kind: type[Result]) -> Result | None:
        """The next recorded answer to that, in its place; None where nobody asked then."""
        case = activity.info().workflow_id or ""
        known = self._known[case]
        about = effect, meaning(order)
        answers = known.recorded.answers.get(about, ())
        turn = known.asked[about]
        known.asked[about] += 1
        if turn >= len(answers):
            return None
        answered = answers[turn]
        if isinstance(order, EffectOrder) and answered.took > MINUTE:
            known.ledger.assume(Rule.SLOW, f"{order.name}, which took {answered.took}")
        else:
            await self._in_place(case, known, answered)
        found = answered.result
        if found is None and kind is NoticeResult:
            # The case stopped waiting for it then, and has stopped by now if it is going to.
            await asyncio.sleep(_STOPPED)
            found = NoticeResult(end=NoticeEnd.DELIVERED)
        return moved(found, known.shift) if isinstance(found, kind) else None

    async def _in_place(self, case: str, known: _Known, answered: Answered) -> None:
        """Until everything that preceded the answer has come, or is not to be waited for."""
        acts = answered.acts & {done.act.act for done in known.recorded.acts}
        until = asyncio.get_running_loop().time() + PATIENCE
        if acts - known.came:
            # Meanwhile nothing is done for the case: whoever acts need not wait for that.
            known.waiting += 1
            self.bustle.stirred(case)
            try:
                await _come(lambda: acts <= known.came, until=until)
            finally:
                known.waiting -= 1
        if answered.steps:
            steps = Counter(answered.steps)
            await _come(lambda: steps <= self._steps(case), until=until)

    def _steps(self, case: str) -> Counter[str]:
        entries = self.placed[case].entries
        return Counter(each.what for each in happenings(entries, opened=entries[0].at))


async def _come(come: Callable[[], bool], *, until: float) -> None:
    clock = asyncio.get_running_loop().time
    while not come() and clock() < until:  # noqa: ASYNC110 - what comes is told by the case
        await asyncio.sleep(_LOOK)


def moved(result: Result, shift: timedelta) -> Result:
    """The answer in another time: every instant it names is so much later."""
    return type(result).model_validate(_moved(result.model_dump(), shift))


def _moved(value: Any, shift: timedelta) -> Any:
    match value:
        case datetime():
            return value + shift
        case dict():
            return {name: _moved(item, shift) for name, item in value.items()}
        case list() | tuple():
            return type(value)(_moved(item, shift) for item in value)
        case _:
            return value
