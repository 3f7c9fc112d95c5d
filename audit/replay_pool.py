"""Strict replay of many histories: in this process one after the other, or in several at once."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing import get_context

from temporalio.api.history.v1 import HistoryEvent

from audit.findings import Replayed
from audit.histories import CaseHistory, Run
from audit.strict_replay import strict_replay
from cases.journal import Entry

Replay = Callable[[CaseHistory, Sequence[Entry] | None], Awaitable[Replayed]]

WORTH_A_PROCESS = 24
"""So many histories: a process needs seconds until it can replay the first."""


@asynccontextmanager
async def replaying(
    number: int, *, jobs: int, worth_a_process: int = WORTH_A_PROCESS
) -> AsyncIterator[Replay]:
    """What replays so many histories; BrokenProcessPool where a process has ended by itself."""
    processes = min(jobs, math.ceil(number / worth_a_process))
    if processes <= 1:
        one = asyncio.Lock()

        async def here(history: CaseHistory, entries: Sequence[Entry] | None) -> Replayed:
            # A replay keeps this thread: another one would only make both seem slow.
            async with one:
                return await strict_replay(history, entries)

        yield here
        return
    loop = asyncio.get_running_loop()
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))

    async def there(history: CaseHistory, entries: Sequence[Entry] | None) -> Replayed:
        return await loop.run_in_executor(pool, _in_a_process, _packed(history), entries)

    try:
        yield there
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_Packed = tuple[str, str, tuple[tuple[str, tuple[bytes, ...]], ...]]


def _packed(history: CaseHistory) -> _Packed:
    return (
        history.case,
        history.namespace,
        tuple(
            (run.run, tuple(event.SerializeToString() for event in run.events))
            for run in history.runs
        ),
    )


def _in_a_process(packed: _Packed, entries: Sequence[Entry] | None) -> Replayed:
    case, namespace, runs = packed
    history = CaseHistory(
        case=case,
        namespace=namespace,
        runs=tuple(
            Run(run=run, events=tuple(HistoryEvent.FromString(event) for event in events))
            for run, events in runs
        ),
    )
    replayed = asyncio.run(strict_replay(history, entries))
    return replayed.model_copy(update={"derived": ()})
