"""What takes no effect before the log has it: let go once it has, or once two people order so.

Decisions wait in the acts' own table, effects in the worker that was asked for them. Whichever
gateway finds that the log has their entries lets them all go, its own and others'.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import structlog

from audit.log.errors import LogUnreadableError
from audit.log.leaf import leaf_of
from audit.log.reader import proofs_for
from audit.log.spool import Spooling
from cases.journal import Stream
from gateway.doors import Doors
from store import MAIN, LogKey, Store, UnknownCase, WaitingAct

log = structlog.get_logger(__name__)

PATIENCE = timedelta(seconds=3)
"""So long the log is given, also while two people have ordered to go on without it."""


class LogWaiting:
    """Lets go what the log has, and spools what it cannot have now."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def release(self) -> int:
        """What the log or a spool has by now goes on; how many acts that are."""
        released = await release(self._doors.store)
        if released:
            self._doors.acts_due.set()
        return released

    async def spool(self) -> int:
        """What still waits is signed into the spool, if two people ordered it; how many.

        A line says when it was signed, not when this round of looking began: an order that was
        confirmed meanwhile would not cover an instant before it, and the line would prove nothing.
        """
        doors = self._doors
        if doors.spool is None:
            return 0
        at = await doors.clock.now()
        ordered = await doors.store.log_glass.open_at(at)
        if ordered is None:
            return 0
        held = await doors.store.acts.held_for_log()
        wanted = [*(entry_of(act) for act in held), *await doors.store.log.pressing_keys()]
        known = await doors.store.log_spool.of(wanted)
        fresh = await _leaves(doors.store, [key for key in wanted if key not in known])
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


async def _leaves(store: Store, keys: Sequence[LogKey]) -> list[Spooling]:
    """The leaves of these entries, as far as no checkpoint covers them."""
    head = await store.log.head()
    placed = await store.log.placed(keys)
    found = [Spooling(key, each.leaf) for key, each in placed.items() if each.number >= head.size]
    for key, item in (await store.log.waiting_for(keys)).items():
        if item.entry is None or key in placed:
            continue
        with suppress(LogUnreadableError):
            # An entry without a leaf is alarmed by the recorder.
            found.append(Spooling(key, leaf_of(item.entry, branch=key.branch)))
    return sorted(found)


async def release(store: Store) -> int:
    """Every act and effect whose entry is under a checkpoint, or in a spool, has its proof."""
    held = await store.acts.held_for_log()
    urgent = await store.log.pressing_keys()
    keys = {act.id: entry_of(act) for act in held}
    wanted = [*keys.values(), *urgent]
    if not wanted:
        return 0
    head, covered = await store.log.under(wanted)
    proofs = await proofs_for(store, covered, head=head)
    lines = await store.log_spool.of([key for key in wanted if key not in proofs])
    found = {key: proof.data for key, proof in proofs.items()}
    found |= {key: line.line for key, line in lines.items()}
    await store.log.relieve({key: found[key] for key in urgent if key in found})
    return await store.acts.release({act: found[key] for act, key in keys.items() if key in found})


def entry_of(act: WaitingAct) -> LogKey:
    """The door's entry that the log must have before the act is delivered."""
    return LogKey(act.case, Stream.DOOR, MAIN, act.log_after)
