"""Where cases are played: a real server whose cases' time can be moved, a worker, and a door.

The door signs every act as the real one does, with its own certified key; only the outside world
is in memory.
"""

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from cases.acts import ActBody
from cases.envelope import Act, Actor, Door, RoundBinding, sign_act
from cases.file import EDITION
from cases.gate import Round
from cases.ids import case_id
from cases.receipts import ActReceipt
from cases.report import Report, Source
from cases.state import CasePicture
from runbooks import Runbook, assess, compile_runbook
from runbooks.plan import Assurance, Pathway
from workers.engine import Engine
from workers.simulation.at_once import at_once
from workers.simulation.bustle import Bustle
from workers.simulation.keys import DoorKeys, OneKeyring
from workers.simulation.outside import Outside, Placed
from workers.simulation.synthetic import Synthetic
from workers.simulation.wants import Want
from workers.temporal import connect
from workers.virtual_clock import VirtualClock
from workflows.attributes import at_start
from workflows.messages import (
    ACT_UPDATE,
    PICTURE_QUERY,
    REPORT_SIGNAL,
    WORKFLOW,
    CaseInput,
    ReportJoined,
    ReportReceived,
    RoutedBy,
    TicketUpdated,
    arguments,
)

MINUTE = timedelta(minutes=1)
LOOK = 0.5
"""Seconds between two tries of an act that the case could not take yet."""
PATIENCE = 120
INSTANCE = "simulation"


class StuckError(Exception):
    """A case does not go on, although it should."""


