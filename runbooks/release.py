"""How a version of a runbook goes live: proposed by one person, approved by another, retired.

The rules are pure; whoever keeps the releases implements `ReleaseShelf` and lets these functions
decide every step.

    (nothing) --propose--> proposed --approve by somebody else--> live --retire--> retired

A release may be one in the shadow: its cases run beside today's process and send nothing. It ends
when a version of the runbook is released for good; after that there is nothing to run beside.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict

from runbooks.errors import ReleaseRefusedError


class ReleaseState(StrEnum):
    """How far a release has come."""

    PROPOSED = "runbook:release:proposed"
    LIVE = "runbook:release:live"
    RETIRED = "runbook:release:retired"


class Release(BaseModel):
    """One version of one runbook on its way, with everybody who moved it."""

    model_config = ConfigDict(frozen=True)

    runbook: str
    version: str
    digest: str
    state: ReleaseState
    proposed_by: str
    proposed_at: AwareDatetime
    approved_by: str | None = None
    approved_at: AwareDatetime | None = None
    retired_by: str | None = None
    retired_at: AwareDatetime | None = None
    shadow: bool = False
    """Its cases run beside today's process: nothing of them leaves the house."""


class ReleaseShelf(Protocol):
    """Where releases are kept; nothing is live before two people have said so."""

    async def propose(
        self,
        *,
        runbook: str,
        version: str,
        digest: str,
        source: bytes,
        by: str,
        at: datetime,
        shadow: bool = False,
    ) -> None:
        """The version is proposed; ReleaseRefusedError when its number is taken by other bytes."""

    async def approve(
        self, *, runbook: str, version: str, by: str, at: datetime, shadow: bool = False
    ) -> None:
        """The version is live; ReleaseRefusedError when `by` proposed it."""

    async def retire(
        self, *, runbook: str, version: str, by: str, at: datetime, shadow: bool = False
    ) -> None:
        """No new case walks the version; running cases keep it."""

    async def released(self) -> list[Release]:
        """Every release, live or not, in the order they were proposed."""


def proposed(
    standing: Release | None,
    *,
    runbook: str,
    version: str,
    digest: str,
    by: str,
    at: datetime,
    shadow: bool = False,
) -> Release:
    """The release after `by` proposed it; the standing one when the same bytes are proposed again.

    A version means the same bytes for ever, so a number is never used twice.
    """
    if standing is None:
        return Release(
            runbook=runbook,
            version=version,
            digest=digest,
            state=ReleaseState.PROPOSED,
            proposed_by=by,
            proposed_at=at,
            shadow=shadow,
        )
    same_bytes([standing], runbook=runbook, version=version, digest=digest)
    if standing.state is ReleaseState.RETIRED:
        raise ReleaseRefusedError(f"{runbook} {version} is retired: give it a new version")
    return standing


def approved(standing: Release | None, *, by: str, at: datetime) -> Release:
    """The release, live; refused to the person who proposed it."""
    if standing is None:
        raise ReleaseRefusedError("nothing is proposed under this version")
    if standing.state is ReleaseState.RETIRED:
        raise ReleaseRefusedError(f"{standing.runbook} {standing.version} is retired")
    if standing.state is ReleaseState.LIVE:
        if by == standing.approved_by:
            return standing
        raise ReleaseRefusedError(f"{standing.runbook} {standing.version} is live already")
    if by == standing.proposed_by:
        raise ReleaseRefusedError(
            f"{standing.runbook} {standing.version} needs a second person: you proposed it"
        )
    return standing.model_copy(
        update={"state": ReleaseState.LIVE, "approved_by": by, "approved_at": at}
    )


def retired(standing: Release | None, *, by: str, at: datetime) -> Release:
    """The release, retired; also one that was only proposed."""
    if standing is None:
        raise ReleaseRefusedError("no release has this version")
    if standing.state is ReleaseState.RETIRED:
        return standing
    return standing.model_copy(
        update={"state": ReleaseState.RETIRED, "retired_by": by, "retired_at": at}
    )


def same_bytes(releases: Iterable[Release], *, runbook: str, version: str, digest: str) -> None:
    """The version means no other bytes, in the shadow or out of it; ReleaseRefusedError if so."""
    for each in releases:
        if (each.runbook, each.version) == (runbook, version) and each.digest != digest:
            raise ReleaseRefusedError(
                f"{runbook} {version} is taken by other bytes ({each.digest[:12]}): "
                "give the change a new version"
            )


def may_run_beside(releases: Iterable[Release], *, runbook: str) -> None:
    """Nothing of the runbook is live, so a shadow takes no case from anybody.

    ReleaseRefusedError otherwise: what an edit would have made of live cases, a backtest says.
    """
    standing = live(releases, runbook=runbook)
    if standing is not None:
        raise ReleaseRefusedError(
            f"{runbook} {standing.version} is live, so nothing can run in its shadow: "
            "`escalate runbook backtest` says what a change would have made of its cases"
        )


def over(releases: Iterable[Release], *, runbook: str) -> list[Release]:
    """The shadow releases that end when a version of the runbook goes live."""
    return [
        each
        for each in releases
        if each.runbook == runbook and each.shadow and each.state is not ReleaseState.RETIRED
    ]


def walked(releases: Iterable[Release], *, runbook: str) -> Release | None:
    """What new cases of `runbook` walk: a live version before one in the shadow."""
    known = list(releases)
    return live(known, runbook=runbook) or live(known, runbook=runbook, shadow=True)


def live(releases: Iterable[Release], *, runbook: str, shadow: bool = False) -> Release | None:
    """The highest version of `runbook` that is live; with `shadow`, that runs in the shadow."""
    candidates = [
        each
        for each in releases
        if each.runbook == runbook and each.state is ReleaseState.LIVE and each.shadow == shadow
    ]
    return max(candidates, key=lambda each: _number(each.version), default=None)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
