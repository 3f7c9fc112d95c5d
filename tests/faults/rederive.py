"""A journal, worked out anew from the history of its run alone."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue
from temporalio.client import WorkflowHistory
from temporalio.worker import (
    Interceptor,
    Replayer,
    StartActivityInput,
    UnsandboxedWorkflowRunner,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle

from cases.journal import Entry
from workflows.converter import CaseKeyring, converter
from workflows.effects import APPEND_JOURNAL, JournalBatch
from workflows.escalation import EscalationWorkflow


async def rederived(
    history: WorkflowHistory, *, keyring: CaseKeyring, namespace: str
) -> list[Entry]:
    """The entries that today's code writes when it lives through that history again.

    They are taken from what the replayed workflow *asks*, not from what the history says it asked.
    """
    asked: list[JournalBatch] = []
    await Replayer(
        workflows=[EscalationWorkflow],
        namespace=namespace,
        data_converter=converter(keyring),
        interceptors=[_Listening(asked)],
        # What is asked must reach this process; the sandbox has its own test in tests/workflows.
        workflow_runner=UnsandboxedWorkflowRunner(),
        # A busy machine is no deadlock.
        debug_mode=True,
    ).replay_workflow(history)
    entries: dict[int, Entry] = {}
    for batch in asked:
        for entry in batch.restore():
            known = entries.setdefault(entry.sequence, entry)
            assert known.data == entry.data, "one sequence number, two entries"
    return [entries[sequence] for sequence in sorted(entries)]


class _Listening(Interceptor):
    def __init__(self, asked: list[JournalBatch]) -> None:
        self._asked = asked

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002 - the SDK's name
    ) -> type[WorkflowInboundInterceptor]:
        """An interceptor that writes down what the workflow asks for."""
        asked = self._asked

        class Outbound(WorkflowOutboundInterceptor):
            def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:  # noqa: A002
                if input.activity == APPEND_JOURNAL.name:
                    asked.append(input.args[0])
                return super().start_activity(input)

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(Outbound(outbound))

        return Inbound


_VARYING = re.compile(
    r"\d{4}-\d\d-\d\dT[0-9:.+Z-]+"  # instants
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # ids of acts
    r"|[0-9a-f]{16,}"  # hashes, nonces, keys
    r"|case/[a-z2-7]{26}"
    r"|event-report-[0-9]+-[0-9a-f]{6}"  # our own names of reports
)


def without_what_varies(entries: Sequence[Entry], *, number: str) -> list[str]:
    """The entries with instants, ids, hashes and the case's number taken out."""
    return [f"{entry.kind.value} {_plain(entry.body, number)}" for entry in entries]


def _plain(body: Mapping[str, JsonValue], number: str) -> str:
    shown = []
    for name in sorted(body):
        text = _VARYING.sub("*", str(body[name]))
        shown.append(f"{name}={text.replace(number, '#')}")
    return " ".join(shown)
