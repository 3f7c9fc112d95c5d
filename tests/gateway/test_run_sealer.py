"""Runs are sealed when they have ended, once, and one that was cut off is told of."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from temporalio.client import WorkflowExecutionStatus

from audit.bundle.sealed import seals_in
from audit.errors import HistoryMissingError
from audit.histories import Run
from audit.log.recorder import Recorder
from audit.verdict import Outcome
from audit.verify import verify
from cases.acts import Complete
from cases.journal import Kind, Stream
from gateway.doors import Doors
from gateway.engine_port import CutOff
from gateway.errors import EngineUnavailableError
from gateway.run_sealer import CUT_OFF, UNSEALED, RunSealer
from gateway.temporal_engine import TemporalEngine
from gateway.watching.finding import FindingKind
from gateway.watching.looking import UNSEALED_FOR, Looking
from store import DEMO_KEK, Store
from store.tables import cases
from tests.audit.casework import LOG, MADE_AT, PINNED, PINNED_LOG, Matter, Office, office
from tests.audit.scenarios import (
    after_the_reset,
    approved,
    approved_and_closed,
    continued,
    reset_to_the_beginning,
)
from tests.stores import empty_store
from workers.clock import SystemClock
from workers.engine import Engine


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store in a file of its own."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        yield opened


def sealer_at(at_work: Office) -> RunSealer:
    """A sealer in front of the office's engine."""
    engine = TemporalEngine(at_work.client, task_queue=at_work.task_queue)
    return sealer_of(at_work.store, engine)


def sealer_of(store: Store, engine: object) -> RunSealer:
    """A sealer of that engine."""
    doors = cast("Doors", SimpleNamespace(store=store, clock=SystemClock()))
    return RunSealer(doors, cast("TemporalEngine", engine))


async def sealed_by(sealer: RunSealer, case: Matter, *, runs: int) -> int:
    """How many seals were written until that many runs of the case have one."""
    written = 0
    async with asyncio.timeout(60):
        while len(await seals(case)) < runs:
            written += await sealer.once()
    return written


async def seals(case: Matter) -> list[str]:
    """The runs that the doors' stream has a seal of, each as often as it has one."""
    entries = await case.store.journal.entries(case.handle.id, stream=Stream.DOOR)
    return [str(each.body["run"]) for each in entries if each.kind is Kind.DOOR_RUN_SEALED]


async def test_every_run_of_a_case_that_went_on_is_sealed_once(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """Two sealers at once write one seal a run; the export verifies, and nothing waits."""
    async with office(engine, store) as at_work:
        case = await continued(at_work)
        await case.handle.result()
        one, other = sealer_at(at_work), sealer_at(at_work)

        async with asyncio.timeout(60):
            while not await store.seals.is_settled(case.handle.id):
                await asyncio.gather(one.once(), other.once())

        found = await seals(case)
        assert len(found) == len(set(found)) > 1
        await Recorder(store, signer=LOG, apart=timedelta(0)).record(at=MADE_AT)
        export = await at_work.export(case, tmp_path / "export")
    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)
    assert verdict.outcome is Outcome.PASS, "\n".join(verdict.lines())


async def test_a_run_that_goes_on_is_not_sealed(engine: Engine, store: Store) -> None:
    """A case that is open has no seal, and nobody waits for one."""
    async with office(engine, store) as at_work:
        case = await at_work.open()
        await case.in_stage("triage")

        assert await sealer_at(at_work).once() == 0

        assert await seals(case) == []
        assert await store.seals.is_settled(case.handle.id)
        await case.handle.terminate()


