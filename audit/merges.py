"""Whether every merge rests on an act that was signed for both cases."""

from collections.abc import Iterator, Sequence

from audit.acts import Proven
from audit.other_cases import asked_by_others
from audit.runs import CaseHistory
from cases.acts_between_cases import Merge, Unmerge
from cases.journal import Entry, Kind

MERGES = (Kind.CASE_MERGED, Kind.CASE_MERGED_AWAY, Kind.MERGE_GIVEN_BACK)


def check_merges(
    history: CaseHistory, proven: Proven, entries: Sequence[Entry], *, root: bytes
) -> Iterator[str]:
    """Every merge, or leaving, that no signed act of the other case names this one for."""
    asked = {act.act: act for act in asked_by_others(history, root=root)}
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
