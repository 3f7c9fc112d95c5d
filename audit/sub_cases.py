"""Whether cases that were cancelled together rest on one signed act that names each of them."""

from collections.abc import Iterator, Sequence

from audit.acts import Proven
from audit.other_cases import asked_by_others
from audit.runs import CaseHistory
from cases.acts import Cancel
from cases.journal import Entry, Kind

CANCELLED_TOGETHER = (Kind.CANCELLED_ALONG, Kind.SUB_CASE_CANCELLED)


def check_cancelled_together(
    history: CaseHistory, proven: Proven, entries: Sequence[Entry], *, root: bytes
) -> Iterator[str]:
    """Every cancelling of this case, or of a sub-case by it, that no signed act names."""
    asked = {act.act: act for act in asked_by_others(history, root=root)}
    for entry in entries:
        named = str(entry.body.get("cancelling_act"))
        if entry.kind is Kind.CANCELLED_ALONG:
            act = asked.get(named)
            body = act.body if act is not None else None
            if not isinstance(body, Cancel) or all(
                each.case != history.case for each in body.sub_cases
            ):
                yield f"entry {entry.sequence}: it was cancelled by no signed act that names it"
            elif act is not None and act.actor.person != entry.body.get("who"):
                yield f"entry {entry.sequence}: somebody else signed its cancelling"
        elif entry.kind is Kind.SUB_CASE_CANCELLED:
            act = proven.acts.get(named)
            body = act.body if act is not None else None
            if not isinstance(body, Cancel) or all(
                each.number != entry.body.get("number") for each in body.sub_cases
            ):
                yield f"entry {entry.sequence}: it cancelled a case by no signed act of its own"
