"""Whether every merge rests on an act that was signed for both cases."""

from collections.abc import Iterator, Sequence
from typing import Any

from audit.acts import Proven
from audit.histories import CaseHistory
from audit.kinds import EVENT
from audit.payloads import only, read
from cases.acts import Merge, Unmerge
from cases.envelope import Act, ActEnvelope, RefusedEnvelope, verify_envelope
from cases.journal import Entry, Kind
from cases.merging import BackRequest, MergeRequest
from workflows.messages import BACK_UPDATE, MERGE_UPDATE

MERGES = (Kind.CASE_MERGED, Kind.CASE_MERGED_AWAY, Kind.MERGE_GIVEN_BACK)


def check_merges(
    history: CaseHistory, proven: Proven, entries: Sequence[Entry], *, root: bytes
) -> Iterator[str]:
    """Every merge, or leaving, that no signed act of the other case names this one for."""
    asked = {act.act: act for act in _asked(history, root=root)}
    for entry in entries:
        if entry.kind is Kind.CASE_MERGED:
            act = proven.acts.get(str(entry.body.get("merging_act")))
            if act is None or not isinstance(act.body, Merge):
                yield f"entry {entry.sequence}: it took in a case by no signed act of its own"
        elif entry.kind is Kind.CASE_MERGED_AWAY:
            act = asked.get(str(entry.body.get("merging_act")))
            named = act is not None and isinstance(act.body, Merge)
            if act is None or not named or getattr(act.body, "case", "") != history.case:
                yield f"entry {entry.sequence}: it was merged by no signed act that names it"
            elif act.actor.person != entry.body.get("who"):
                yield f"entry {entry.sequence}: somebody else signed its merge"
        elif entry.kind is Kind.MERGE_GIVEN_BACK:
            act = asked.get(str(entry.body.get("unmerging_act")))
            if act is None or not isinstance(act.body, Unmerge):
                yield f"entry {entry.sequence}: it gave back a case by no signed act of that case"


def _asked(history: CaseHistory, *, root: bytes) -> Iterator[Act]:
    """The acts of other cases that came in and hold, each for the case it names."""
    kinds: dict[str, type[MergeRequest | BackRequest]] = {
        MERGE_UPDATE: MergeRequest,
        BACK_UPDATE: BackRequest,
    }
    for run in history.runs:
        for event in run.events:
            if event.event_type != EVENT.WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
                continue
            said: Any = event.workflow_execution_update_accepted_event_attributes
            kind = kinds.get(said.accepted_request.input.name)
            payload = only(said.accepted_request.input.args.payloads)
            request = read(payload, kind) if kind is not None else None
            if request is not None:
                yield from _holding(request.envelope, root=root)


def _holding(envelope: ActEnvelope, *, root: bytes) -> Iterator[Act]:
    try:
        named = Act.model_validate_json(envelope.payload).case
        yield verify_envelope(envelope, case=named, root=root)
    except (RefusedEnvelope, ValueError):
        return
