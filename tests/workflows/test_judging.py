"""An answer that also changes the severity: people are asked once, under the new one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from temporalio.worker import Worker

from cases.acts import Answer, Cancel, Complete, Decide, Evidence, Verdict
from cases.gate import RoundState
from cases.notice import NoticeOrder, Purpose
from cases.receipts import Outcome, Reason
from cases.state import CasePicture
from runbooks.plan import Severity
from tests.workflows.playing import client_of, replay, runs_of
from tests.workflows.runbooks import SILENT
from tests.workflows.scenarios import KNOWN, accepted, close, escalate, refused
from tests.workflows.world import CaseUnderTest, World, open_case
from workers.engine import Engine

pytestmark = pytest.mark.timeout(120)

DANGER = Answer(answers={"danger": "yes"})


@asynccontextmanager
async def running(
    engine: Engine, task_queue: str, *, cached: int, **opened: Any
) -> AsyncIterator[CaseUnderTest]:
    """A case whose severity table answers when the test says so; it is replayed at the end."""
    world = World()
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue, max_cached_workflows=cached):
        case = await open_case(world, client, task_queue=task_queue, answers=KNOWN, **opened)
        yield case
        if not (await case.picture()).closed:
            accepted(await case.act(Cancel(reason="the test ends"), person="ines"))
        async with asyncio.timeout(60):
            await case.handle.result()
    await replay(engine, await runs_of(client, case))
    assert not world.forks


def asked(case: CaseUnderTest) -> list[NoticeOrder]:
    """The notices that ask for a verdict, in order."""
    asking = (Purpose.ASK, Purpose.ASK_AGAIN)
    return [notice for notice in case.world.notices if notice.purpose in asking]


def is_asked(seen: CasePicture) -> bool:
    """Whether a round is open."""
    return any(round_.state is RoundState.OPEN for round_ in seen.rounds)


@pytest.mark.parametrize("cached", [1000, 0], ids=["cached", "uncached"])
async def test_an_open_gate_is_asked_again_once(
    engine: Engine, task_queue: str, *, cached: int
) -> None:
    """One material change is one new round and one notice, and both show the new severity.

    The verdict on the old facts counts no more from the moment of the answer (I5).
    """
    async with running(engine, task_queue, cached=cached) as case:
        await escalate(case)
        shown = await case.binding("legal-review")
        case.world.table_answers.clear()
        accepted(await case.act(DANGER, person="tess"))
        late = await case.act(
            Decide(gate="legal-review", verdict=Verdict.APPROVE), person="lena", binding=shown
        )
        refused(late, Outcome.SUPERSEDED, Reason.OLD_ROUND)
        # More news while the table judges is shown by the same round.
        accepted(
            await case.act(
                Evidence(label="screenshot", reference="store:1", digest="a" * 64), person="tess"
            )
        )
        assert not is_asked(await case.picture())

        case.world.table_answers.set()
        seen = await case.until(is_asked)
        async with asyncio.timeout(20):
            while len(asked(case)) < 2:  # noqa: ASYNC110 - the activity's list is looked at
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)

        assert seen.severity.current is Severity.SEV1
        assert [round_.state.value for round_ in seen.rounds] == ["superseded", "open"]
        assert {change.what for change in seen.rounds[1].changed} == {
            "severity",
            "answers: danger",
            "evidence",
        }
        assert [(notice.purpose, notice.round, notice.severity) for notice in asked(case)] == [
            (Purpose.ASK, 1, Severity.SEV3),
            (Purpose.ASK_AGAIN, 2, Severity.SEV1),
        ]


@pytest.mark.parametrize("cached", [1000, 0], ids=["cached", "uncached"])
async def test_a_gate_that_is_reached_while_the_table_judges_is_asked_once(
    engine: Engine, task_queue: str, *, cached: int
) -> None:
    """The last answer and the escalation come together: the first notice has the new severity."""
    async with running(engine, task_queue, cached=cached) as case:
        case.world.table_answers.clear()
        accepted(await case.act(DANGER, person="tess"))
        accepted(await case.act(Complete(stage="triage", outcome="escalate"), person="tess"))
        assert not (await case.in_stage("legal-review")).rounds

        case.world.table_answers.set()
        seen = await case.until(is_asked)
        await case.until(lambda _: bool(asked(case)))
        await asyncio.sleep(0.3)

        assert len(seen.rounds) == 1
        assert [(notice.round, notice.severity) for notice in asked(case)] == [(1, Severity.SEV1)]


async def test_a_table_that_cannot_answer_keeps_nobody_from_deciding(
    engine: Engine, task_queue: str
) -> None:
    """When the table fails for good the gate is asked under the severity there is."""
    async with running(engine, task_queue, cached=0) as case:
        await escalate(case)
        case.world.fail_next("assess_severity")
        accepted(await case.act(DANGER, person="tess"))

        seen = await case.until(lambda seen: len(seen.rounds) == 2 and is_asked(seen))

        assert seen.severity.current is Severity.SEV3
        assert not seen.reassess


async def test_silence_does_not_wait_for_the_table(engine: Engine, task_queue: str) -> None:
    """At its target the gate is asked and takes silence, whether the table has answered or not.

    The target is short and real: time is not skipped while an effect is under way.
    """
    soon = SILENT.replace(b"within: 60m", b"within: 4s", 1)
    async with running(engine, task_queue, cached=0, runbook="silent-gate", text=soon) as case:
        await case.until(is_asked)
        case.world.table_answers.clear()
        accepted(await case.act(Answer(answers={"kind": "one"}), person="lena"))
        assert not is_asked(await case.picture())

        seen = await case.in_stage("closure")
        assert seen.reassess
        case.world.table_answers.set()
        await case.until(lambda seen: not any(effect.open for effect in seen.effects))
        await case.until(lambda seen: not seen.reassess)
        await close(case, "done")

        assert [round_.state.value for round_ in seen.rounds] == ["superseded", "silent"]
