"""How a version of a runbook goes live: proposed by one person, approved by another, retired.

The rules are pure; whoever keeps the releases implements `ReleaseShelf` and lets these functions
decide every step.

    (nothing) --propose--> proposed --approve by somebody else--> live --retire--> retired
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


class ReleaseShelf(Protocol):
    """Where releases are kept; nothing is live before two people have said so."""

    async def propose(
        self, *, runbook: str, version: str, digest: str, source: bytes, by: str, at: datetime
    ) -> None:
        """The version is proposed; ReleaseRefusedError when its number is taken by other bytes."""

    async def approve(self, *, runbook: str, version: str, by: str, at: datetime) -> None:
        """The version is live; ReleaseRefusedError when `by` proposed it."""

    async def retire(self, *, runbook: str, version: str, by: str, at: datetime) -> None:
        """No new case walks the version; running cases keep it."""

    async def released(self) -> list[Release]:
        """Every release, live or not, in the order they were proposed."""


def proposed(
    standing: Release | None, *, runbook: str, version: str, digest: str, by: str, at: datetime
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
        )
    if standing.digest != digest:
        raise ReleaseRefusedError(
            f"{runbook} {version} is taken by other bytes ({standing.digest[:12]}): "
            "give the change a new version"
        )
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


def live(releases: Iterable[Release], *, runbook: str) -> Release | None:
    """The version new cases of `runbook` walk: the highest that is live."""
    candidates = [
        each for each in releases if each.runbook == runbook and each.state is ReleaseState.LIVE
    ]
    return max(candidates, key=lambda each: _number(each.version), default=None)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
