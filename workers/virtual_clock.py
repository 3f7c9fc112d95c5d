"""The clock of a simulation: each case lives in its own virtual time (I16).

The engine's time skipping moves only a workflow's clock. Doors and activities must live in the
same time as the case they serve, so they ask here; what belongs to no case lives in the present.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
)
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig

ZERO = timedelta(0)
MANY_SKIPS = 10_000


class VirtualClock:
    """Answers with a case's virtual instant; `forward` moves it."""

    def __init__(self) -> None:
        self._ahead: dict[str, timedelta] = {}
        self._skipper: TimeSkipper | None = None

    def drive(self, client: Client) -> Client:
        """The client whose cases can be moved; time moves only when told to."""
        self._skipper = TimeSkipper(
            client, config=TimeSkippingConfig(enabled=False, max_session_skip_count=MANY_SKIPS)
        )
        return self._skipper.client

    async def now(self, case: str | None = None) -> datetime:
        """The present, and for a case as much later as it has been moved."""
        ahead = self._ahead.get(case, ZERO) if case is not None else ZERO
        return datetime.now(tz=UTC) + ahead

    async def resync(self, cases: list[str]) -> None:
        """The cases' own instants are known again, after the process that moved them has gone."""
        await asyncio.gather(*(self._read(case) for case in cases))

    async def forward(self, case: str, by: timedelta) -> bool:
        """The case has lived through so much more time; every timer on the way has fired.

        False when it ended on the way.
        """
        alive = await self._driven.fast_forward(self._handle(case), by)
        await self._read(case)
        return alive

    async def forward_all(self, cases: list[str], by: timedelta) -> None:
        """All of these cases have lived through so much more time."""
        await asyncio.gather(*(self.forward(case, by) for case in cases))

    async def described(self, case: str) -> DescribeWorkflowExecutionResponse:
        """The case as the server describes it."""
        # Below the SDK's own call, which decodes much that nobody looks at here.
        client = self._driven.client
        return await client.workflow_service.describe_workflow_execution(
            DescribeWorkflowExecutionRequest(
                namespace=client.namespace, execution=WorkflowExecution(workflow_id=case)
            ),
            retry=True,
        )

    async def _read(self, case: str) -> None:
        extended, ahead = (await self.described(case)).workflow_extended_info, ZERO
        if extended.HasField("time_skipping_info"):
            virtual = extended.time_skipping_info.current_time.ToDatetime(tzinfo=UTC)
            ahead = virtual - datetime.now(tz=UTC)
        self._ahead[case] = max(ahead, ZERO)

    def _handle(self, case: str) -> WorkflowHandle[Any, Any]:
        return self._driven.client.get_workflow_handle(case)

    @property
    def _driven(self) -> TimeSkipper:
        if self._skipper is None:
            message = "the clock drives no engine yet"
            raise RuntimeError(message)
        return self._skipper
