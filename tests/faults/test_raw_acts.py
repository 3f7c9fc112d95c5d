"""Access to Temporal alone changes nothing: what is sent in raw is refused, on record (I4)."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateStage
from temporalio.contrib.pydantic import pydantic_data_converter

from cases.acts import Complete
from cases.envelope import Act, ActEnvelope, Actor, Door, issue_certificate, sign_act
from cases.journal import Entry, Kind
from cases.receipts import ActReceipt, Outcome
from runbooks.plan import Assurance
from tests.faults.place import Place, place
from workers.engine import Engine
from workers.processes import running_gateway, running_worker
from workflows.messages import ACT_SIGNAL, ACT_UPDATE


@pytest.fixture
async def made(present: Engine, tmp_path: Path) -> AsyncIterator[Place]:
    """A running installation."""
    async with (
        place(tmp_path, engine=present) as made,
        running_worker(made.house, present.address, client=made.client),
        running_gateway(made.house, present.address),
    ):
        yield made


async def at_triage(made: Place) -> str:
    """A case that waits for triage."""
    number = await made.opened_case(tags=["fraud"])
    await made.at(number, stage="triage")
    await made.quiet(number)
    return number


async def handle_of(made: Place, number: str, client: Client | None = None) -> WorkflowHandle:  # type: ignore[type-arg]
    """The case's workflow, as somebody with access to Temporal reaches it."""
    return (client or made.client).get_workflow_handle(await made.case_of(number))


async def stranger(made: Place) -> Client:
    """Temporal's own client, without our codec."""
    return await Client.connect(
        made.engine.address,
        namespace=made.engine.namespace,
        data_converter=pydantic_data_converter,
    )


def signed_by_nobody(case: str) -> ActEnvelope:
    """An act as somebody forges it: well formed, under a root of their own."""
    root, door = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    at = datetime.now(UTC)
    return sign_act(
        Act(
            act=str(uuid.uuid4()),
            case=case,
            actor=Actor(
                person="tessa", roles=("triage",), directory_digest="0" * 64, directory_as_of=at
            ),
            role="triage",
            assurance=Assurance.L2,
            door=Door.WEB,
            signed_at=at,
            body=Complete(stage="triage", outcome="escalate"),
        ),
        key=door,
        certificate=issue_certificate(
            root,
            door.public_key(),
            use="door",
            not_before=at - timedelta(days=1),
            not_after=at + timedelta(days=1),
        ),
    )


async def refusals(made: Place, number: str, *, count: int = 1) -> list[Entry]:
    """The refusals on record, and proof that the case stands where it stood."""

    async def there() -> list[Entry] | None:
        entries = await made.entries(number)
        found = [entry for entry in entries if entry.kind is Kind.ACT_REFUSED]
        return found if len(found) >= count else None

    found = await made.until(there, what="the refusal on record")
    view = await made.view(number)
    assert view is not None
    assert view.line.stage == "triage"
    return found


@pytest.mark.parametrize("name", [ACT_SIGNAL, "approve"])
async def test_a_plain_signal_is_refused_on_record(made: Place, name: str) -> None:
    """What Temporal's command line sends is not encrypted, let alone signed."""
    number = await at_triage(made)
    handle = await handle_of(made, number, await stranger(made))

    await handle.signal(name, {"verb": "complete", "stage": "triage", "outcome": "escalate"})

    assert len(await refusals(made, number)) == 1


async def test_a_plain_update_is_refused_on_record(made: Place) -> None:
    """The same for an update: it is answered, and what it asked for is not done."""
    number = await at_triage(made)
    handle = await handle_of(made, number, await stranger(made))

    await handle.start_update(
        ACT_UPDATE,
        {"verb": "complete", "stage": "triage", "outcome": "escalate"},
        wait_for_stage=WorkflowUpdateStage.ACCEPTED,
    )

    assert len(await refusals(made, number)) == 1


async def test_an_act_under_a_strange_root_is_refused_on_record(made: Place) -> None:
    """Whoever has the keys of the payloads still cannot sign as a door."""
    number = await at_triage(made)
    handle = await handle_of(made, number)

    receipt = await handle.execute_update(
        ACT_UPDATE, signed_by_nobody(handle.id), result_type=ActReceipt
    )

    assert receipt.outcome is Outcome.REFUSED
    assert len(await refusals(made, number)) == 1


async def test_a_tampered_act_is_refused_on_record(made: Place) -> None:
    """A signature covers every byte of what was signed."""
    number = await at_triage(made)
    handle = await handle_of(made, number)
    forged = await stored(made)
    tampered = forged.model_copy(
        update={"payload": forged.payload.replace("no-violation", "escalate")}
    )

    receipt = await handle.execute_update(ACT_UPDATE, tampered, result_type=ActReceipt)

    assert receipt.outcome is Outcome.REFUSED
    assert len(await refusals(made, number)) == 1


@pytest.mark.hostile(48)
async def test_an_act_replayed_at_another_case_is_refused_on_record(made: Place) -> None:
    """An act is bound to its case."""
    number = await at_triage(made)
    handle = await handle_of(made, number)

    receipt = await handle.execute_update(ACT_UPDATE, await stored(made), result_type=ActReceipt)

    assert receipt.outcome is Outcome.REFUSED
    assert len(await refusals(made, number)) == 1


@pytest.mark.hostile(48)
async def test_an_act_replayed_at_its_own_case_changes_nothing(made: Place) -> None:
    """Sent again under another update id, it has its first receipt and no second effect."""
    number = await at_triage(made)
    heard = await made.act("tessa", number, verb="answer", answers={"channel": "form"})
    await made.quiet(number)
    envelope = (await made.house.store.acts.show(heard["act_id"])).envelope
    handle = await handle_of(made, number)

    receipt = await handle.execute_update(
        ACT_UPDATE, envelope, id=uuid.uuid4().hex, result_type=ActReceipt
    )

    await made.quiet(number)
    applied = [e for e in await made.entries(number) if e.body.get("act") == heard["act_id"]]
    assert receipt.outcome is Outcome.DUPLICATE
    assert len(applied) == 1


async def stored(made: Place) -> ActEnvelope:
    """The genuine envelope of an act at another case."""
    other = await at_triage(made)
    heard = await made.act("tessa", other, verb="complete", stage="triage", outcome="no-violation")
    return (await made.house.store.acts.show(heard["act_id"])).envelope