@dataclass
class Theatre:
    """Plays cases on one server."""

    clock: VirtualClock
    outside: Outside
    keys: DoorKeys
    client: Client
    """For workers."""
    driven: Client
    """What it starts can be moved in time."""
    pathways: Mapping[str, Pathway]
    name: str
    """Its task queue, and part of its cases' ids: theatres on one server do not meet."""
    bustle: Bustle
    """Watches the cases of `client`'s workers."""
    begins: datetime | None = None
    """Minute 0 of the week that is played; None plays every case as if it came now."""
    up: asyncio.Event = field(default_factory=asyncio.Event)
    restarts: int = 0
    _crashing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _worker: Worker | None = None
    _running: asyncio.Task[None] | None = None

    async def open(self, case: Synthetic, *, attempt: int) -> Placed:
        """The case has been started, at the instant at which it arrives."""
        pathway = self.pathways[case.runbook]
        external = f"{self.name}/{case.key}/{attempt}"
        name = case_id(source=Source.STANDARD.value, instance=INSTANCE, external_id=external)
        begun = await self._arrival(case)
        found = assess(self.outside.runbooks[pathway.digest], case.reported)
        request = CaseInput(
            case=name,
            number=f"{1000 + case.index}{'b' * case.hop}",
            report=Report(
                source=Source.STANDARD,
                instance=INSTANCE,
                external_id=external,
                delivery=external,
                received_at=begun,
                receipt_at=begun - case.receipt_lag * MINUTE,
            ),
            pathway=pathway,
            routed=RoutedBy(reason="simulated"),
            severity=found.severity,
            severity_row=str(found.row),
            severity_because=found.because,
            answers=dict(case.reported),
            same_subject=case.same_subject,
            root_key=base64.b64encode(self.keys.root.public_key().public_bytes_raw()).decode(),
            salt=base64.b64encode(sha256(external.encode()).digest()).decode(),
            edition=EDITION,
        )
        placed = Placed(case=case, id=name, begun=begun)
        await self.begin(placed, request)
        return placed

    async def begin(self, placed: Placed, request: CaseInput) -> None:
        """The case has been started with that input, and it is the instant at which it begins."""
        self.outside.placed[placed.id] = placed
        self.bustle.begins(placed.id)
        ahead = max(placed.begun - await self.clock.now(), timedelta(0))
        await self.driven.start_workflow(
            WORKFLOW,
            args=arguments(request),
            id=placed.id,
            task_queue=self.name,
            search_attributes=at_start(request),
            start_delay=ahead or None,
        )
        if ahead:
            await self.clock.forward(placed.id, placed.begun - await self.clock.now())

    async def _arrival(self, case: Synthetic) -> datetime:
        if self.begins is None:
            return await self.clock.now()
        return self.begins + case.arrival.minute * MINUTE

    async def rests(self, placed: Placed) -> bool:
        """Nothing of the case is under way; whether it still runs."""
        case = placed.id

        def rested() -> bool:
            return bool(placed.entries) and self.bustle.open(case) <= self.outside.waiting(case)

        until = asyncio.get_running_loop().time() + PATIENCE
        if not await self.bustle.over(case, rested, until=until):
            raise StuckError(_under_way(await self.clock.described(case)))
        return not self.bustle.ended(case)

    def picture(self, placed: Placed) -> CasePicture:
        """The case as it stands."""
        return placed.picture

    async def look(self, placed: Placed) -> CasePicture:
        """The case as it stands, what it has not written down yet included."""
        return CasePicture.of(await self._handle(placed).query(PICTURE_QUERY))

    async def now(self, placed: Placed) -> datetime:
        """The case's own instant."""
        return await self.clock.now(placed.id)

    async def forward(self, placed: Placed, *, minute: int) -> bool:
        """It is that minute of the case, everything before it has happened; False when it ended."""
        return await self.reach(placed, minute * MINUTE)

    async def reach(self, placed: Placed, since: timedelta) -> bool:
        """So much time has passed since the case began; False when it ended on the way."""
        await self.up.wait()
        left = placed.begun + since - await self.now(placed)
        if left <= timedelta(0):
            return True
        return await self.clock.forward(placed.id, left)

    async def act(self, placed: Placed, want: Want) -> ActReceipt | None:
        """The act is signed and answered; a report is only sent, and has no answer."""
        await self.up.wait()
        at = await self.now(placed)
        body = want.body(at)
        if isinstance(body, ReportReceived):
            await self.send(placed, REPORT_SIGNAL, body)
            return None
        return await self.hand_in(placed, self._signed_by(placed, want, body, at=at))

    async def send(
        self, placed: Placed, signal: str, body: ReportReceived | ReportJoined | TicketUpdated
    ) -> None:
        """What automation says has come in."""
        self.bustle.told(placed.id)
        await self._handle(placed).signal(signal, body)

    async def hand_in(self, placed: Placed, act: Act) -> ActReceipt:
        """The act is signed by the door and answered."""
        await self.up.wait()
        envelope = sign_act(act, key=self.keys.door, certificate=self.keys.certificate)
        until = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                receipt: ActReceipt = await self._handle(placed).execute_update(
                    ACT_UPDATE, envelope, id=act.act, result_type=ActReceipt
                )
            except RPCError as error:
                # A machine that is too slow for a task fails it, and the case takes no update
                # before the next one: the same act is sent again under the same id.
                late = asyncio.get_running_loop().time() > until
                if error.status is not RPCStatusCode.FAILED_PRECONDITION or late:
                    raise
                await asyncio.sleep(LOOK)
            else:
                return receipt

    def _signed_by(self, placed: Placed, want: Want, body: ActBody, *, at: datetime) -> Act:
        pathway = self.pathways[placed.case.runbook]
        gate = pathway.stage(want.round.gate).gate if want.round is not None else None
        strictest = gate.assurance if gate is not None else Assurance.L2
        return Act(
            act=str(uuid.uuid4()),
            case=placed.id,
            actor=Actor(
                person=want.person.id,
                roles=(want.role,),
                directory_digest="0" * 64,
                directory_as_of=at,
            ),
            role=want.role,
            assurance=max(strictest, Assurance.L2),
            door=Door.WEB,
            signed_at=at,
            body=body,
            binding=_binding(want.round),
        )

    async def ended(self, placed: Placed) -> None:
        """The case's run has ended; StuckError when it does not."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._handle(placed).result()
        except (TimeoutError, RPCError) as late:
            raise StuckError("accepted its last act and did not end") from late

    async def give_up(self, placed: Placed) -> None:
        """The case runs no longer."""
        with suppress(RPCError):
            # It may have ended in the very moment it was given up: then it runs no longer either.
            await self._handle(placed).terminate(reason="the simulation gave it up")

    def _handle(self, placed: Placed) -> WorkflowHandle[Any, Any]:
        return self.driven.get_workflow_handle(placed.id)

    # -- the worker ---------------------------------------------------------------------------

    def start_worker(self) -> None:
        """A worker with nothing in its memory polls for cases."""
        self._worker = Worker(
            self.client,
            task_queue=self.name,
            max_cached_workflows=1000,
            graceful_shutdown_timeout=timedelta(0),
            # Cases compute in this thread, without a hand-over each time: a tenth of a week.
            debug_mode=True,
        )
        self._running = asyncio.create_task(self._worker.run())
        self.up.set()

    async def stop_worker(self) -> None:
        """No worker polls."""
        self.up.clear()
        worker, running = self._worker, self._running
        self._worker = self._running = None
        if worker is not None and running is not None:
            await worker.shutdown()
            await running

    async def crash(self) -> None:
        """The worker has gone with all it had in memory, and another has taken its place."""
        # Cases that end together may crash it together: one has gone before the next one goes.
        async with self._crashing:
            self.restarts += 1
            await self.stop_worker()
            self.start_worker()


@asynccontextmanager
async def theatre(
    engine: Engine,
    runbooks: Mapping[str, Runbook],
    *,
    outside: Outside,
    begins: datetime | None = None,
    sealed: bool = False,
) -> AsyncIterator[Theatre]:
    """Cases of these runbooks can be played inside, in the week that begins then, or at once.

    What the server is given is sealed only where it is asked for: that costs a tenth of the time,
    and a case that was drawn is nobody's.
    """
    clock, bustle = VirtualClock(), Bustle()
    client = await connect(
        engine.address,
        namespace=engine.namespace,
        keyring=OneKeyring() if sealed else None,
        activities=outside.activities,
        extra_plugins=[bustle.plugin, at_once(outside.at_once)],
    )
    pathways = {name: compile_runbook(runbook) for name, runbook in runbooks.items()}
    outside.runbooks.update((pathways[name].digest, book) for name, book in runbooks.items())
    place = Theatre(
        clock=clock,
        outside=outside,
        keys=DoorKeys.made(at=await clock.now()),
        client=client,
        driven=clock.drive(client),
        pathways=pathways,
        name=f"simulation-{uuid.uuid4().hex}",
        bustle=bustle,
        begins=begins,
    )
    place.start_worker()
    try:
        yield place
    finally:
        await place.stop_worker()


def _under_way(raw: DescribeWorkflowExecutionResponse) -> str:
    """What keeps the case from resting, for whoever looks for the reason."""
    activities = [
        f"{each.activity_type.name}, attempt {each.attempt}, "
        f"{PendingActivityState.Name(each.state).removeprefix('PENDING_ACTIVITY_STATE_').lower()}"
        for each in raw.pending_activities
    ]
    task = ["a workflow task"] if raw.HasField("pending_workflow_task") else []
    return f"stays under way for {PATIENCE} s: {'; '.join([*activities, *task])}"


def _binding(round_: Round | None) -> RoundBinding | None:
    if round_ is None:
        return None
    return RoundBinding(
        gate=round_.gate,
        round=round_.number,
        revision=round_.revision,
        content_hash=round_.content_hash,
        nonce=round_.nonce,
    )
