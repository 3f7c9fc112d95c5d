"""Which interim rules hold now, whatever case issued them.

GET  /api/rules                                     → {rules: [{number, case, title, …}], as_of}
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.values import Instant, Value
from gateway.bearer import logged_in
from gateway.casework import find_case
from gateway.doors import Doors
from gateway.web import Viewer


class RuleInForce(Value):
    """One interim rule that has neither expired nor been decided on."""

    number: str
    """How people call it: `1001-R1`."""
    name: str
    case: str
    title: str
    obligation: str
    owner: str
    confirm: str
    by: tuple[str, ...]
    issued_at: Instant
    expires_at: Instant


async def rules_in_force(doors: Doors, *, person: str, roles: frozenset[str]) -> list[RuleInForce]:
    """Every interim rule that holds and whose case the person may see, the next to expire first."""
    found: list[RuleInForce] = []
    for row in await doors.store.obligations.open_of():
        number = (await doors.store.cases.get(row.case)).number
        case = await find_case(doors, number, person=person, roles=roles)
        if case is None:
            continue
        rule = next((each for each in case.state.rules if each.obligation == row.name), None)
        plan = case.pathway.owed_plan(row.name)
        if rule is None or plan is None or row.due_at <= await doors.clock.now(row.workflow_id):
            continue
        found.append(
            RuleInForce(
                number=rule.number,
                name=rule.name,
                case=number,
                title=rule.title,
                obligation=row.name,
                owner=row.owner,
                confirm=plan.confirm or "",
                by=rule.by,
                issued_at=rule.at,
                expires_at=row.due_at,
            )
        )
    return found


class RulesApi:
    """The list of them."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """The address of this module."""
        return [Route("/api/rules", logged_in(self._doors, self.rules), methods=["GET"])]

    async def rules(self, request: Request, viewer: Viewer) -> Response:
        """What holds until policy is decided."""
        del request
        rules = await rules_in_force(self._doors, person=viewer.id, roles=viewer.roles)
        return JSONResponse(
            {
                "rules": [rule.model_dump(mode="json") for rule in rules],
                "as_of": (await self._doors.clock.now()).isoformat(),
            }
        )
