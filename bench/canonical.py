"""The canonical case on the real engine, with effects that are kept in memory.

Triage completes, Legal and Policy approve, the action is done, the incident manager closes. The
driver learns from the journal when the next act is possible, so that no query burdens the engine.
"""

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from cases.acts import ActBody, Close, Complete, Decide, Verdict
from cases.envelope import Act, Actor, Door, RoundBinding, sign_act
from cases.file import EDITION
from cases.ids import case_id
from cases.journal import Kind
from cases.receipts import ActReceipt, Outcome
from cases.report import Report, Source
from runbooks import assess
from runbooks.plan import Assurance, Pathway
from tests.workflows.world import CERTIFICATE, DOOR, PEOPLE, ROOT, SALT, OneKeyring, World
from workers.engine import Engine
from workers.temporal import connect
from workflows.attributes import at_start
from workflows.effects import JournalBatch, Stored
from workflows.messages import ACT_UPDATE, WORKFLOW, CaseInput, RoutedBy, arguments

ANSWERS = {"danger": "no", "kind": "fraud"}
PATIENCE = 60


class Watched(World):
    """The world of the tests, with the lightest of journals: what has been said, and what is asked.

    The bare workflow's activities do nothing either; what a store costs is measured with the acts.
    """

    def __init__(self) -> None:
        super().__init__()
        self.grown: dict[str, asyncio.Event] = {}
        self.said: dict[str, set[Kind]] = {}
        self.asked: dict[tuple[str, str], RoundBinding] = {}

    @activity.defn(name="append_journal")
    async def append_journal(self, batch: JournalBatch) -> Stored:
        """Noted, and said."""
        self.said.setdefault(batch.case, set()).update(kind for _, kind, _ in batch.entries)
        for round_ in batch.rounds:
            if round_.open:
                self.asked[batch.case, round_.gate] = RoundBinding(
                    gate=round_.gate,
                    round=round_.round,
                    revision=round_.revision,
                    content_hash=round_.content_hash,
                    nonce=round_.nonce,
                )
        self.grown.setdefault(batch.case, asyncio.Event()).set()
        return Stored(sequence=batch.last)

    def forget(self, case: str) -> None:
        """Nothing of the case is kept any longer: memory must not grow with the number of cases."""
        self.said.pop(case, None)
        self.grown.pop(case, None)
        for gate in [gate for of, gate in self.asked if of == case]:
            del self.asked[case, gate]
        self.notices = [order for order in self.notices if order.case != case]
        self.performed = [order for order in self.performed if order.case != case]
        self.ticket_orders = [order for order in self.ticket_orders if order.case != case]


@dataclass
class Ours:
    """A place where canonical cases run."""

    world: Watched
    client: Client
    task_queue: str
    pathway: Pathway

    async def start(self) -> WorkflowHandle[Any, Any]:
        """A case has been started."""
        external = uuid.uuid4().hex
        case = case_id(source="standard", instance="bench", external_id=external)
        found = assess(self.world.runbooks[self.pathway.digest], ANSWERS)
        request = CaseInput(
            case=case,
            number="1001",
            report=Report(
                source=Source.STANDARD,
                instance="bench",
                external_id=external,
                delivery=external,
                received_at=datetime.now(UTC),
            ),
            pathway=self.pathway,
            routed=RoutedBy(reason="bench"),
            severity=found.severity,
            severity_row=str(found.row),
            severity_because=found.because,
            answers=ANSWERS,
            root_key=base64.b64encode(ROOT.public_key().public_bytes_raw()).decode(),
            salt=base64.b64encode(SALT).decode(),
            edition=EDITION,
        )
        return await self.client.start_workflow(
            WORKFLOW,
            args=arguments(request),
            id=case,
            task_queue=self.task_queue,
            search_attributes=at_start(request),
        )

    async def decided(self, handle: WorkflowHandle[Any, Any]) -> None:
        """Triage has acted and both gates have approved."""
        case = handle.id
        await self._until(case, lambda: Kind.STAGE_ENTERED in self.world.said.get(case, ()))
        await self._act(handle, Complete(stage="triage", outcome="escalate"), "tess")
        for gate, person in (("legal-review", "lena"), ("policy-sign-off", "pia")):
            await self._until(case, lambda gate=gate: (case, gate) in self.world.asked)
            await self._act(
                handle,
                Decide(gate=gate, verdict=Verdict.APPROVE),
                person,
                binding=self.world.asked[case, gate],
            )

    async def applied(self, handle: WorkflowHandle[Any, Any]) -> None:
        """The action is done, and the journal says so."""
        case = handle.id
        await self._until(case, lambda: Kind.EFFECT_DONE in self.world.said.get(case, ()))

    async def closed(self, handle: WorkflowHandle[Any, Any]) -> None:
        """The incident manager has closed the case, and its run has ended."""
        await self._act(
            handle, Close(disposition="actioned", record="Facts, rule, decision."), "ines"
        )
        await handle.result()
        self.world.forget(handle.id)

    async def whole(self) -> WorkflowHandle[Any, Any]:
        """A case from start to end."""
        handle = await self.start()
        await self.decided(handle)
        await self.applied(handle)
        await self.closed(handle)
        return handle

    async def _until(self, case: str, ready: Any) -> None:
        async with asyncio.timeout(PATIENCE):
            while not ready():
                grown = self.world.grown.setdefault(case, asyncio.Event())
                grown.clear()
                await grown.wait()

    async def _act(
        self,
        handle: WorkflowHandle[Any, Any],
        body: ActBody,
        person: str,
        *,
        binding: RoundBinding | None = None,
    ) -> None:
        at = datetime.now(UTC)
        roles = PEOPLE[person]
        act = Act(
            act=str(uuid.uuid4()),
            case=handle.id,
            actor=Actor(person=person, roles=roles, directory_digest="0" * 64, directory_as_of=at),
            role=roles[0],
            assurance=Assurance.L2,
            door=Door.WEB,
            signed_at=at,
            body=body,
            binding=binding,
        )
        receipt: ActReceipt = await handle.execute_update(
            ACT_UPDATE,
            sign_act(act, key=DOOR, certificate=CERTIFICATE),
            id=act.act,
            result_type=ActReceipt,
        )
        if receipt.outcome is not Outcome.ACCEPTED:
            message = f"{body.verb} was not accepted: {receipt.outcome} {receipt.reason}"
            raise RuntimeError(message)


@asynccontextmanager
async def ours(engine: Engine, *, at_once: int = 100) -> AsyncIterator[Ours]:
    """A worker for canonical cases runs inside."""
    world = Watched()
    client = await connect(
        engine.address,
        namespace=engine.namespace,
        keyring=OneKeyring(),
        activities=world.activities,
    )
    queue = f"ours-{uuid.uuid4().hex[:8]}"
    async with Worker(client, task_queue=queue, max_concurrent_activities=at_once):
        yield Ours(world, client, queue, world.pathway("user-safety-escalation"))
