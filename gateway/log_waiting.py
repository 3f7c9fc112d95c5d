"""What takes no effect before the log has it: let go once it has, or once two people order so.

Decisions wait in the acts' own table, effects in the worker that was asked for them. Whichever
gateway finds that the log has their entries lets them all go, its own and others'.
"""

from datetime import datetime, timedelta

import structlog

from audit.log.errors import LogUnreadableError
from audit.log.leaf import leaf_of
from audit.log.reader import proofs_for
from audit.log.spool import Spooling
from cases.journal import Stream
from gateway.doors import Doors
from store import MAIN, LogKey, UnknownCase, WaitingAct

log = structlog.get_logger(__name__)

PATIENCE = timedelta(seconds=3)
"""So long the log is given, also while two people have ordered to go on without it."""


class LogWaiting:
    """Lets go what the log has, and spools what it cannot have now."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def release(self) -> int:
        """Every act whose entry is under a checkpoint, or in a spool, may be delivered."""
        store = self._doors.store
        held = await store.acts.held_for_log()
        urgent = await store.log.pressing_keys()
        keys = {act.id: entry_of(act) for act in held}
        if not keys and not urgent:
            return 0
        wanted = [*keys.values(), *urgent]
        head = await store.log.head()
        placed = await store.log.covered(wanted)
        proofs = await proofs_for(store, placed, head=head)
        lines = await store.log_spool.of([key for key in wanted if key not in proofs])
        found = {key: proof.data for key, proof in proofs.items()}
        found |= {key: line.line for key, line in lines.items()}
        released = await store.acts.release(
            {act: found[key] for act, key in keys.items() if key in found}
        )
        settled = [key for key in urgent if key in proofs]
        if settled:
            await store.log.relieve(settled)
        if released:
            self._doors.acts_due.set()
        return released

    async def spool(self, *, at: datetime) -> int:
        """What still waits is signed into the spool, if two people ordered it; how many."""
        doors = self._doors
        if doors.spool is None:
            return 0
        ordered = await doors.store.log_glass.open_at(at)
        if ordered is None:
            return 0
        held = await doors.store.acts.held_for_log()
        wanted = [*(entry_of(act) for act in held), *await doors.store.log.pressing_keys()]
        known = await doors.store.log_spool.of(wanted)
        waiting = await doors.store.log.waiting_for([key for key in wanted if key not in known])
        fresh: list[Spooling] = []
        for key, item in waiting.items():
            if item.entry is None:
                continue
            try:
                fresh.append(Spooling(key, leaf_of(item.entry, branch=key.branch)))
            except LogUnreadableError:
                continue
        if not fresh:
            return 0
        lines = await doors.spool.append(fresh, glass=ordered[1], at=at)
        await doors.store.log_spool.keep(lines)
        log.warning("spooled", count=len(lines))
        return len(lines)

    async def remember(self) -> None:
        """Every line of the spool's file is known to the store, also to one that was restored."""
        doors = self._doors
        if doors.spool is None:
            return
        known = await doors.store.log_spool.known(doors.spool.id)
        lines = [line for line in await doors.spool.lines() if line.number not in known]
        for line in lines:
            try:
                await doors.store.cases.get(line.case)
            except UnknownCase:
                # The store was set back to before this case: the file still has its line.
                continue
            await doors.store.log_spool.keep([line])


def entry_of(act: WaitingAct) -> LogKey:
    """The door's entry that the log must have before the act is delivered."""
    return LogKey(act.case, Stream.DOOR, MAIN, act.log_after)
