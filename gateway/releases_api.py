"""How versions of runbooks go live, as JSON: proposed by one person, approved by another.

GET  /api/runbooks                              → {releases}
GET  /api/runbooks/{name}/{version}             → {release, source}
POST /api/runbooks/{name}/propose {source, shadow?}      → {release, findings, beside}
POST /api/runbooks/{name}/approve {version, digest, shadow?} → {release, beside}
POST /api/runbooks/{name}/retire {version, shadow?}      → {release}

`beside` is what handled such reports before a release in the shadow takes them: nothing live does
then.
"""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.receipts import Reason
from cases.values import Inbound
from gateway.bearer import NOT_FOR_YOU, logged_in, problem
from gateway.doors import Doors
from gateway.raw import read_body
from gateway.web import Viewer
from gateway.wording import BAD_FORM, REASONS, Wording
from integrations.ports.access import (
    RELEASE,
    Circumstances,
    Decision,
    Kind,
    Principal,
    Resource,
)
from runbooks import Finding, Runbook, RunbookProblems, Weight, library, lint, load_runbook
from runbooks.errors import ReleaseRefusedError
from runbooks.release import Release, ReleaseState

NOTHING_PROPOSED = Wording(
    "Nothing like that is proposed.", "Propose it: `escalate runbook release NAME`."
)
OTHER_BYTES = Wording(
    "What is proposed is not what you were shown.", "Look at it again, then approve what you saw."
)


class Proposal(Inbound):
    """A runbook's text, as it would be walked."""

    source: str
    shadow: bool = False
    """It is to run beside today's process, and send nothing."""


class Approval(Inbound):
    """A second person's word for exactly these bytes."""

    version: str
    digest: str
    shadow: bool = False


class Retirement(Inbound):
    """A version that no new case shall walk."""

    version: str
    shadow: bool = False


