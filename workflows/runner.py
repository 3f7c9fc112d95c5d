"""How a case's code is run: in the sandbox, with our own tree passed through.

Only the file with the workflow's definition runs again for each case. The SDK asks the sandboxed
instance for the context of every single payload, and entering the sandbox for it costs a case a
fifth of its time (measured with py-spy). Here the answer is always the same: each
payload of a case belongs to the case, whichever command it travels with.

Here too a worker marks what its code derived: beside the bytes of each batch of journal entries
goes the signature of its own key (`cases.worker_keys`). The code knows nothing of it, and asks for
the same without; so a replay by another worker, or by an auditor, finds no difference.
"""

from collections.abc import Callable
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import (
    SerializationContext,
    StorageDriverStoreContext,
    WorkflowSerializationContext,
)
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import Info

from cases.worker_keys import MARK
from workflows.around import InstanceAround, RunnerAround
from workflows.effects import APPEND_JOURNAL
from workflows.obligation_effects import APPEND_OBLIGATION

Sign = Callable[[bytes], bytes | None]
"""The mark of a worker's key over the bytes of a batch; None while it has no certified key."""

BATCHES = frozenset({APPEND_JOURNAL.name, APPEND_OBLIGATION.name})
"""What a worker marks: everything that it writes down."""

PASSED_THROUGH = (
    "cases",
    "runbooks",
    "workflows",
    "cryptography",
    "rfc8785",
    "structlog",
    "opentelemetry",
    "ruamel",
)


class CaseRunner(RunnerAround):
    """The SDK's sandbox; what it is asked about payloads is answered outside of it."""

    def __init__(self, *, sign: Sign | None = None) -> None:
        restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
        super().__init__(SandboxedWorkflowRunner(restrictions=restrictions))
        self._sign = sign

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """A sandboxed instance of the case."""
        return _CaseInstance(super().create_instance(det), det.info, sign=self._sign)


class _CaseInstance(InstanceAround):
    def __init__(self, sandboxed: WorkflowInstance, info: Info, *, sign: Sign | None) -> None:
        super().__init__(sandboxed)
        self._sign = sign
        self._context = WorkflowSerializationContext(
            namespace=info.namespace, workflow_id=info.workflow_id
        )

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        completion = super().activate(act)
        # What is replayed has its mark in the history, of whoever wrote it first.
        if self._sign is not None and not act.is_replaying:
            _mark(completion, self._sign)
        return completion

    def get_serialization_context(self, command_info: Any) -> SerializationContext:
        return self._context

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        # Nothing of a case is stored outside Temporal by the SDK.
        return StorageDriverStoreContext(target=None)


def _mark(completion: WorkflowActivationCompletion, sign: Sign) -> None:
    for command in completion.successful.commands:
        if not command.HasField("schedule_activity"):
            continue
        asked = command.schedule_activity
        if asked.activity_type not in BATCHES:
            continue
        for batch in asked.arguments:
            mark = sign(batch.data)
            if mark is not None:
                batch.metadata[MARK] = mark
