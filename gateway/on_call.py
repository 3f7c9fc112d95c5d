"""Who is on call for which role, as the rotas say it now or at an instant somebody asks about.

GET /on-call                    the page
GET /api/on-call?at=            → {teams, as_of}
"""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.values import Instant, Value
from gateway.bearer import logged_in, problem
from gateway.doors import Doors
from gateway.web import Viewer, Web
from gateway.wording import BAD_FORM
from integrations.errors import DirectoryError, VendorError

PATH = "/on-call"


class TeamNow(Value):
    """One role with a rota: who is on call, and by what source."""

    role: str
    notices: str
    """`pages`, or `all`."""
    people: tuple[str, ...] = ()
    without_role: tuple[str, ...] = ()
    """On call, and passed over: they do not hold the role."""
    strangers: int = 0
    source: str = ""
    instead: tuple[str, ...] = ()
    trouble: str = ""
    mend: str = ""
    as_of: Instant


async def teams_at(doors: Doors, at: datetime) -> list[TeamNow]:
    """Every role with a rota, in order; a rota that cannot be asked says why."""
    if doors.on_call is None:
        return []
    snapshot = await doors.directory.snapshot()
    found = []
    for role, team in sorted((await doors.on_call.teams()).items()):
        notices = "all" if team.every_notice else "pages"
        now = TeamNow(role=role, notices=notices, instead=team.instead, as_of=at)
        try:
            answer = await doors.on_call.who_is_on_call(role, at)
        except (DirectoryError, VendorError) as error:
            found.append(now.model_copy(update={"trouble": str(error), "mend": error.mend}))
            continue
        holders = {person.id for person in snapshot.holders(role)}
        said = {
            "people": tuple(person for person in answer.people if person in holders),
            "without_role": tuple(person for person in answer.people if person not in holders),
            "strangers": answer.strangers,
            "source": answer.source,
        }
        found.append(now.model_copy(update=said))
    return found


class OnCallPages:
    """The page, and the same as JSON."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def routes(self) -> list[Route]:
        """Both addresses."""
        return [
            Route(PATH, self.page, methods=["GET"]),
            Route(f"/api{PATH}", logged_in(self._web.doors, self.api), methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        """Who is on call now, for whoever is logged in."""
        viewer = await self._web.viewer(request)
        if viewer is None:
            return self._web.to_login(request)
        show = await self._web.show(viewer)
        snapshot = await self._web.doors.directory.snapshot()
        names = {person.id: person for person in snapshot.people}
        return self._web.page(
            "on_call.html",
            viewer=viewer,
            teams=[
                {**team.model_dump(), "people": [names[each] for each in team.people]}
                for team in await teams_at(self._web.doors, show.now)
            ],
            as_of=show.clock(show.now),
        )

    async def api(self, request: Request, viewer: Viewer) -> Response:
        """The same; `at` asks about another instant."""
        del viewer
        doors = self._web.doors
        at = await doors.clock.now()
        asked = request.query_params.get("at")
        if asked is not None:
            try:
                at = datetime.fromisoformat(asked)
            except ValueError:
                return problem(422, "bad-form", BAD_FORM, "at")
            if at.tzinfo is None:
                return problem(422, "bad-form", BAD_FORM, "at needs a zone")
        found = await teams_at(doors, at)
        return JSONResponse(
            {"teams": [team.model_dump(mode="json") for team in found], "as_of": at.isoformat()}
        )
