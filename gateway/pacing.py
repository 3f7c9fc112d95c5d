"""How whatever runs beside the doors waits: at once when kicked, slowly otherwise."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from gateway.doors import Doors
from integrations.errors import VendorError
from store import StoreUnavailable

log = structlog.get_logger(__name__)

_FIRST = timedelta(milliseconds=250)
_LONGEST = timedelta(seconds=15)
_DOUBLINGS = 8
_BEAT = timedelta(seconds=10)


def pause_after(attempts: int) -> timedelta:
    """The time until the next try, after that many have failed."""
    doubled: int = 2 ** min(attempts, _DOUBLINGS)
    return min(_FIRST * doubled, _LONGEST)


async def keep_going(
    name: str,
    doors: Doors,
    *,
    due: asyncio.Event,
    every: timedelta | Callable[[], timedelta],
    work: Callable[[], Awaitable[int]],
    part: str = "",
    again: bool = True,
    on_silence: Callable[[VendorError], Awaitable[None]] | None = None,
) -> None:
    """`work` runs whenever `due` is set and at least every `every`, until this is cancelled.

    Where the pace depends on what went before, `every` is asked for it after each look.
    `work` answers how much it did; while there was something it is asked `again` at once. `part`
    tells loops of one name apart. `on_silence` says so where a system outside does not answer.
    """
    beaten: datetime | None = None
    own = f"{doors.id}/{part}" if part else doors.id
    while True:
        due.clear()
        done = 0
        try:
            try:
                done = await work()
                at = await doors.clock.now()
                if beaten is None or not beaten <= at < beaten + _BEAT:
                    await doors.store.health.heartbeat(kind=name, id=own, at=at, detail=str(done))
                    beaten = at
            except VendorError as error:
                if on_silence is None:
                    raise
                # Said inside the outer guard: where the store is down too, the loop goes on.
                log.warning("a system does not answer", dispatcher=name, error=type(error).__name__)
                await on_silence(error)
        except StoreUnavailable as error:
            log.warning("dispatcher waits for the store", dispatcher=name, error=error.what)
        except Exception as error:  # noqa: BLE001 - the edge of a task: one bad row must not end all dispatching
            log.error("dispatcher failed", dispatcher=name, error=type(error).__name__)  # noqa: TRY400 - a trace may hold case text
        if done and again:
            continue
        try:
            pause = every if isinstance(every, timedelta) else every()
            async with asyncio.timeout(pause.total_seconds()):
                await due.wait()
        except TimeoutError:
            continue
