"""What a case asks of an authority that takes reports over a wire."""

from typing import Protocol

from pydantic import JsonValue

from cases.drafts.record import Draft
from cases.values import Instant, Value


class Submission(Value):
    """One approved report. Its names are unguessable, and the same in every try."""

    draft: Draft
    case_number: str
    names: tuple[str, ...]
    """One a statement: the receiver knows it again by that, and learns nothing of the case."""
    ordered_at: Instant


class SubmissionReceipt(Value):
    """The authority has it."""

    reference: str
    detail: str = ""


class Steps(Protocol):
    """What an adapter did so far for one submission, kept through crashes and retries."""

    async def taken(self) -> list[dict[str, JsonValue]]:
        """Every step on record, oldest first."""
        ...

    async def take(self, step: dict[str, JsonValue]) -> None:
        """The step is on record before the next one is taken."""
        ...


class Reporting(Protocol):
    """One authority's connector."""

    async def submit(self, submission: Submission, steps: Steps) -> SubmissionReceipt:
        """The authority has the report, as its answer proves; a second try files nothing twice."""
        ...
