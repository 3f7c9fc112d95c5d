"""How long it takes to verify one export, strict replay included: what `bench/` reports."""

import time
from pathlib import Path

from audit.strict_replay import strict_replay
from audit.verify import read_export, verify
from cases.values import Value


class Timing(Value):
    """Milliseconds: the median of the repeats, and the best."""

    repeats: int
    events: int
    verify: float
    """Reading, every check, and strict replay: the budget's figure."""
    verify_best: float
    replay: float
    """Strict replay alone."""
    replay_best: float
    cpu: float
    """The least processor time of a verification: what remains when the machine is shared."""


async def time_export(
    folder: Path, *, pinned: frozenset[bytes] = frozenset(), repeats: int = 20
) -> Timing:
    """The figures for one export. The first run warms imports and the SDK's threads, uncounted."""
    export = read_export(folder)
    await verify(folder, pinned=pinned)
    whole: list[float] = []
    replays: list[float] = []
    cpu: list[float] = []
    for _ in range(repeats):
        begun, used = time.perf_counter(), time.process_time()
        await verify(folder, pinned=pinned)
        whole.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - used)
        begun = time.perf_counter()
        await strict_replay(export.history, export.entries)
        replays.append(time.perf_counter() - begun)
    return Timing(
        repeats=repeats,
        events=sum(len(run.events) for run in export.history.runs),
        verify=_milliseconds(_median(whole)),
        verify_best=_milliseconds(min(whole)),
        replay=_milliseconds(_median(replays)),
        replay_best=_milliseconds(min(replays)),
        cpu=_milliseconds(min(cpu)),
    )


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
