"""A runner of workflows around another one: what it leaves alone, the inner one does."""

from collections.abc import Sequence
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import SerializationContext, StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.workflow import Info


class RunnerAround(WorkflowRunner):
    """Runs workflows as the inner one does."""

    def __init__(self, inner: WorkflowRunner) -> None:
        self._inner = inner

    def prepare_workflow(self, defn: Any) -> None:
        """The workflow can be run."""
        self._inner.prepare_workflow(defn)

    def set_worker_level_failure_exception_types(
        self, types: Sequence[type[BaseException]]
    ) -> None:
        """The inner runner knows them."""
        self._inner.set_worker_level_failure_exception_types(types)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """The inner runner's instance."""
        return self._inner.create_instance(det)


class InstanceAround(WorkflowInstance):
    """Computes what the inner instance does."""

    def __init__(self, inner: WorkflowInstance) -> None:
        self._inner = inner

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """What the inner instance asks for."""
        return self._inner.activate(act)

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        """The inner instance's."""
        return self._inner.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        """The inner instance's."""
        return self._inner.get_external_store_context(command_info)

    def get_info(self) -> Info:
        """Of the run."""
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        """Of the thread that computes."""
        return self._inner.get_thread_id()
