"""Plays cases: everybody's next act at its minute, until the case has ended or does not go on."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from cases.handlers.ending import ATTACHED, CANCELLED, MOVED
from cases.journal import Kind
from cases.state import CasePicture
from runbooks import Runbook
from workers.simulation.cast import Cast
from workers.simulation.chance import Chance
from workers.simulation.close_calls import is_close, is_planned_close
from workers.simulation.faults import Trouble
from workers.simulation.generator import Generator
from workers.simulation.habits import Habits, by_itself
from workers.simulation.model import Model
from workers.simulation.outside import Placed
from workers.simulation.pace import ON_THE_DOT, TOO_LATE, Pace
from workers.simulation.people import Staff
from workers.simulation.synthetic import REOPENED, Synthetic
from workers.simulation.theatre import MINUTE, StuckError, Theatre
from workers.simulation.wants import Want

MOST_ACTS = 1_000
"""An update an hour, for weeks, is among them."""
IDLE = 6
ATTEMPTS = 7
"""The first among many, the others among eight, four, two, two, and alone."""
MOST_HOPS = 3
"""Two runbooks that move cases to one another would be played for ever."""
PHASES = (9, 26, 13, 40, 27, 39, 11, 28, 10, 42, 24, 41, 25, 12)
"""The seconds of a minute at which people act, turn by turn.

A minute ends at its 53rd second (`outside.EARLY`). An act that comes as late as is still punctual,
and what it ends soon after, are of the same minute on every machine; so is what comes whole, half
or quarter minutes after it, by a clock or a policy."""
MOST_HESITATIONS = 3
"""In a row: a policy that steps on every few seconds keeps nobody from acting for long."""
QUIET = 3
"""Minutes that are let pass when nobody can do anything and no clock runs."""

Progress = Callable[[int, int], None]


def unseen(done: int, of: int) -> None:
    """Nobody looks at how far it is."""


@dataclass
class Played:
    """A case that has been played, and its whole record."""

    placed: Placed
    minutes: int
    """How long it lived."""
    stuck: str = ""
    """Why it did not end."""
    late: timedelta = timedelta(0)
    """By how much the latest thing in it missed its instant."""
    phase: timedelta = timedelta(0)
    """The seconds of the minute in which people act now."""
    close: bool = False
    """Whether only the machine's speed decided if a person or the case itself was first."""

    @property
    def case(self) -> Synthetic:
        """What was drawn."""
        return self.placed.case

    @property
    def planned(self) -> datetime:
        """When people act now."""
        return self.placed.begun + self.minutes * MINUTE + self.phase

    @property
    def punctual(self) -> bool:
        """Whether everything in it came in the order it was planned."""
        return self.late <= TOO_LATE

    @property
    def clear(self) -> bool:
        """Whether it would be the same on another machine."""
        return self.punctual and not self.close

    @property
    def decided(self) -> bool:
        """Whether the plan decided what came, not the machine, even where it left only seconds."""
        return self.late <= ON_THE_DOT if self.close else self.punctual


@dataclass
class Performance:
    """All cases of a simulation, and what the machine had to do with it."""

    played: list[Played]
    seconds: float
    restarts: int
    again: int
    """How many cases were played once more: the machine had been too slow for them, or might have
    decided who was first."""
    places: int
    worst: timedelta

    @property
    def undecided(self) -> list[str]:
        """Cases that the machine was too slow for to the last: another may play them otherwise."""
        return [each.case.key for each in self.played if not each.decided]

    @property
    def per_second(self) -> float:
        """Cases a second of wall time."""
        return len(self.played) / self.seconds if self.seconds else 0.0


