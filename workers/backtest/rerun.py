"""Plays recorded cases again on the real engine, under another text of their runbook."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cases.acts import Complete, Migrate
from cases.envelope import Act
from cases.ids import case_id
from cases.report import Source
from cases.state import CasePicture
from runbooks import Runbook
from workers.backtest.assumed import Assumed, Ledger, Rule
from workers.backtest.by_itself import NEAR, coming, in_order
from workers.backtest.fitting import Place, refusal, standing
from workers.backtest.outcome import Outcome, outcome_of
from workers.backtest.people import RecordedStaff
from workers.backtest.recorded import Done, Recorded, said_of
from workers.backtest.retelling import (
    RecordedCast,
    assume_lengths,
    fixed,
    request_for,
    stand_in,
)
from workers.backtest.script import Script, Step, outcome_for
from workers.backtest.signing_anew import signed_anew
from workers.backtest.told import MINUTE
from workers.backtest.translating import translated
from workers.backtest.world import RecordedWorld
from workers.simulation.chance import Chance
from workers.simulation.faults import Trouble
from workers.simulation.habits import Habits
from workers.simulation.model import Model
from workers.simulation.outside import Placed
from workers.simulation.pace import TOO_LATE
from workers.simulation.play import IDLE, MOST_ACTS, QUIET, Progress, unseen
from workers.simulation.theatre import StuckError, Theatre

AT_ONCE = 8
ATTEMPTS = 3


@dataclass(frozen=True)
class Rerun:
    """A recorded case as it goes under another text."""

    recorded: Recorded
    outcome: Outcome
    assumed: tuple[Assumed, ...]
    dropped: tuple[str, ...]
    late: timedelta = timedelta(0)


@dataclass
class _Playing:
    """A case under way."""

    placed: Placed
    script: Script
    cast: RecordedCast
    late: timedelta = timedelta(0)
    idle: int = 0


@dataclass
class Rerunner:
    """Plays recorded cases in a theatre."""

    theatre: Theatre
    world: RecordedWorld
    runbooks: Mapping[str, Runbook]
    model: Model
    staff: RecordedStaff
    trouble: Trouble
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def play_all(
        self, cases: Sequence[Recorded], *, progress: Progress = unseen
    ) -> list[Rerun]:
        """Every case, in the order given; one that the machine was too slow for once more."""
        done = 0

        async def one(index: int, recorded: Recorded) -> Rerun:
            nonlocal done
            async with self._places:
                found = await self._play(recorded, index=index, attempt=0)
                for attempt in range(1, ATTEMPTS):
                    if found.late <= TOO_LATE:
                        break
                    found = await self._play(recorded, index=index, attempt=attempt)
            done += 1
            progress(done, len(cases))
            return found

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(index, each)) for index, each in enumerate(cases)]
        return [task.result() for task in tasks]

    async def _play(self, recorded: Recorded, *, index: int, attempt: int) -> Rerun:
        ledger = Ledger()
        playing = await self._open(recorded, ledger, index=index, attempt=attempt)
        stuck = ""
        try:
            await self._to_the_end(playing)
        except (StuckError, TimeoutError) as said:
            stuck = str(said) or "something of it stays under way"
            await self.theatre.give_up(playing.placed)
        placed, script = playing.placed, playing.script
        for done in (*script.coming, *script.waiting):
            if done.accepted:
                ledger.drop(done.said, "the case never came there")
        if recorded.beyond:
            ledger.drop("the rest of its record", recorded.beyond)
        assume_lengths(self.theatre.pathways[recorded.runbook], recorded, placed.entries, ledger)
        outcome = outcome_of(
            placed.entries,
            pathway=script.pathway,
            minute=lambda entry: int((entry.at - placed.begun) // MINUTE),
            stuck=stuck,
        )
        return Rerun(recorded, outcome, tuple(ledger.assumed), tuple(ledger.dropped), playing.late)

    async def _open(
        self, recorded: Recorded, ledger: Ledger, *, index: int, attempt: int
    ) -> _Playing:
        runbook = self.runbooks[recorded.runbook]
        pathway = self.theatre.pathways[recorded.runbook]
        if runbook.digest == recorded.request.pathway.digest:
            # The very text it ran on: as it was compiled for it, and walked by the same code.
            pathway = recorded.request.pathway
        pathway = fixed(pathway, recorded)
        external = f"{self.theatre.name}/{index}/{recorded.number}/{attempt}"
        name = case_id(source=Source.STANDARD.value, instance="backtest", external_id=external)
        begun = await self.theatre.clock.now()
        case = stand_in(recorded, runbook, pathway, index=index)
        placed = Placed(case=case, id=name, begun=begun)
        self.world.know(name, recorded, ledger, begun=begun)
        root = self.theatre.keys.root.public_key().public_bytes_raw()
        request = request_for(recorded, runbook, pathway, case=name, begun=begun, root=root)
        await self.theatre.begin(placed, request)
        habits = Habits(
            model=self.model,
            staff=self.staff,
            trouble=self.trouble,
            placed=placed,
            chance=Chance("backtest", recorded.request.case),
        )
        cast = RecordedCast(habits=habits, pathway=pathway, document=runbook.document)
        script = Script(recorded=recorded, pathway=pathway, ledger=ledger)
        return _Playing(placed=placed, script=script, cast=cast)

    async def _to_the_end(self, playing: _Playing) -> None:
        placed, script = playing.placed, playing.script
        recorded = script.recorded
        for turn in range(MOST_ACTS + 2 * len(recorded.acts)):
            if not await self.theatre.rests(placed):
                return
            if not turn:
                # As with the record, its time is counted from its own first entry.
                placed.begun = placed.entries[0].at
            picture = self.theatre.picture(placed)
            if self.world.waiting(placed.id):
                # While an answer waits, a case may not have written down what it knows already.
                picture = await self.theatre.look(placed)
            if picture.closed or picture.closing_act is not None:
                await self.theatre.ended(placed)
                return
            at = await self.theatre.now(placed)
            now = at - placed.begun
            step = script.next(picture, playing.cast, at=at, now=now)
            step = _in_place(step, picture, playing, at=at)
            if (
                not recorded.closed
                and now >= recorded.until
                and not _known_by(recorded.until, step)
            ):
                await self.theatre.give_up(placed)
                return
            due = step.at if step is not None else self._quiet(playing, picture, at=at)
            if not recorded.closed:
                due = min(due, recorded.until)
            if due > now:
                if due - now > NEAR:
                    await self.world.answered(placed.id)
                if not await self.theatre.reach(placed, due):
                    return
                continue
            if step is None or (step.want is not None and await self._ending(placed)):
                continue
            await self._take(playing, step, picture, at=at, now=now)
        raise StuckError("not ended after all that was done")

    async def _ending(self, placed: Placed) -> bool:
        """The case is about to end, and has not written that down yet: nobody has to act."""
        seen = await self.theatre.look(placed)
        if not seen.closed and seen.closing_act is None and seen.moving_to is None:
            return False
        await self.theatre.ended(placed)
        return True

    def _quiet(self, playing: _Playing, picture: CasePicture, *, at: datetime) -> timedelta:
        """Nobody has anything to do: the minute after the next thing that happens by itself."""
        playing.idle += 1
        if playing.idle > IDLE * 3:
            raise StuckError(f"nobody can do anything in {picture.stage}")
        coming = picture.next_instant(at)
        if coming is None:
            return at - playing.placed.begun + QUIET * MINUTE
        return max(coming[0], at) - playing.placed.begun + MINUTE

    async def _take(
        self, playing: _Playing, step: Step, picture: CasePicture, *, at: datetime, now: timedelta
    ) -> None:
        """The step is taken: a recorded act, a message, or what is assumed."""
        playing.idle = 0
        placed, script = playing.placed, playing.script
        playing.late = max(playing.late, now - step.at)
        if step.want is not None:
            receipt = await self.theatre.act(placed, step.want)
            playing.cast.noted(step.want, receipt, now=int(now // MINUTE))
            kind = step.want.key.partition("|")[0]
            rule = Rule.ENDING if kind in ("close", "cancel") else Rule.NEW_ACT
            said = said_of(step.want.body(at), step.want.person.id)
            script.ledger.assume(rule, said)
        elif step.message is not None:
            script.sent(step.message)
            body = step.message.moved(placed.begun - script.recorded.opened)
            await self.theatre.send(placed, step.message.signal, body)
        elif step.done is not None:
            await self._do(playing, step.done, picture, at=at, waited=step.waited)

    async def _do(
        self, playing: _Playing, done: Done, picture: CasePicture, *, at: datetime, waited: bool
    ) -> None:
        try:
            await self._done(playing, done, picture, at=at, waited=waited)
        finally:
            self.world.came(playing.placed.id, done.act.act)

    async def _done(
        self, playing: _Playing, done: Done, picture: CasePicture, *, at: datetime, waited: bool
    ) -> None:
        placed, script = playing.placed, playing.script
        if isinstance(done.act.body, Migrate):
            # The edited text is the one version that every case is played under.
            script.taken(done)
            script.ledger.drop(done.said, "a backtest moves no case to another version")
            return
        signed = at if waited else min(placed.begun + done.signed, at)
        act = translated(done, picture, script.recorded, begun=placed.begun, at=signed)
        keys = self.theatre.keys
        if not done.accepted:
            # Somebody really tried: whether it is refused now is the runbook's word.
            script.taken(done)
            await self.theatre.hand_in(placed, signed_anew(act, keys=keys, at=signed))
            return
        found = standing(done, picture, script.pathway, script.recorded)
        if found.place is Place.NOWHERE:
            script.taken(done)
            script.ledger.drop(done.said, "there is no such stage")
            return
        if found.place is Place.AHEAD:
            script.wait(done)
            return
        act = self._renamed(playing, act, done)
        act = signed_anew(act, keys=keys, at=signed)
        why = refusal(act, picture, script.pathway, at=at)
        script.taken(done)
        if why:
            script.ledger.drop(done.said, why)
            return
        receipt = await self.theatre.hand_in(placed, act)
        if not receipt.accepted:
            # The case went on between the look and the act.
            script.ledger.drop(done.said, f"{receipt.reason.value} {receipt.detail}".strip())
        elif waited and at - placed.begun - done.at > NEAR:
            script.ledger.assume(Rule.LATER, done.said)

    def _renamed(self, playing: _Playing, act: Act, done: Done) -> Act:
        body, script = act.body, playing.script
        if not isinstance(body, Complete):
            return act
        stage = script.pathway.stage(body.stage)
        outcome = outcome_for(script.recorded, script.pathway, stage, body.outcome)
        if outcome == body.outcome:
            return act
        script.ledger.assume(Rule.RENAMED, f"{done.said} is taken as {outcome}")
        return act.model_copy(update={"body": body.model_copy(update={"outcome": outcome})})


def _in_place(
    step: Step | None, picture: CasePicture, playing: _Playing, *, at: datetime
) -> Step | None:
    """The step, at an instant at which it comes where the record has it."""
    what = None if step is None else step.done or step.message
    if step is None or what is None or step.waited:
        return step
    ahead = [(instant - playing.placed.begun, name) for instant, name in coming(picture, at=at)]
    recorded = playing.script.recorded.by_itself
    return replace(step, at=in_order(step.at, what.place, recorded=recorded, ahead=ahead))


def _known_by(until: timedelta, step: Step | None) -> bool:
    """Whether the record itself says that the step came by then."""
    return step is not None and step.want is None and step.at <= until
