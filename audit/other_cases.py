"""The acts of other cases that came into one and hold, each for the case it names."""

from collections.abc import Iterator
from typing import Any

from audit.kinds import EVENT
from audit.payloads import only, read
from audit.runs import CaseHistory
from cases.cancelling import CancelRequest
from cases.envelope import Act
from cases.merging import BackRequest, MergeRequest
from cases.other_cases import proven
from workflows.messages import BACK_UPDATE, CANCEL_UPDATE, MERGE_UPDATE

REQUESTS: dict[str, type[MergeRequest | BackRequest | CancelRequest]] = {
    MERGE_UPDATE: MergeRequest,
    BACK_UPDATE: BackRequest,
    CANCEL_UPDATE: CancelRequest,
}
"""What other cases ask of one, by the name of the update."""


def asked_by_others(history: CaseHistory, *, root: bytes) -> Iterator[Act]:
    """Every act of another case that was handed to this one, and proves itself."""
    for run in history.runs:
        for event in run.events:
            if event.event_type != EVENT.WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
                continue
            said: Any = event.workflow_execution_update_accepted_event_attributes
            kind = REQUESTS.get(said.accepted_request.input.name)
            payload = only(said.accepted_request.input.args.payloads)
            request = read(payload, kind) if kind is not None else None
            act = proven(request.envelope, root=root) if request is not None else None
            if act is not None:
                yield act