class ReleasesApi:
    """Releases of runbooks."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        doors = self._doors
        return [
            Route("/api/runbooks", logged_in(doors, self.runbooks), methods=["GET"]),
            Route(
                "/api/runbooks/{name:str}/propose", logged_in(doors, self.propose), methods=["POST"]
            ),
            Route(
                "/api/runbooks/{name:str}/approve", logged_in(doors, self.approve), methods=["POST"]
            ),
            Route(
                "/api/runbooks/{name:str}/retire", logged_in(doors, self.retire), methods=["POST"]
            ),
            Route(
                "/api/runbooks/{name:str}/{version:str}",
                logged_in(doors, self.runbook),
                methods=["GET"],
            ),
        ]

    async def runbooks(self, request: Request, viewer: Viewer) -> Response:
        """Every release there ever was, and which of them new cases walk."""
        live = await self._doors.store.releases.runbooks()
        return JSONResponse(
            {
                "releases": [
                    {**_release(each), "walked": live.get(each.runbook) == each}
                    for each in await self._doors.store.releases.released()
                ]
            }
        )

    async def runbook(self, request: Request, viewer: Viewer) -> Response:
        """One release with its text: what a second person reads before they approve."""
        standing = await self._standing(request.path_params["name"], request.path_params["version"])
        if standing is None:
            return problem(404, "not-found", NOTHING_PROPOSED)
        source = await self._doors.store.objects.get(standing.digest)
        return JSONResponse({"release": _release(standing), "source": source.decode()})

    async def propose(self, request: Request, viewer: Viewer) -> Response:
        """The text is proposed in the viewer's name, once it reads and lints without an error."""
        if not self._may(viewer).allowed:
            return problem(403, "role", NOT_FOR_YOU)
        asked = Proposal.model_validate_json(await self._body(request))
        name = request.path_params["name"]
        text = asked.source.encode()
        try:
            runbook = load_runbook(text, file=f"{name}.yaml")
        except RunbookProblems as refused:
            says = Wording("The runbook cannot be read.", "escalate runbook lint FILE")
            return _refused(says, refused=[each.as_record() for each in refused.problems])
        if runbook.name != name:
            return problem(422, "bad-form", BAD_FORM, f"the text is called {runbook.name}")
        findings = await self._findings(runbook)
        if any(each.severity is Weight.ERROR for each in findings):
            says = Wording("The runbook has errors.", "escalate runbook lint FILE")
            return _refused(says, findings=[each.model_dump(mode="json") for each in findings])
        try:
            await self._doors.store.releases.propose(
                runbook=runbook.name,
                version=runbook.version,
                digest=runbook.digest,
                source=text,
                by=viewer.id,
                at=await self._doors.clock.now(),
                shadow=asked.shadow,
            )
        except ReleaseRefusedError as refused:
            return _not_released(refused)
        return await self._moved(
            name,
            runbook.version,
            shadow=asked.shadow,
            findings=[each.model_dump(mode="json") for each in findings],
        )

    async def approve(self, request: Request, viewer: Viewer) -> Response:
        """The proposal is live, if these are its bytes and somebody else proposed it."""
        if not self._may(viewer).allowed:
            return problem(403, "role", NOT_FOR_YOU)
        asked = Approval.model_validate_json(await self._body(request))
        name = request.path_params["name"]
        standing = await self._standing(name, asked.version, shadow=asked.shadow)
        if standing is None:
            return problem(404, "not-found", NOTHING_PROPOSED)
        if standing.digest != asked.digest:
            return problem(409, "page-outdated", OTHER_BYTES)
        own = (await self._doors.directory.snapshot()).accounts_of(viewer.id)
        if not self._may(viewer, author=standing.proposed_by in own).allowed:
            return problem(403, Reason.SAME_PERSON.value, REASONS[Reason.SAME_PERSON])
        try:
            await self._doors.store.releases.approve(
                runbook=name,
                version=asked.version,
                by=viewer.id,
                at=await self._doors.clock.now(),
                shadow=asked.shadow,
            )
        except ReleaseRefusedError as refused:
            return _not_released(refused)
        # Deliveries that found nothing released wait for exactly this.
        self._doors.deliveries_due.set()
        return await self._moved(name, asked.version, shadow=asked.shadow)

    async def retire(self, request: Request, viewer: Viewer) -> Response:
        """No new case walks the version."""
        if not self._may(viewer).allowed:
            return problem(403, "role", NOT_FOR_YOU)
        asked = Retirement.model_validate_json(await self._body(request))
        name = request.path_params["name"]
        try:
            await self._doors.store.releases.retire(
                runbook=name,
                version=asked.version,
                by=viewer.id,
                at=await self._doors.clock.now(),
                shadow=asked.shadow,
            )
        except ReleaseRefusedError as refused:
            return _not_released(refused)
        return await self._moved(name, asked.version, shadow=asked.shadow)

    def _may(self, viewer: Viewer, *, author: bool = False) -> Decision:
        """Whether the policies let them move a release; `author`: another account of theirs did."""
        return self._doors.access.may(
            Principal(id=viewer.id, roles=viewer.roles),
            RELEASE,
            Resource(kind=Kind.RELEASE, id="runbook", name="runbook"),
            Circumstances(bars=frozenset({"author"}) if author else frozenset()),
        )

    async def _findings(self, runbook: Runbook) -> list[Finding]:
        known = {name: load_runbook(text, file=f"{name}.yaml") for name, text in library().items()}
        for name, live in (await self._doors.store.releases.runbooks()).items():
            known[name] = (await self._doors.shelf.by_digest(live.digest)).runbook
        people = (await self._doors.directory.snapshot()).people
        held: dict[str, int] = {}
        for person in people:
            for role in person.roles:
                held[role] = held.get(role, 0) + 1
        today = (await self._doors.clock.now()).date()
        # Every situation of the runbook is walked: nobody else's request waits for that.
        return await asyncio.to_thread(
            lint, runbook, today=today, library={**known, runbook.name: runbook}, directory=held
        )

    async def _standing(
        self, name: str, version: str, *, shadow: bool | None = None
    ) -> Release | None:
        """The newest release of that version, in the shadow or not where that does not matter."""
        return next(
            (
                each
                for each in reversed(await self._doors.store.releases.released())
                if (each.runbook, each.version) == (name, version) and shadow in (None, each.shadow)
            ),
            None,
        )

    async def _moved(
        self, name: str, version: str, *, shadow: bool = False, **more: Any
    ) -> Response:
        standing = await self._standing(name, version, shadow=shadow)
        if standing is None:
            return problem(404, "not-found", NOTHING_PROPOSED)
        if shadow:
            more["beside"] = await self._beside(name)
        return JSONResponse({"release": _release(standing), **more})

    async def _beside(self, name: str) -> str:
        """The live pathway that walks reports meant for a runbook that has no live version."""
        default = self._doors.shelf.routing.document.default
        standing = await self._doors.store.releases.active(default)
        if standing is None or standing.shadow or default == name:
            return ""
        return f"{default} {standing.version}"

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, limit=self._doors.settings.max_body_bytes)


def _release(release: Release) -> dict[str, Any]:
    written: dict[str, Any] = release.model_dump(mode="json")
    written["live"] = release.state is ReleaseState.LIVE
    return written


def _refused(wording: Wording, **more: Any) -> JSONResponse:
    content = {"error": "not-released", "says": wording.says, "mend": wording.mend}
    return JSONResponse({**content, **more}, status_code=422)


def _not_released(refused: ReleaseRefusedError) -> JSONResponse:
    says = f"{refused.reason[:1].upper()}{refused.reason[1:]}."
    return problem(409, "not-released", Wording(says, "escalate runbook list shows what stands."))
