"""Notes that somebody owes again and again: asked of a role that need not work on the case."""

from collections.abc import Sequence
from datetime import datetime

from cases.file import SYSTEM, WRITTEN, CaseFile
from cases.records import InformationRequest


def ask_for_next(
    file: CaseFile,
    asked: Sequence[InformationRequest],
    *,
    series: str,
    by: str,
    question: str,
    at: datetime,
) -> InformationRequest | None:
    """The next note of the series is asked for after these; None while one is still owed."""
    if any(each.answer is None for each in asked):
        return None
    request = InformationRequest(
        id=f"{series}-{len(asked) + 1}",
        gate="",
        round=0,
        asked_by=SYSTEM,
        question=question,
        at=at,
        material=False,
        role=by if file.edition >= WRITTEN else None,
    )
    file.state.requests.append(request)
    return request
