"""Bulk effects: what touches many accounts at once is approved, done in steps, and watched."""

import re
from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictInt, StrictStr, model_validator

from runbooks.grammar.base import Duration, Name, Prose, Strict, refuse
from runbooks.plan import BulkGuardPlan, BulkPlan, BulkStepPlan
from runbooks.plan.bulk import percent

_SHARE = re.compile(r"\d{1,3}(\.\d{1,2})?%")
_FROM = re.compile(r"webhook:[a-z][a-z0-9-]{0,60}")


def _share(value: str) -> str:
    if not _SHARE.fullmatch(value) or not 0 < percent(value) <= 100:  # noqa: PLR2004 - the whole
        refuse("RB014", "a share of the whole, like 1% or 0.5%")
    return value


def _asked(value: str) -> str:
    if not _FROM.fullmatch(value):
        refuse("RB013", "webhook:<connector>")
    return value


Share = Annotated[StrictStr, AfterValidator(_share)]
"""`1%`, `10%`, `0.5%`: of everything the effect concerns."""


class BulkStep(Strict):
    """Up to which share this step goes, and how long it is watched before the next."""

    share: Share
    watch: Duration | None = None


class BulkGuard(Strict):
    """What shows that the wrong ones are hit: above the limit the effect stops and is undone."""

    signal: Prose
    """What is counted, as in "actions overturned on appeal"."""
    above: Share
    within: Duration = timedelta(hours=24)
    """Looks further back than this count no more."""
    at_least: Annotated[StrictInt, Field(ge=1)] = 1
    """So many must have been checked before a share of them means anything."""
    by: Name
    """Who looks, after every step."""
    from_: Annotated[StrictStr, AfterValidator(_asked)] | None = None
    """The connector that is asked first."""

    @property
    def plan(self) -> BulkGuardPlan:
        """The guard as a running case needs it."""
        return BulkGuardPlan(
            signal=self.signal,
            above=self.above,
            within=self.within,
            at_least=self.at_least,
            by=self.by,
            ask=self.from_ or "",
        )


class Bulk(Strict):
    """How an effect on many is ordered: how many, by whose approval, in which steps."""

    count: Name
    """The question whose answer says how many it concerns."""
    list_: Name
    """The question whose answer says where the list of them is kept."""
    above: Annotated[StrictInt, Field(ge=0)]
    """More than so many need the approval."""
    approved_by: Name
    """The gate that approves it."""
    steps: Annotated[tuple[BulkStep, ...], Field(min_length=1)]
    """After the last of them the rest follows."""
    guard: BulkGuard | None = None

    @model_validator(mode="after")
    def _rising(self) -> Self:
        before = None
        for index, step in enumerate(self.steps):
            if before is not None and percent(step.share) <= percent(before):
                refuse("RB017", f"more than {before}", at=("steps", index, "share"))
            before = step.share
        return self

    @property
    def _rest(self) -> tuple[BulkStep, ...]:
        whole = BulkStep.model_validate({"share": "100%"})
        return () if percent(self.steps[-1].share) == percent(whole.share) else (whole,)

    @property
    def plan(self) -> BulkPlan:
        """The steps as a running case needs them."""
        return BulkPlan(
            count=self.count,
            listed=self.list_,
            above=self.above,
            gate=self.approved_by,
            steps=tuple(
                BulkStepPlan(share=step.share, watch=step.watch or timedelta())
                for step in (*self.steps, *self._rest)
            ),
            guard=self.guard.plan if self.guard else None,
        )
