"""What comes in by Temporal itself: only a signed act acts; all is on record (I4, I8)."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateStage
from temporalio.worker import Worker

from cases.acts import Cancel, Complete, Decide, Evidence, Verdict
from cases.envelope import key_id
from cases.receipts import ActReceipt, Outcome, Reason
from cases.report import Source
from tests.workflows.playing import client_of, replay, runs_of
from tests.workflows.scenarios import KNOWN, accepted, approve, close, escalate, reject
from tests.workflows.world import DOOR, ROOT, CaseUnderTest, World, open_case
from workers.engine import Engine
from workflows.messages import ACT_UPDATE, ReportReceived, Revocation
from workflows.revocation import sign_revocation

pytestmark = pytest.mark.timeout(120)

FLOOD = int(os.environ.get("ESCALATE_FLOOD", "240"))
"""Signals of a flood; the acceptance sends ten thousand."""
LIMIT_EVENTS, LIMIT_BYTES = 51_200, 50 * 1024 * 1024
"""At which Temporal ends a run."""


@asynccontextmanager
async def running(
    engine: Engine, task_queue: str, *, cached: int = 1000
) -> AsyncIterator[CaseUnderTest]:
    """A case in triage, which is cancelled and replayed at the end if the test left it open."""
    world = World()
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue, max_cached_workflows=cached):
        case = await open_case(world, client, task_queue=task_queue, answers=KNOWN)
        yield case
        if not (await case.picture()).closed:
            accepted(await case.act(Cancel(reason="the test ends"), person="ines"))
        async with asyncio.timeout(60):
            await case.handle.result()
    await replay(engine, await runs_of(client, case))
    assert not world.forks


def refusals(case: CaseUnderTest) -> list[str]:
    """Why things were refused, in order."""
    entries = case.world.entries[case.handle.id]
    return [
        str(entry.body["why"]) for entry in entries if entry.kind.value == "act:envelope:refused"
    ]


@pytest.mark.parametrize("cached", [1000, 0], ids=["cached", "uncached"])
async def test_what_proves_nothing_changes_nothing_and_is_on_record(
    engine: Engine, client: Client, task_queue: str, *, cached: int
) -> None:
    """Plain, garbled, unsigned, ill signed, replayed, misnamed: refused, journalled, no wedge."""
    async with running(engine, task_queue, cached=cached) as case:
        plain = client.get_workflow_handle(case.handle.id)
        good = await case.envelope(Complete(stage="triage", outcome="escalate"), person="tess")

        receipts = [
            await case.deliver(good.model_copy(update={"signature": ""})),
            await case.deliver(good.model_copy(update={"payload": "{}"})),
        ]
        for name, args in (
            ("act_submitted", [good]),
            ("act_submitted", []),
            ("act_submitted", [good, good]),
            ("act_submitted", [b"\x00\xff garbage"]),
            ("approve", ["yes"]),
            ("report_received", ["?"]),
            ("ticket_updated", []),
            ("keys_revoked", [{"revocation": "", "signature": ""}]),
        ):
            await plain.signal(name, args=args)
        picture = await case.until(lambda seen: seen.stage == "triage")

        assert [receipt.reason for receipt in receipts] == [
            Reason.UNSIGNED,
            Reason.BAD_SIGNATURE,
        ]
        assert picture.pending_outcome is None
        accepted(await case.deliver(good))
        again = await case.deliver(good)
        assert again.outcome is Outcome.DUPLICATE
    assert len(refusals(case)) == 10
    assert refusals(case).count("plaintext") >= 3


async def test_an_update_from_another_client_is_refused_and_the_case_goes_on(
    engine: Engine, client: Client, task_queue: str
) -> None:
    """An update that is not encrypted for this case is answered with a refusal."""
    async with running(engine, task_queue) as case:
        plain = client.get_workflow_handle(case.handle.id)
        good = await case.envelope(Complete(stage="triage", outcome="escalate"), person="tess")
        codec = (await client_of(engine, case.world)).get_workflow_handle(case.handle.id)

        handle = await plain.start_update(
            ACT_UPDATE, good, id="raw-1", wait_for_stage=WorkflowUpdateStage.COMPLETED
        )
        receipt = await codec.get_update_handle("raw-1", result_type=ActReceipt).result()
        with pytest.raises(WorkflowUpdateFailedError):
            await plain.execute_update(ACT_UPDATE, args=[good, good], id="raw-2")

        assert handle.id == "raw-1"
        assert (receipt.outcome, receipt.reason) == (Outcome.REFUSED, Reason.PLAINTEXT)
        accepted(await case.deliver(good))


async def test_a_cancellation_by_temporal_is_refused(engine: Engine, task_queue: str) -> None:
    """Temporal access alone ends no case: the request is on record, and the case goes on."""
    async with running(engine, task_queue) as case:
        await case.until(lambda seen: seen.stage == "triage")
        await case.handle.cancel()
        await escalate(case)
        await approve(case, "legal-review", "lena")
        await case.in_stage("policy-sign-off")
        await case.act(
            Decide(gate="policy-sign-off", verdict=Verdict.REJECT, reason="no"), person="pia"
        )
        await close(case, "not-approved")
    assert "unknown-door" in refusals(case)


async def test_refusals_beyond_twenty_are_counted(engine: Engine, task_queue: str) -> None:
    """Twenty are recorded one by one; the others as a number a minute (I8)."""
    async with running(engine, task_queue) as case:
        for _ in range(25):
            receipt = await case.act(Complete(stage="triage", outcome="escalate"), person="eve")
            assert receipt.outcome is Outcome.NOT_YOURS
        await case.forward(timedelta(minutes=2))
    entries = case.world.entries[case.handle.id]
    counted = [entry.body for entry in entries if entry.kind.value == "act:envelope:refused-many"]
    assert len(refusals(case)) == 20
    assert sum(int(str(body["number"])) for body in counted) == 5


@pytest.mark.hostile(55)
@pytest.mark.timeout(900)
async def test_a_flood_before_its_stage_is_counted_and_the_case_goes_on(
    engine: Engine,
    client: Client,
    task_queue: str,
    record_property: Callable[[str, object], None],
) -> None:
    """Approvals nobody signed, long before anybody is asked: no run grows to its limit by them."""
    world = World()
    ours = await client_of(engine, world)
    gates = asyncio.Semaphore(40)
    async with Worker(ours, task_queue=task_queue):
        case = await open_case(
            world,
            ours,
            task_queue=task_queue,
            answers=KNOWN,
            continue_after=None if FLOOD >= 10_000 else FLOOD // 2,
        )
        kept = Evidence(label="kept", reference="store:1", digest="ab" * 32)
        accepted(await case.act(kept, person="tess"))
        plain = client.get_workflow_handle(case.handle.id)

        async def forged() -> None:
            async with gates:
                await plain.signal("approve", {"gate": "legal-review", "person": "lena"})

        await asyncio.gather(*(forged() for _ in range(FLOOD)))
        await case.forward(timedelta(minutes=2))
        await escalate(case)
        picture = await case.in_stage("legal-review")
        assert picture.rounds[-1].votes == []
        assert [item.label for item in picture.evidence] == ["kept"]
        await approve(case, "legal-review", "lena")
        await case.in_stage("policy-sign-off")
        await reject(case, "policy-sign-off", "pia")
        await close(case, "not-approved")
        async with asyncio.timeout(60):
            await case.handle.result()
    histories = await runs_of(ours, case)
    longest = max(len(history.events) for history in histories)
    largest = max(sum(event.ByteSize() for event in each.events) for each in histories)
    record_property("flood", FLOOD)
    record_property("runs", len(histories))
    record_property("longest_run_events", longest)
    record_property("largest_run_bytes", largest)

    assert len(histories) > 1
    assert longest < LIMIT_EVENTS // 2
    assert largest < LIMIT_BYTES // 2
    entries = world.entries[case.handle.id]
    counted = [entry.body for entry in entries if entry.kind.value == "act:envelope:refused-many"]
    assert len(refusals(case)) == 20
    assert sum(int(str(body["number"])) for body in counted) == FLOOD - 20
    assert len(entries) < 100
    await replay(engine, histories)
    assert not world.forks


async def test_a_further_report_is_recorded_once(engine: Engine, task_queue: str) -> None:
    """The same delivery twice is one entry."""
    async with running(engine, task_queue) as case:
        report = ReportReceived(delivery="d-2", source=Source.ZENDESK, at=datetime.now(UTC))
        await case.handle.signal("report_received", report)
        await case.handle.signal("report_received", report)
        await case.until(lambda seen: len(seen.offered) == 1)
    assert case.kinds.count("report:further:received") == 1


async def test_a_revoked_key_signs_nothing_any_more(engine: Engine, task_queue: str) -> None:
    """Once the root says that a key is lost, nothing signed by it counts; others go on."""
    world = World()
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue):
        case = await open_case(world, client, task_queue=task_queue, answers=KNOWN)
        await escalate(case)
        lost = key_id(DOOR.public_key().public_bytes_raw())
        revocation = Revocation(keys=(lost,), at=datetime.now(UTC), reason="lost")

        await case.handle.signal("keys_revoked", sign_revocation(revocation, root=ROOT))
        await case.until(lambda seen: seen.revoked_keys == [lost])
        receipt = await case.act(
            Decide(gate="legal-review", verdict=Verdict.APPROVE), person="lena"
        )

        assert receipt.reason is Reason.REVOKED_KEY
        await case.handle.terminate("its only door has no key any more")
