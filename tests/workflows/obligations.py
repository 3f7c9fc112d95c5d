"""An obligation of a closed case on the engine, and a door to it."""

import asyncio
import base64
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from cases.acts import ActBody, Extend, Settle
from cases.envelope import Act, ActEnvelope, Actor, Door, sign_act
from cases.file import EDITION
from cases.ids import case_id, obligation_id
from cases.journal import Entry
from cases.obligations.state import ObligationPicture
from cases.receipts import ActReceipt
from runbooks.plan import Assurance, FollowUp, Severity
from tests.workflows.world import CERTIFICATE, DOOR, PEOPLE, ROOT, SALT, World
from workflows.messages import ACT_UPDATE, OBLIGATION, ObligationInput, arguments

DAY = timedelta(days=1)
MANY_SKIPS = 10_000


@dataclass
class ObligationUnderTest:
    """A running obligation."""

    world: World
    handle: WorkflowHandle[Any, Any]
    skipper: TimeSkipper
    request: ObligationInput

    async def now(self) -> datetime:
        """Its virtual instant."""
        return await self.skipper.get_current_time(self.handle)

    async def forward_to(self, instant: datetime) -> None:
        """At that instant, or just after it."""
        left = instant - await self.now()
        if left > timedelta(0):
            await self.skipper.fast_forward(self.handle, left)

    async def picture(self) -> ObligationPicture:
        """The obligation as it stands; a run that has just been continued is waited for."""
        async with asyncio.timeout(20):
            while True:
                try:
                    return ObligationPicture.model_validate(await self.handle.query("picture"))
                except RPCError as error:
                    if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                        raise
                await asyncio.sleep(0.05)

    async def until(self, holds: Callable[[list[Entry]], bool]) -> list[Entry]:
        """The stored entries, once that holds of them; TimeoutError when it never does."""
        async with asyncio.timeout(20):
            while not holds(self.entries):  # noqa: ASYNC110 - the world is asked
                await asyncio.sleep(0.02)
        return self.entries

    @property
    def entries(self) -> list[Entry]:
        """The stored entries."""
        return self.world.entries.get(self.handle.id, [])

    @property
    def kinds(self) -> list[str]:
        """Their kinds, in order."""
        return self.world.kinds(self.handle.id)

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """Who was told, why, and at which step."""
        return [(item.purpose.value, item.role, item.step) for item in self.world.notices]

    async def envelope(
        self, body: ActBody, *, person: str = "ines", at: datetime | None = None
    ) -> ActEnvelope:
        """The act as a door signs it."""
        signed_at = at or await self.now()
        roles = PEOPLE[person]
        return sign_act(
            Act(
                act=str(uuid.uuid4()),
                case=self.request.case,
                actor=Actor(
                    person=person,
                    roles=roles,
                    directory_digest="0" * 64,
                    directory_as_of=signed_at,
                ),
                role=roles[0],
                assurance=Assurance.L1,
                door=Door.WEB,
                signed_at=signed_at,
                body=body,
            ),
            key=DOOR,
            certificate=CERTIFICATE,
        )

    async def deliver(self, envelope: ActEnvelope) -> ActReceipt:
        """The obligation's answer."""
        receipt: ActReceipt = await self.handle.execute_update(
            ACT_UPDATE, envelope, result_type=ActReceipt, id=uuid.uuid4().hex
        )
        return receipt

    async def settle(
        self,
        answer: str,
        *,
        turn: int = 1,
        person: str = "ines",
        reference: str = "",
        note: str = "",
    ) -> ActReceipt:
        """The person settles the turn."""
        body = Settle(
            obligation=self.request.plan.name,
            turn=turn,
            answer=answer,
            reference=reference,
            note=note,
        )
        return await self.deliver(await self.envelope(body, person=person))

    async def extend(self, until: datetime, *, turn: int = 1, reason: str = "r") -> ActReceipt:
        """Ines extends the turn."""
        body = Extend(obligation=self.request.plan.name, turn=turn, until=until, reason=reason)
        return await self.deliver(await self.envelope(body))


async def owe(
    world: World,
    client: Client,
    plan: FollowUp,
    *,
    task_queue: str,
    case: str | None = None,
    continue_after: int | None = None,
    conflicts: tuple[str, ...] = (),
) -> ObligationUnderTest:
    """The obligation has been started on the engine, with time that moves only when told to."""
    skipper = TimeSkipper(
        client, config=TimeSkippingConfig(enabled=False, max_session_skip_count=MANY_SKIPS)
    )
    request = ObligationInput(
        case=case or case_id(source="standard", instance="test", external_id=uuid.uuid4().hex),
        number="1001",
        plan=plan,
        severity=Severity.SEV2,
        due_at=datetime.now(UTC) + plan.after,
        root_key=base64.b64encode(ROOT.public_key().public_bytes_raw()).decode(),
        salt=base64.b64encode(SALT).decode(),
        continue_after=continue_after,
        conflicts=conflicts,
        edition=EDITION,
    )
    handle = await skipper.client.start_workflow(
        OBLIGATION,
        args=arguments(request),
        id=obligation_id(request.case, plan.name),
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
    )
    return ObligationUnderTest(world=world, handle=handle, skipper=skipper, request=request)
