"""How a case's code is run: in the sandbox, with our own tree passed through.

Only the file with the workflow's definition runs again for each case. The SDK asks the sandboxed
instance for the context of every single payload, and entering the sandbox for it costs a case a
fifth of its time (measured with py-spy). Here the answer is always the same: each
payload of a case belongs to the case, whichever command it travels with.
"""

from collections.abc import Sequence
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import (
    SerializationContext,
    StorageDriverStoreContext,
    WorkflowSerializationContext,
)
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import Info

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


class CaseRunner(WorkflowRunner):
    """The SDK's sandbox; what it is asked about payloads is answered outside of it."""

    def __init__(self) -> None:
        self._sandbox = SandboxedWorkflowRunner(
            restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
        )

    def prepare_workflow(self, defn: Any) -> None:
        """The workflow can be run."""
        self._sandbox.prepare_workflow(defn)

    def set_worker_level_failure_exception_types(
        self, types: Sequence[type[BaseException]]
    ) -> None:
        """The sandbox knows them."""
        self._sandbox.set_worker_level_failure_exception_types(types)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """A sandboxed instance of the case."""
        return _CaseInstance(self._sandbox.create_instance(det), det.info)


class _CaseInstance(WorkflowInstance):
    def __init__(self, sandboxed: WorkflowInstance, info: Info) -> None:
        self._sandboxed = sandboxed
        self._context = WorkflowSerializationContext(
            namespace=info.namespace, workflow_id=info.workflow_id
        )

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        return self._sandboxed.activate(act)

    def get_serialization_context(self, command_info: Any) -> SerializationContext:
        return self._context

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        # Nothing of a case is stored outside Temporal by the SDK.
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> Info:
        return self._sandboxed.get_info()

    def get_thread_id(self) -> int | None:
        return self._sandboxed.get_thread_id()
