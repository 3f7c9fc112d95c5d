"""Cases and their tickets are compared on a schedule: what is ours is mended, the rest is told.

One look costs a tracker a few reads, so a pass takes few tickets, those unseen for longest first.
What was mended, and what a person must settle, is in the door's journal of the case, once each.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from activities.on_record import speaking_for
from activities.ticket_writing import opening
from cases.journal import Kind
from cases.report import TicketRef
from cases.saying import Sayable, Viewer, sayable
from cases.state import CasePicture
from gateway.doors import Doors, Tracker
from gateway.pacing import keep_going
from gateway.reconciling.comparing import compare
from gateway.reconciling.drift import Drift, DriftKind
from gateway.reconciling.mending import Mending
from gateway.reconciling.wanted import Wanted, wanted
from integrations.errors import ConflictError, MisansweredError, RefusedError, VendorError
from integrations.markers import fingerprint
from integrations.ports.ticketing import SeenTicket
from store import CaseFilter, KeptTicket
from store.ticket_drift import OURS, PERSON

log = structlog.get_logger(__name__)

KIND = "ticket-reconciler"
ALARM = "ticket-drift"

_AT_ONCE = 20
_AGAIN = timedelta(minutes=1)
"""So much of what was swept before is swept again."""
_ON_ITS_WAY = timedelta(minutes=15)
"""A note that nobody gave up may still be under way so long."""
_SWEEP = timedelta(hours=1)
_MANY = 100_000


@dataclass(frozen=True)
class _Behalf:
    """On whose behalf a tracker is asked, for the ledger of calls."""

    case: str
    key: str


class TicketReconciler:
    """Looks at tickets, and settles what it may."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._store = doors.store
        self._swept: dict[str, datetime] = {}

    async def run(self) -> None:
        """Tickets are compared again and again, until this is cancelled."""
        pause = self._doors.settings.compare_pause
        due = asyncio.Event()
        await keep_going(KIND, self._doors, due=due, every=pause, work=self._pass, again=False)

    async def _pass(self) -> int:
        found = await self.once()
        await self._sweep()
        return found

    async def once(self) -> int:
        """What is due has been compared once; how many tickets that were."""
        doors = self._doors
        at = await doors.clock.now()
        due = await self._store.ticket_keeping.due(
            before=at - doors.settings.compare_every,
            ended_since=at - doors.settings.compare_after,
            owed_before=at - doors.settings.compare_owed,
            limit=_AT_ONCE,
        )
        silent: set[str] = set()
        for kept in due:
            if kept.system not in silent and not await self._compare(kept, at=at):
                silent.add(kept.system)
        return len(due)

    async def _compare(self, kept: KeptTicket, *, at: datetime) -> bool:
        """Case and ticket were compared; False when the tracker is silent."""
        tracker = next((each for each in self._doors.trackers if _is(each, kept)), None)
        if tracker is None:
            await self._settle(kept, [Drift(kind=DriftKind.DISCONNECTED)], at=at)
            await self._store.ticket_keeping.looked(kept.case, at=at)
            return True
        try:
            with speaking_for(self._store, _Behalf(case=kept.case, key=f"compare/{kept.case}")):
                await self._look(kept, tracker, at=at)
        except (RefusedError, MisansweredError) as error:
            await self._settle(kept, [Drift(kind=DriftKind.REFUSED, subject="look")], at=at)
            log.warning("a ticket cannot be compared", error=type(error).__name__)
        except VendorError as error:
            log.warning("a tracker does not answer", error=type(error).__name__)
            await self._store.health.alarm(
                kind="tracker",
                key=f"compare/{tracker.instance}",
                text="tickets cannot be compared with their cases: the tracker does not answer",
                mend=error.mend,
                at=at,
            )
            return False
        await self._store.health.clear(kind="tracker", key=f"compare/{tracker.instance}", at=at)
        await self._store.ticket_keeping.looked(kept.case, at=at)
        return True

    async def _look(self, kept: KeptTicket, tracker: Tracker, *, at: datetime) -> None:
        asked = await self._wanted(kept, at=at)
        if asked is None:
            # Its journal is on its way: there is nothing to compare with yet.
            return
        mending = Mending(self._doors, tracker, asked, at=at)
        if kept.ticket is None:
            if kept.placeholder_since is not None:
                drift = Drift(kind=DriftKind.PLACEHOLDER)
                await self._found(kept, drift, at=at)
                ticket = await mending.adopt()
                await self._mended(kept, drift, ticket, at=at)
            return
        seen = await tracker.tickets.look(kept.ticket)
        twins = await tracker.tickets.find(opening(kept.case)) if kept.ours else []
        # Read after the ticket: what its case wrote there meanwhile is then known to be ours.
        asked = await self._wanted(kept, at=at) or asked
        if seen is not None:
            asked = await self._baseline(asked, seen, at=at)
        found = compare(asked, seen, twins=twins)
        left = []
        for drift in found:
            if drift.said.whose == OURS and seen is not None:
                left += await self._mend(kept, drift, seen, mending, at=at)
            else:
                left.append(drift)
                if drift.kind is DriftKind.APPROVAL_RECORDED and seen is not None:
                    await mending.tell("approval", seen.ticket, about=drift.subject)
        await self._settle(kept, left, at=at)

    async def _wanted(self, kept: KeptTicket, *, at: datetime) -> Wanted | None:
        view = await self._store.views.get(kept.case)
        if view is None or view.line.shadow:
            return None
        known = await self._store.ticket_drift.list(case=kept.case, limit=_MANY)
        state = CasePicture.of(view.state)
        return wanted(
            kept,
            view,
            writes=await self._store.ticket_keeping.written(kept.case),
            settled=[(row.kind, row.subject) for row in known if row.times],
            public_url=self._doors.settings.public_url.rstrip("/"),
            stale_before=at - _ON_ITS_WAY,
            may=await self._may(state),
            others=[link.number for link in state.links if await self._may_be_named(link.number)],
        )

    async def _may(self, state: CasePicture) -> Sayable:
        """What the tracker's readers may know of the case."""
        rules = (await self._doors.shelf.by_digest(state.digest)).pathway
        return sayable(rules, (Viewer.TICKET,))

    async def _may_be_named(self, number: str) -> bool:
        """Whether they may know that a linked case has to do with this one; not of one unknown."""
        view = await self._store.views.by_number(number) if number else None
        return view is not None and (await self._may(CasePicture.of(view.state))).others

    async def _baseline(self, asked: Wanted, seen: SeenTicket, *, at: datetime) -> Wanted:
        """What is seen for the first time is where the ticket began: its place and its status."""
        kept, keeping = asked.kept, self._store.ticket_keeping
        if not kept.queue and seen.queue:
            await keeping.brought(kept.case, queue=seen.queue)
        if not kept.heard_word:
            await keeping.heard(kept.case, word=seen.word, at=at)
        shared = await self._store.tickets.cases_of(seen.ticket) if seen.merged else []
        others = (seen.ticket.id,) if any(case != kept.case for case in shared) else ()
        return asked.model_copy(update={"shared_with": others})

    async def _mend(
        self, kept: KeptTicket, drift: Drift, seen: SeenTicket, mending: Mending, *, at: datetime
    ) -> list[Drift]:
        """What is left of the difference once it was tried to mend it: nothing, or a person's."""
        new = await self._found(kept, drift, at=at)
        try:
            await mending.mend(drift, seen)
        except (RefusedError, MisansweredError):
            return [drift, Drift(kind=DriftKind.REFUSED, subject=drift.kind.value)]
        except ConflictError:
            again = Drift(kind=DriftKind.VERSION_CONFLICT, subject=drift.kind.value)
            # Once is chance: the next look tries again. Twice is somebody a person must talk to.
            return [drift] if new else [drift, again]
        await self._mended(kept, drift, seen.ticket, at=at)
        return []

    async def _found(self, kept: KeptTicket, drift: Drift, *, at: datetime) -> bool:
        said = drift.said
        return await self._store.ticket_drift.found(
            case=kept.case,
            kind=drift.kind.value,
            subject=drift.subject,
            whose=said.whose,
            says=said.says,
            mend=said.mend,
            at=at,
        )

    async def _mended(
        self, kept: KeptTicket, drift: Drift, ticket: TicketRef, *, at: datetime
    ) -> None:
        await self._store.ticket_drift.mended(
            case=kept.case, kind=drift.kind.value, subject=drift.subject, at=at
        )
        await self._store.journal.append_door(
            kept.case,
            Kind.DOOR_TICKET_MENDED,
            at=at,
            what=drift.kind.value,
            ticket=ticket.id,
            subject=drift.subject or None,
        )
        log.info("a ticket was mended", kind=drift.kind.value)

    async def _settle(self, kept: KeptTicket, left: list[Drift], *, at: datetime) -> None:
        """What a person must settle is on record and told once; what is gone is over."""
        for drift in left:
            new = await self._found(kept, drift, at=at)
            if drift.said.whose != PERSON or not new:
                continue
            await self._store.journal.append_door(
                kept.case,
                Kind.DOOR_TICKET_DIFFERS,
                at=at,
                what=drift.kind.value,
                subject=drift.subject or None,
            )
            await self._store.health.alarm(
                kind=ALARM,
                key=_key(kept.case, drift),
                text=f"case {kept.number}: {drift.said.says}",
                mend=drift.said.mend,
                at=at,
            )
        gone = await self._store.ticket_drift.over(
            kept.case, but=[drift.key for drift in left], at=at
        )
        for row in gone:
            key = _key(kept.case, Drift(kind=DriftKind(row.kind), subject=row.subject))
            await self._store.health.clear(kind=ALARM, key=key, at=at)

    async def _sweep(self) -> None:
        """Tickets that bear a mark of no case here are found, once an hour."""
        at = await self._doors.clock.now()
        for tracker in self._doors.trackers:
            swept = self._swept.get(tracker.instance)
            if swept is None or swept <= at - _SWEEP:
                try:
                    await self.sweep(tracker, at=at)
                except VendorError as error:
                    log.warning("marks cannot be looked for", error=type(error).__name__)
                    continue
                self._swept[tracker.instance] = at

    async def sweep(self, tracker: Tracker, *, at: datetime) -> int:
        """Every ticket marked lately belongs to a case of this store, or is told; how many not."""
        name = f"marked/{tracker.instance}"
        remembered = await self._store.deliveries.cursor(name)
        since = datetime.fromisoformat(remembered) if remembered else at - _SWEEP
        known = {
            fingerprint(opening(line.case))
            for line in await self._store.views.list(CaseFilter(limit=_MANY))
        }
        known |= {
            fingerprint(opening(row.id)) for row in await self._store.cases.unstarted(limit=_MANY)
        }
        strange = [
            marked
            for marked in await tracker.tickets.marked_since(since.astimezone(UTC))
            if marked.mark not in known
        ]
        for marked in strange:
            subject = f"{tracker.source.value}/{marked.ticket.id}"
            drift = Drift(kind=DriftKind.CASE_UNKNOWN, subject=subject)
            said = drift.said
            if await self._store.ticket_drift.found(
                case="",
                kind=drift.kind.value,
                subject=drift.subject,
                whose=said.whose,
                says=said.says,
                mend=said.mend,
                at=at,
            ):
                await self._store.health.alarm(
                    kind=ALARM,
                    key=_key("", drift),
                    text=f"ticket {marked.ticket.id} of {tracker.source.value}: {said.says}",
                    mend=said.mend,
                    at=at,
                )
        # Looked at twice: a ticket that changed while we read is not lost between two sweeps.
        await self._store.deliveries.set_cursor(name, value=(at - _AGAIN).isoformat())
        return len(strange)


def _is(tracker: Tracker, kept: KeptTicket) -> bool:
    if tracker.source.value != kept.system:
        return False
    return kept.ticket is None or kept.ticket.instance == tracker.instance


def key_of(case: str, kind: str, subject: str) -> str:
    """The key of the alarm of one difference."""
    return "/".join(part for part in (case or "none", kind, subject) if part)


def _key(case: str, drift: Drift) -> str:
    return key_of(case, drift.kind.value, drift.subject)