@pytest.mark.hostile(49)
async def test_a_run_that_somebody_terminated_is_sealed_and_told_of_and_goes_on(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """Nobody at a door did that: an alarm says so, once, and the case is taken up again, once."""
    async with office(engine, store) as at_work:
        case = await at_work.open(answers={"danger": "no", "kind": "fraud"})
        await case.in_stage("triage")
        act = await case.envelope(Complete(stage="triage", outcome="escalate"), person="tess")
        await case.record(act)
        await case.handle.terminate(reason="by hand")

        one, other = sealer_at(at_work), sealer_at(at_work)
        await asyncio.gather(one.once(), other.once())
        await sealed_by(one, case, runs=1)
        again = after_the_reset(at_work, case)
        await again.deliver(act)
        await again.until(lambda seen: seen.open_round("legal-review") is not None)
        await approved_and_closed(again)
        await sealed_by(one, case, runs=2)

        door = await store.journal.entries(case.handle.id, stream=Stream.DOOR)
        assert [each.ending for each in seals_in(door).values()] == ["terminated", "completed"]
        (alarm,) = [each for each in await store.health.open_alarms() if each.kind == CUT_OFF]
        assert "terminated in Temporal, and no act says so; it is taken up again" in alarm.text
        assert "by hand" not in alarm.text
        export = await at_work.export(again, tmp_path / "export")
    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)
    assert verdict.outcome is Outcome.PASS, "\n".join(verdict.lines())


async def test_what_has_ended_by_an_act_is_not_taken_up(engine: Engine, store: Store) -> None:
    """Terminated after its last entry was stored: told of, and left."""
    async with office(engine, store) as at_work:
        case = await at_work.open()
        await case.in_stage("triage")
        await case.handle.terminate()
        async with store.database.write() as connection:
            await connection.execute(cases.update().values(status="closed"))

        await sealed_by(sealer_at(at_work), case, runs=1)

        described = await at_work.client.get_workflow_handle(case.handle.id).describe()
        assert described.status is WorkflowExecutionStatus.TERMINATED
    (alarm,) = await store.health.open_alarms()
    assert "taken up" not in alarm.text


@pytest.mark.hostile(50)
async def test_what_a_reset_left_behind_is_sealed_and_nobody_is_told(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """A reset shows in the journal's branches: it is no alarm, and both runs are sealed."""
    async with office(engine, store) as at_work:
        case = await at_work.open(answers={"danger": "no", "kind": "fraud"})
        await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
        await case.until(lambda seen: seen.open_round("legal-review") is not None)
        await reset_to_the_beginning(at_work, case)
        again = await approved_and_closed(after_the_reset(at_work, case))

        await sealed_by(sealer_at(at_work), again, runs=2)

        assert [each.kind for each in await store.health.open_alarms()] == []
        export = await at_work.export(again, tmp_path / "export")
    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)
    seals_ = next(check for check in verdict.checks if check.name == "seals")
    assert seals_.outcome is Outcome.PASS, seals_.reasons


class Forgetful:
    """An engine that has forgotten every run."""

    async def cut_off(self) -> list[CutOff]:
        """None."""
        return []

    async def ended_run(self, workflow: str, run: str) -> Run | None:
        """Gone."""
        raise HistoryMissingError(f"no history of run {run}")

    async def was_reset(self, workflow: str, run: str) -> bool:
        """Nobody knows."""
        return False

    async def taken_up(self, workflow: str, run: str) -> bool:
        """There is nothing to go on from."""
        return False


class Away(Forgetful):
    """An engine that is down."""

    async def ended_run(self, workflow: str, run: str) -> Run | None:
        """Nobody answers."""
        raise EngineUnavailableError("the engine cannot be reached")


async def test_a_run_that_cannot_be_sealed_is_told_of_and_waits(
    engine: Engine, store: Store
) -> None:
    """Forgotten by Temporal: an alarm; Temporal down: nothing is lost; an hour later: a finding."""
    async with office(engine, store) as at_work:
        case = await approved(at_work)
        await case.handle.result()

    assert await sealer_of(store, Away()).once() == 0
    assert await store.health.open_alarms() == []
    assert await sealer_of(store, Forgetful()).once() == 0

    (alarm,) = await store.health.open_alarms()
    assert alarm.kind == UNSEALED
    assert not await store.seals.is_settled(case.handle.id)
    waits = await store.seals.backlog()
    assert waits.pending == 1
    assert waits.oldest_at is not None
    looking = Looking(store, clock=SystemClock(), grace=timedelta(minutes=2), simulated=False)
    for after, expected in ((timedelta(0), False), (timedelta(minutes=1), True)):
        at = waits.oldest_at + UNSEALED_FOR + after
        found = {each.kind for each in await looking.all(at=at, since=at)}
        assert (FindingKind.UNSEALED in found) is expected