@dataclass
class Director:
    """Has cases played in a theatre, by people of one staff."""

    theatre: Theatre
    model: Model
    runbooks: Mapping[str, Runbook]
    staff: Staff
    trouble: Trouble
    seed: int
    generator: Generator
    """Draws what a case becomes when it moves."""
    pace: Pace = field(default_factory=Pace)

    async def perform(
        self, cases: Sequence[Synthetic], *, progress: Progress = unseen
    ) -> Performance:
        """Every case has been played, and every case that one of them moved to."""
        began = time.perf_counter()
        crashes = self.trouble.crashes_after(len(cases))
        found: list[Played] = []
        again = 0
        waiting = list(cases)
        while waiting:
            played = await self._together(
                waiting, crashes=crashes, progress=partial(_further, progress, len(found))
            )
            clear = [each for each in played if each.clear]
            blurred = [each for each in played if not each.clear]
            again += await self._among_few(blurred)
            found += [*clear, *blurred]
            waiting = [case for each in blurred for case in self._following(each)]
            crashes = []
        found.sort(key=lambda each: (each.case.index, each.case.hop))
        return Performance(
            played=found,
            seconds=time.perf_counter() - began,
            restarts=self.theatre.restarts,
            again=again,
            places=self.pace.places,
            worst=self.pace.worst,
        )

    async def _together(
        self, cases: Sequence[Synthetic], *, crashes: Sequence[int], progress: Progress
    ) -> list[Played]:
        """These cases have been played, and what the clear ones among them go on as."""
        played: list[Played] = []
        expected = len(cases)

        async def one(case: Synthetic) -> None:
            nonlocal expected
            async with self.pace:
                each = await self.play(case)
            played.append(each)
            following = list(self._following(each)) if each.clear else []
            expected += len(following)
            progress(len(played), expected)
            for more in following:
                group.create_task(one(more))
            if len(played) in crashes:
                await self.theatre.crash()

        async with asyncio.TaskGroup() as group:
            for case in cases:
                group.create_task(one(case))
        return played

    async def _among_few(self, blurred: list[Played]) -> int:
        """Each of these is as it was when it was played once more, or oftener; so often in all.

        The later it is tried, the fewer are under way with it, and the faster the machine is.
        """
        plays, late = 0, list(range(len(blurred)))
        for attempt in range(1, ATTEMPTS):
            alone = asyncio.Semaphore(max(1, 8 // attempt))
            repeated = await asyncio.gather(
                *(self._once_more(blurred[index].case, attempt, alone) for index in late)
            )
            for index, each in zip(late, repeated, strict=True):
                blurred[index] = each
            plays += len(late)
            late = [index for index in late if not blurred[index].decided]
        return plays

    def _following(self, played: Played) -> Iterator[Synthetic]:
        """The case that it goes on as, where that runbook is played too, or comes back as."""
        placed, case = played.placed, played.case
        if played.stuck or case.hop >= MOST_HOPS:
            return
        picture = self.theatre.picture(placed)
        ended = max(placed.minute(entry.at) for entry in placed.entries)
        severity = picture.severity.current
        answers = {name: given.value for name, given in picture.answers.items()}
        if placed.moved_to in self.runbooks:
            yield self.generator.moved(
                case, to=placed.moved_to, after=ended, severity=severity, answers=answers
            )
        elif REOPENED in case.traits and _settled_here(picture):
            after = ended + self.generator.comes_back_after(case)
            yield self.generator.reopened(case, after=after, severity=severity, answers=answers)

    async def _once_more(self, case: Synthetic, attempt: int, alone: asyncio.Semaphore) -> Played:
        async with alone:
            return await self.play(case, attempt=attempt)

    def cast(self, placed: Placed) -> Cast:
        """The people of that case."""
        case = placed.case
        habits = Habits(
            model=self.model,
            staff=self.staff,
            trouble=self.trouble,
            placed=placed,
            chance=Chance("people", self.seed, case.key),
        )
        return Cast(
            habits=habits,
            pathway=self.theatre.pathways[case.runbook],
            document=self.runbooks[case.runbook].document,
        )

    async def play(self, case: Synthetic, *, attempt: int = 0) -> Played:
        """The case from its report to its end."""
        placed = await self.theatre.open(case, attempt=attempt)
        played = Played(placed=placed, minutes=0)
        try:
            await self._to_the_end(placed, played)
        except (StuckError, TimeoutError) as stuck:
            played.stuck = str(stuck) or "something of it stays under way"
            await self.theatre.give_up(placed)
        played.late = max(played.late, _late_steps(placed))
        return played

    async def _to_the_end(self, placed: Placed, played: Played) -> None:
        cast = self.cast(placed)
        idle = hesitated = 0
        for turn in range(MOST_ACTS):
            if not await self.theatre.rests(placed):
                return
            picture = self.theatre.picture(placed)
            if picture.closed or picture.closing_act is not None:
                await self.theatre.ended(placed)
                return
            at = await self.theatre.now(placed)
            now = played.minutes
            want = cast.next(picture, at=at, now=now)
            if want is None:
                idle += 1
                if idle > IDLE:
                    raise StuckError(f"nobody can do anything in {picture.stage}")
            else:
                idle = 0
            minute = want.minute if want is not None else _quiet(placed, picture, at=at, now=now)
            moved = minute > now
            if moved and not await self._reach(placed, played, minute=minute, turn=turn):
                return
            if want is None or (moved and _something_between(placed, picture, at=at, until=minute)):
                continue
            if hesitated < MOST_HESITATIONS and self._hesitates(placed, played):
                hesitated += 1
                if not await self._reach(placed, played, minute=minute + 1, turn=turn):
                    return
                continue
            hesitated = 0
            await self._act(cast, placed, played, want, picture=picture)
        raise StuckError(f"not ended after {MOST_ACTS} acts")

    async def _reach(self, placed: Placed, played: Played, *, minute: int, turn: int) -> bool:
        """It is that minute, at the seconds of that turn; False when the case ended on the way."""
        if not await self.theatre.reach(placed, minute * MINUTE + phase_of(turn)):
            return False
        played.minutes, played.phase = minute, phase_of(turn)
        return True

    def _hesitates(self, placed: Placed, played: Played) -> bool:
        """Whether whoever is to act now lets a step of the case's own pass first.

        Then it is played once more: on a slow machine something else may have looked near.
        """
        picture = self.theatre.picture(placed)
        near = is_planned_close(placed.entries, picture, played.planned)
        played.close = played.close or near
        return near

    async def _act(
        self, cast: Cast, placed: Placed, played: Played, want: Want, *, picture: CasePicture
    ) -> None:
        receipt = await self.theatre.act(placed, want)
        at = receipt.applied_at if receipt is not None else await self.theatre.now(placed)
        played.late = max(played.late, at - played.planned)
        played.close = played.close or is_close(placed.entries, picture, at)
        self.pace.lagged(at - played.planned)
        cast.noted(want, receipt, now=played.minutes)


def phase_of(turn: int) -> timedelta:
    """The seconds of its minute at which a turn acts: no two of a round of `PHASES` have the same.

    Whatever an act sets going, a clock or a policy that steps on by itself, comes at the seconds of
    that act, or a half or a quarter minute from them. The next acts have other seconds by any of
    these, so no order is left to how fast the machine is.
    """
    return timedelta(seconds=PHASES[turn % len(PHASES)])


def _settled_here(picture: CasePicture) -> bool:
    """Whether the matter was settled in this very case: only then it can come back."""
    closing = picture.closing
    return closing is not None and closing.disposition not in (MOVED, ATTACHED, CANCELLED)


def _further(progress: Progress, before: int, done: int, of: int) -> None:
    progress(before + done, before + of)


def _something_between(placed: Placed, picture: CasePicture, *, at: datetime, until: int) -> bool:
    """Whether a clock did something on the way there: the case may not be as it was."""
    steps = by_itself(picture, at)
    if picture.hold is not None and not picture.hold.reviewed:
        steps.append(picture.hold.review_at)
    return any(placed.minute(instant) <= until for instant in steps)


def _quiet(placed: Placed, picture: CasePicture, *, at: datetime, now: int) -> int:
    """The minute after the next thing the case does by itself."""
    coming = picture.next_instant(at)
    return now + QUIET if coming is None else max(now, placed.minute(coming[0])) + 1


def _late_steps(placed: Placed) -> timedelta:
    """By how much the latest clock step missed its instant.

    What was due before the clock ran, or was moved, is not meant: such a step was never early
    enough, on the fastest machine.
    """
    missed = timedelta(0)
    moved: dict[str, datetime] = {}
    for entry in placed.entries:
        clock, due = str(entry.body.get("clock", "")), entry.body.get("due")
        if entry.kind is Kind.REPLANNED:
            moved = dict.fromkeys(moved, entry.at)
        elif entry.kind not in (Kind.CLOCK_REACHED, Kind.CLOCK_BREACHED):
            moved[clock] = entry.at
        elif isinstance(due, str):
            instant = datetime.fromisoformat(due)
            if instant > moved.get(clock, placed.begun):
                missed = max(missed, entry.at - instant)
    return missed
