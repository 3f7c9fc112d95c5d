"""Released runbooks, read and compiled once each."""

from dataclasses import dataclass, replace

from gateway.errors import NothingReleasedError
from runbooks import (
    Pathway,
    Route,
    RouteFacts,
    RoutingTable,
    Runbook,
    compile_runbook,
    load_routing,
    load_runbook,
    route,
)
from runbooks.library import routing as shipped_routing
from runbooks.release import Release
from store import Store

_MOST_CACHED = 256


@dataclass(frozen=True)
class Shelved:
    """One version of one runbook, ready to be walked and shown."""

    runbook: Runbook
    pathway: Pathway
    shadow: bool = False
    """Whether new cases walk it in the shadow of today's process."""

    def question(self, name: str) -> str:
        """How intake asks it."""
        asked = self.runbook.document.intake.get(name)
        return asked.ask if asked is not None else name


class Shelf:
    """Finds runbooks by name or digest; a digest means the same bytes for ever, so it is cached.

    `walks` names runbooks whose pathway is walked by Python code instead of the stage graph.
    """

    def __init__(
        self, store: Store, *, routing: bytes | None = None, walks: dict[str, str] | None = None
    ) -> None:
        self._store = store
        text = routing if routing is not None else shipped_routing()
        self.routing: RoutingTable = load_routing(text, file="routing.yaml")
        self._walks = walks or {}
        self._known: dict[str, Shelved] = {}

    async def by_digest(self, digest: str) -> Shelved:
        """The version with exactly these bytes; `UnknownObject` when the store has none."""
        known = self._known.get(digest)
        if known is not None:
            return known
        runbook = load_runbook(await self._store.objects.get(digest), file=digest[:12])
        pathway = compile_runbook(runbook)
        walk = self._walks.get(runbook.name)
        shelved = Shelved(
            runbook=runbook, pathway=pathway if walk is None else pathway.walked_by(walk)
        )
        if len(self._known) >= _MOST_CACHED:
            self._known.clear()
        self._known[digest] = shelved
        return shelved

    async def released(self, name: str) -> Shelved | None:
        """The version new cases walk; None when the runbook has no live release."""
        active = await self._store.releases.active(name)
        return None if active is None else await self._taken(active)

    async def _taken(self, release: Release) -> Shelved:
        shelved = await self.by_digest(release.digest)
        return replace(shelved, shadow=True) if release.shadow else shelved

    async def route(self, facts: RouteFacts) -> tuple[Route, Shelved]:
        """Where the report goes; a runbook without a release gives way to the default pathway."""
        found = route(self.routing, facts)
        shelved = await self.released(found.runbook)
        if shelved is not None:
            return found, shelved
        default = self.routing.document.default
        shelved = await self.released(default)
        if shelved is None:
            raise NothingReleasedError(f"neither {found.runbook} nor {default} is released")
        reason = f"{found.reason}; {found.runbook} has no release, so the default pathway"
        known = shelved.pathway.questions
        answers = {name: value for name, value in found.answers.items() if name in known}
        return Route(runbook=default, answers=answers, reason=reason, row=found.row), shelved

    async def moved(self, runbook: str) -> tuple[Route, Shelved]:
        """Where a moved case goes on; the default pathway when that runbook is not live.

        A case that people work on does not go on in the shadow: there nobody would be told.
        """
        default = self.routing.document.default
        for name in (runbook, default):
            shelved = await self.released(name)
            if shelved is not None and not shelved.shadow:
                reason = f"moved to {runbook} by another case"
                if name != runbook:
                    reason += f"; {runbook} has no release, so the default pathway"
                return Route(runbook=name, answers={}, reason=reason, row=None), shelved
        raise NothingReleasedError(f"neither {runbook} nor {default} is released")

    def declared_fields(self) -> frozenset[str]:
        """The form fields that routing reads: no other field of a report travels (I13)."""
        fields: set[str] = set()
        for row in self.routing.document.rows:
            fields.update(row.if_.field or {})
            fields.update(fill.field for fill in row.answers.values() if fill.field is not None)
        return frozenset(fields)
