"""Where a worker is around each activity: before it, after it, and once the server knows of it.

At each a worker of a test asks over a Unix socket whether it may go on, and waits for the answer.
So a test can kill whichever process it likes at exactly that place, the worker itself among them.
"""

import asyncio
import json
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Self

from temporalio import activity
from temporalio.client import Client
from temporalio.plugin import SimplePlugin
from temporalio.service import RPCError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    WorkerConfig,
)

from workflows.messages import WORKFLOW

STICKY = timedelta(seconds=1)
"""So long a step of a case waits for the worker that has it in its cache: it may be dead."""
_LOOK = 0.02


class Boundary(StrEnum):
    """Where a worker is in one activity."""

    BEFORE = "before the call"
    AFTER = "after the call, its completion unreported"
    COMPLETED = "after its completion"


class Point(NamedTuple):
    """A boundary of one activity of one case; `step` is the activity's own id in its run."""

    boundary: Boundary
    case: str
    step: int
    activity: str

    @property
    def line(self) -> bytes:
        """As it is asked about."""
        return json.dumps(self).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Self:
        """The point that is asked about."""
        boundary, case, step, name = json.loads(line)
        return cls(Boundary(boundary), case, step, name)


class Asking(Interceptor):
    """Asks at every boundary of a case's activities."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._reported: set[asyncio.Task[None]] = set()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """What runs the activity, with questions around it."""
        return _Asked(next, self)

    async def ask(self, boundary: Boundary, info: activity.Info) -> None:
        """Whoever listens has let this process go on."""
        point = Point(boundary, info.workflow_id or "", int(info.activity_id), info.activity_type)
        reader, writer = await asyncio.open_unix_connection(self._socket)
        try:
            writer.write(point.line)
            await reader.readline()
        finally:
            writer.close()

    def ask_once_reported(self, client: Client, info: activity.Info) -> None:
        """The last question comes when the server no longer waits for the activity."""
        task = asyncio.create_task(self._ask_once_reported(client, info))
        self._reported.add(task)
        task.add_done_callback(self._reported.discard)

    async def _ask_once_reported(self, client: Client, info: activity.Info) -> None:
        handle = client.get_workflow_handle(info.workflow_id or "", run_id=info.workflow_run_id)
        while True:
            try:
                raw = (await handle.describe()).raw_description
            except RPCError:
                # The server is dead at this moment.
                await asyncio.sleep(_LOOK)
                continue
            if all(each.activity_id != info.activity_id for each in raw.pending_activities):
                break
            await asyncio.sleep(_LOOK)
        await self.ask(Boundary.COMPLETED, info)


class _Asked(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, asking: Asking) -> None:
        super().__init__(inner)
        self._asking = asking

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        """The activity's result, if this process may live to tell it."""
        info = activity.info()
        if info.workflow_type != WORKFLOW:
            return await super().execute_activity(input)
        await self._asking.ask(Boundary.BEFORE, info)
        result = await super().execute_activity(input)
        await self._asking.ask(Boundary.AFTER, info)
        self._asking.ask_once_reported(activity.client(), info)
        return result


class AskingPlugin(SimplePlugin):
    """Workers ask at every boundary; what they had in their cache when they died soon goes on."""

    def __init__(self, socket: str) -> None:
        super().__init__("asking", interceptors=[Asking(socket)])

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        """The worker asks."""
        made = super().configure_worker(config)
        made["sticky_queue_schedule_to_start_timeout"] = STICKY
        return made
