"""What docs/acting.md says of raw signals and updates, held against the real server (I4)."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from cases.acts import Decide, Verdict
from cases.envelope import Act, ActEnvelope, sign_act
from cases.journal import Kind
from cases.receipts import Outcome, Reason
from tests.workflows.playing import client_of
from tests.workflows.scenarios import KNOWN, escalate
from tests.workflows.world import CERTIFICATE, CaseUnderTest, World, open_case
from workers.engine import Engine
from workflows.messages import ACT_SIGNAL, ACT_UPDATE


@pytest.fixture
async def case(engine: Engine) -> AsyncIterator[CaseUnderTest]:
    """A case that waits for Legal."""
    world = World()
    client = await client_of(engine, world)
    task_queue = f"raw-{uuid.uuid4().hex[:8]}"
    async with Worker(client, task_queue=task_queue):
        opened = await open_case(world, client, task_queue=task_queue, answers=KNOWN)
        await opened.in_stage("triage")
        await escalate(opened)
        await opened.in_stage("legal-review")
        yield opened
        await opened.handle.terminate("the test is over")


async def refusals(case: CaseUnderTest, count: int) -> list[str]:
    """The reasons of the journal's refusals, once there are so many."""
    async with asyncio.timeout(20):
        while True:
            kept = case.world.entries[case.handle.id]
            reasons = [str(e.body["why"]) for e in kept if e.kind is Kind.ACT_REFUSED]
            if len(reasons) >= count:
                return reasons
            await asyncio.sleep(0.05)


async def approval(case: CaseUnderTest) -> ActEnvelope:
    """A genuine approval of Legal's, not delivered."""
    body = Decide(gate="legal-review", verdict=Verdict.APPROVE)
    return await case.envelope(body, person="lena")


async def nothing_happened(case: CaseUnderTest) -> None:
    """The case waits for Legal as before, and still answers: a genuine approval counts."""
    picture = await case.picture()
    assert picture.stage == "legal-review"
    assert picture.rounds[-1].votes == []
    assert (await case.deliver(await approval(case))).outcome is Outcome.ACCEPTED


@pytest.mark.hostile(47)
async def test_an_unsigned_act_by_temporals_own_client_changes_nothing(
    engine: Engine, case: CaseUnderTest
) -> None:
    """A plain client may send what it likes: updates fail, signals are refused and journalled."""
    plain = await Client.connect(
        engine.address, namespace=engine.namespace, data_converter=pydantic_data_converter
    )
    handle = plain.get_workflow_handle(case.handle.id)
    said = {"verdict": "approve", "gate": "legal-review", "person": "lena"}

    await handle.signal(ACT_SIGNAL, said)
    await handle.signal("approve", said)
    # The answer is encrypted with the case's key: whoever is not a door cannot even read the no.
    with pytest.raises((WorkflowUpdateFailedError, KeyError)):
        await handle.execute_update(ACT_UPDATE, said)
    with pytest.raises((WorkflowUpdateFailedError, KeyError)):
        await handle.execute_update("approve", said)

    # An update that nobody knows is on record as well: the case takes every name (I8).
    assert await refusals(case, 4) == ["plaintext", "unknown-door", "plaintext", "unknown-door"]
    await nothing_happened(case)


@pytest.mark.hostile(47)
async def test_an_act_altered_or_signed_by_a_stranger_changes_nothing(case: CaseUnderTest) -> None:
    """Refused with its reason, and the reason is in the journal."""
    genuine = await approval(case)
    stranger = Ed25519PrivateKey.generate()
    forged = sign_act(
        Act.model_validate_json(genuine.payload), key=stranger, certificate=CERTIFICATE
    )

    receipt = await case.deliver(forged)

    assert (receipt.outcome, receipt.reason) == (Outcome.REFUSED, Reason.BAD_SIGNATURE)
    assert await refusals(case, 1) == ["bad-signature"]
    await nothing_happened(case)


async def test_an_act_sent_twice_counts_once(case: CaseUnderTest) -> None:
    """The second answer is the first receipt."""
    genuine = await approval(case)

    first = await case.deliver(genuine)
    second = await case.deliver(genuine)

    assert (first.outcome, second.outcome) == (Outcome.ACCEPTED, Outcome.DUPLICATE)
