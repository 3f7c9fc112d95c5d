"""What a case costs the engine: its counts, and its throughput beside bare workflows."""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from statistics import median

from temporalio.client import WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner

from bench.bare import Bare, Shape, bare
from bench.canonical import Ours, ours
from bench.line import Line, spread
from tests.servers.postgres import PostgresCluster, find_postgres
from workers.engine import Engine

RUNS = 20
IN_FLIGHT = 20
KILOBYTE = 1024
EVENTS, TRANSITIONS, SIZE = 90, 32, 32 * KILOBYTE
LIKE_FOR_LIKE, NAIVE = 0.85, 1.5


async def counts(*, runs: int) -> list[Line]:
    """Events, state transitions and bytes of the canonical case: the greatest of all runs."""
    decided: list[tuple[int, int, int]] = []
    closed: list[tuple[int, int, int]] = []
    async with Engine.start(pinned_only=True) as engine, ours(engine) as place:
        for _ in range(runs):
            handle = await place.start()
            await place.decided(handle)
            await place.applied(handle)
            await _at_rest(handle)
            decided.append(await _measure(handle))
            await place.closed(handle)
            closed.append(await _measure(handle))
    return [
        *_count_lines(decided, "triage act, two approvals, action applied", runs=runs),
        *_count_lines(closed, "whole, with the closing act", runs=runs),
    ]


def _count_lines(found: list[tuple[int, int, int]], what: str, *, runs: int) -> list[Line]:
    events, transitions, size = (max(run[place] for run in found) for place in range(3))
    return [
        Line(
            f"canonical case ({what}): events / state transitions",
            f"<= {EVENTS} / <= {TRANSITIONS}",
            f"{events} / {transitions}",
            events <= EVENTS and transitions <= TRANSITIONS,
            f"greatest of {runs} runs, from describe; runs went from "
            f"{min(run[0] for run in found)} / {min(run[1] for run in found)}",
        ),
        Line(
            f"canonical case ({what}): history size",
            f"<= {SIZE // KILOBYTE} KB",
            f"{size / KILOBYTE:.1f} KB",
            size <= SIZE,
            "encrypted, as the server stores it",
        ),
    ]


async def _at_rest(handle: WorkflowHandle[object, object]) -> None:
    while True:
        raw = (await handle.describe()).raw_description
        if not raw.pending_activities and not raw.HasField("pending_workflow_task"):
            return
        await asyncio.sleep(0.01)


async def _measure(handle: WorkflowHandle[object, object]) -> tuple[int, int, int]:
    info = (await handle.describe()).raw_description.workflow_execution_info
    return info.history_length, info.state_transition_count, info.history_size_bytes


async def like_for_like(*, rounds: int, cases: int) -> list[Line]:
    """Cases a second beside a bare workflow with the same activities, timers and updates."""
    async with (
        Engine.start(pinned_only=True) as engine,
        ours(engine) as our,
        bare(engine.address, engine.namespace) as their,
        bare(engine.address, engine.namespace, runner=UnsandboxedWorkflowRunner()) as naked,
    ):
        shape = await _shape(our)
        await _many(lambda: their.together(shape), cases=5)
        mine: list[float] = []
        others: list[float] = []
        unguarded: list[float] = []
        for _ in range(rounds):
            mine.append(await _many(our.whole, cases=cases))
            others.append(await _many(lambda: their.together(shape), cases=cases))
            unguarded.append(await _many(lambda: naked.together(shape), cases=cases))
    ratio = median(mine) / median(others)
    return [
        Line(
            "throughput against a bare workflow with the same activities, timers and updates",
            f">= {LIKE_FOR_LIKE} x",
            f"{ratio:.2f} x",
            ratio >= LIKE_FOR_LIKE,
            f"{spread(mine)} against {spread(others)} cases/s, {rounds} interleaved rounds of "
            f"{cases} cases, {IN_FLIGHT} in flight, one process, server in memory; activities a "
            f"step {shape.activities}, no-op; both in the SDK's sandbox, against one without it: "
            f"{median(mine) / median(unguarded):.2f} x",
        )
    ]


async def naive(*, rounds: int, cases: int) -> list[Line]:
    """Cases a second beside the naive workflow, server on Postgres and one core."""
    name = "throughput against the naive bare workflow, server on Postgres, one core"
    if find_postgres() is None:
        note = "no Postgres programs on this machine"
        return [Line(name, f">= {NAIVE} x", "not measured", passed=False, note=note)]
    found: dict[str, list[float]] = {"ours": [], "updates": [], "signals": []}
    with PostgresCluster() as cluster:
        async with (
            Engine.start(postgres=cluster.for_engine(), pinned_only=True) as engine,
            ours(engine) as our,
            bare(engine.address, engine.namespace) as their,
        ):
            with _pinned(engine.pid):
                await _many(our.whole, cases=3)
                await _many(lambda: their.naive(signals=False), cases=3)
                for _ in range(rounds):
                    found["ours"].append(await _many(our.whole, cases=cases))
                    for way in ("updates", "signals"):
                        found[way].append(await _naive(their, cases=cases, way=way))
    best = max(median(found["updates"]), median(found["signals"]))
    ratio = median(found["ours"]) / best
    shown = ", ".join(f"{way} {spread(values)}" for way, values in found.items())
    return [
        Line(
            name,
            f">= {NAIVE} x",
            f"{ratio:.2f} x",
            ratio >= NAIVE,
            f"cases/s: {shown}; {rounds} interleaved rounds of {cases} cases, {IN_FLIGHT} in "
            "flight; ours does more (journal, signatures, encryption); Postgres without fsync",
        )
    ]


async def _naive(their: Bare, *, cases: int, way: str) -> float:
    return await _many(lambda: their.naive(signals=way == "signals"), cases=cases)


async def _shape(our: Ours) -> Shape:
    handle = await our.whole()
    return Shape.of(await handle.fetch_history())


async def _many(one: Callable[[], Awaitable[object]], *, cases: int) -> float:
    """Cases a second."""
    turn = asyncio.Semaphore(IN_FLIGHT)

    async def next_one() -> None:
        async with turn:
            await one()

    began = time.perf_counter()
    await asyncio.gather(*(next_one() for _ in range(cases)))
    return cases / (time.perf_counter() - began)


@contextlib.contextmanager
def _pinned(pid: int | None) -> Iterator[None]:
    """The server runs on the first core, we on the others; where there is only one, together."""
    allowed = os.sched_getaffinity(0)
    first = {min(allowed)}
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), first)
    try:
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(thread.name), allowed - first or allowed)
        yield
    finally:
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(thread.name), allowed)
