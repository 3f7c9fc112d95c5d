"""Kill -9 of each kind of process at each activity boundary, and who starts them again.

A worker stops at a boundary and asks (`boundaries.py`). If a kill is still owed there, the process
is killed before the answer: what dies, dies exactly there, whoever it is. Then it is started again,
and once it works a moment has to pass before its kind is killed again: a house whose processes$
never live would show nothing.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol

from tests.faults.boundaries import Boundary, Point
from tests.faults.process import ProcessError
from workers.errors import EngineStartError

_START_PATIENCE = 300.0
_START_AGAIN = 0.5
_LOOK = 0.2


class Kind(StrEnum):
    """What is killed."""

    WORKER = "worker"
    GATEWAY = "gateway"
    RECORDER = "recorder"
    WITNESS = "witness"
    TEMPORAL = "temporal"


class Killable(Protocol):
    """A running process."""

    async def kill(self) -> None:
        """It was killed by signal 9, and is gone."""
        ...


Start = Callable[[], Awaitable[Killable]]


class Cell(NamedTuple):
    """What is killed where: one cell of the matrix."""

    kind: Kind
    boundary: Boundary
    step: int


class Killed(NamedTuple):
    """One run: a process was killed at a boundary of a case's activity."""

    cell: Cell
    case: str
    activity: str


@dataclass(kw_only=True)
class Killing:
    """The processes, the kills that are owed, and those that happened."""

    starts: dict[Kind, Start]
    each: int
    """So often each kind is killed."""
    a_case: int
    """So many kills hit one case at most: it has to come to its end among them."""
    rest: int
    """So many activities are completed between a kind's start and its next kill.

    By what was done and not by the clock: on a slow machine nothing would ever come to its end.
    """
    diary: Path
    """The file that says when who was killed where, and when they worked again."""
    armed: bool = False
    killed: list[Killed] = field(default_factory=list)
    activities: dict[int, str] = field(default_factory=dict)
    """The step of a case → the activity it is, as they were seen while nothing was killed."""
    down: float = 0.0
    """Seconds that kinds were down, together."""
    ended_at_start: int = 0
    """How often a process that was started again found nothing to work with."""
    _living: dict[Kind, Killable] = field(default_factory=dict)
    _completed: int = 0
    _free_at: dict[Kind, int] = field(default_factory=dict)
    _starting: set[asyncio.Task[None]] = field(default_factory=set)
    _answering: set[asyncio.Task[None]] = field(default_factory=set)
    _failed: list[BaseException] = field(default_factory=list)

    @asynccontextmanager
    async def serving(self, socket: Path) -> AsyncIterator[None]:
        """Everything runs, and questions are answered, while the block runs."""
        server = await asyncio.start_unix_server(self._answer, str(socket))
        try:
            for kind in self.starts:
                await self._start(kind)
            yield
        finally:
            self.armed = False
            await asyncio.gather(*self._starting, return_exceptions=True)
            for living in self._living.values():
                await living.kill()
            server.close()
            for task in self._answering:
                task.cancel()
            await asyncio.gather(*self._answering, return_exceptions=True)

    @property
    def over(self) -> bool:
        """Whether every kind was killed as often as it is owed."""
        return min(self.kills.values()) >= self.each

    async def until_over(self) -> None:
        """Every kill has happened; whatever could not be started again is an error here."""
        while not self.over:
            if self._failed:
                raise self._failed[0]
            await asyncio.sleep(_LOOK)

    @property
    def kills(self) -> Counter[Kind]:
        """How often each kind was killed."""
        counted = Counter(dict.fromkeys(Kind, 0))
        counted.update(run.cell.kind for run in self.killed)
        return counted

    @property
    def cells(self) -> Counter[Cell]:
        """How often each cell of the matrix was killed in; those that never were have a 0."""
        every = [
            Cell(kind, boundary, step)
            for kind in Kind
            for boundary in Boundary
            for step in self.activities
        ]
        counted = Counter(dict.fromkeys(every, 0))
        counted.update(run.cell for run in self.killed)
        return counted

    async def all_up(self) -> None:
        """Nothing is killed any more, and everything works."""
        self.armed = False
        while self._starting:
            await asyncio.gather(*self._starting)
        if self._failed:
            raise self._failed[0]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._answering.add(task)
        try:
            point = Point.read(await reader.readline())
            await self._reached(point)
            # The one who asked may be who was killed.
            with suppress(ConnectionError):
                writer.write(b"go on\n")
                await writer.drain()
        finally:
            self._answering.discard(task)
            writer.close()

    async def _reached(self, point: Point) -> None:
        self._completed += point.boundary is Boundary.COMPLETED
        if not self.armed:
            self.activities.setdefault(point.step, point.activity)
            return
        kind = self._owed_at(point)
        if kind is None:
            return
        cell = Cell(kind, point.boundary, point.step)
        self.killed.append(Killed(cell, point.case, point.activity))
        began = time.monotonic()
        self._note(f"{kind} killed {point.boundary} {point.step} {point.activity} {point.case}")
        await self._living.pop(kind).kill()
        task = asyncio.create_task(self._again(kind, began))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    def _owed_at(self, point: Point) -> Kind | None:
        """The kind that was killed least often, of those that may be killed here and now."""
        of_case = sum(run.case == point.case for run in self.killed)
        if point.step not in self.activities or of_case >= self.a_case:
            return None
        kills, cells = self.kills, self.cells
        untried = Counter(cell.kind for cell, count in cells.items() if not count)

        def fits(kind: Kind) -> bool:
            # What is left must do for every cell that was not tried yet.
            spare = self.each - kills[kind] > untried[kind]
            new = not cells[Cell(kind, point.boundary, point.step)]
            ready = kind in self._living and self._free_at[kind] <= self._completed
            return ready and kills[kind] < self.each and (new or spare)

        return min(filter(fits, Kind), key=lambda kind: kills[kind], default=None)

    async def _again(self, kind: Kind, began: float) -> None:
        try:
            await self._start(kind)
        except BaseException as error:
            # Whoever waits for the end must hear of it: nothing goes on without this process.
            self._failed.append(error)
            raise
        took = time.monotonic() - began
        self.down += took
        self._note(f"{kind} works again after {took:.1f} s")

    def _note(self, said: str) -> None:
        with self.diary.open("a", encoding="utf-8") as file:
            file.write(f"{time.monotonic():.1f} {len(self.killed)} {said}\n")

    async def _start(self, kind: Kind) -> None:
        """It works; whoever ends at its start, for want of another, is started again."""
        async with asyncio.timeout(_START_PATIENCE):
            while kind not in self._living:
                try:
                    self._living[kind] = await self.starts[kind]()
                except (ProcessError, EngineStartError):
                    self.ended_at_start += 1
                    await asyncio.sleep(_START_AGAIN)
        self._free_at[kind] = self._completed + self.rest
