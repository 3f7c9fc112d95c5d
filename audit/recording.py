"""A workflow runner that writes down what the code asks for while a history is replayed."""

from dataclasses import dataclass, field
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_commands import WorkflowCommand
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import (
    UnsandboxedWorkflowRunner,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)

from workflows.around import InstanceAround, RunnerAround


@dataclass
class Recording:
    """What one run asked for, by the workflow task in which it asked."""

    asked: dict[int, list[WorkflowCommand]] = field(default_factory=dict)
    """By the id of the event that started the workflow task."""
    failures: dict[int, str] = field(default_factory=dict)
    """Workflow tasks that the code could not do."""

    @property
    def reached(self) -> int:
        """The last workflow task that was replayed."""
        return max(self.asked, default=0)


class RecordingRunner(RunnerAround):
    """Runs workflows as the SDK does, and records their commands.

    Without the sandbox: it guards against code that behaves differently on replay, and here any
    such difference is a finding anyway; it costs half the time.
    """

    def __init__(self, inner: WorkflowRunner | None = None) -> None:
        super().__init__(inner or UnsandboxedWorkflowRunner())
        self.recordings: dict[str, Recording] = {}
        """By the id the run has in its own history: the original one, also after a reset."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """An instance whose commands are recorded."""
        recording = self.recordings[det.info.run_id] = Recording()
        return _RecordingInstance(super().create_instance(det), recording)


class _RecordingInstance(InstanceAround):
    def __init__(self, inner: WorkflowInstance, recording: Recording) -> None:
        super().__init__(inner)
        self._recording = recording

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        completion = super().activate(act)
        if any(job.HasField("remove_from_cache") for job in act.jobs):
            return completion
        if completion.HasField("failed"):
            self._recording.failures[act.history_length] = completion.failed.failure.message
            return completion
        asked = self._recording.asked.setdefault(act.history_length, [])
        for command in completion.successful.commands:
            kept = WorkflowCommand()
            kept.CopyFrom(command)
            asked.append(kept)
        return completion

    def get_serialization_context(self, command_info: Any) -> Any:
        # Only a codec is told where it works, and a history that was opened has none: to work the
        # context out for every payload took a twentieth of a replay.
        del command_info
