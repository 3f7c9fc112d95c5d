"""The pages of orders over many cases: choose, see what would happen, order, watch, undo."""

import uuid
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from cases.bulk_orders import Wish
from cases.envelope import Door
from gateway import bulk_orders
from gateway.bulk_api import outcomes, result_of, says_of
from gateway.bulk_orders import Again, NewOrder, PreviewAsked
from gateway.bulk_preview import BulkRefusedError, Choice, Planned
from gateway.raw import BadFormError
from gateway.times import Show
from gateway.web import Viewer, Web
from runbooks.plan import Severity
from store import BulkRow, BulkState

PATH = "/bulk"
VERBS: dict[str, str] = {
    "acknowledge": "Say that I have them",
    "assign": "Give work to a person",
    "claim": "Take the work",
    "close": "Close",
    "hold": "Put on hold",
    "move": "Move to another runbook",
    "resume": "Resume",
    "severity": "Set the severity",
}
_SEVERITIES = tuple((each.value, each.value) for each in Severity)
_CHOOSES = ("runbook", "stage", "role", "person")
_WISH: TypeAdapter[Wish] = TypeAdapter(Wish)


class BulkPages:
    """A list, a form an act, a preview, and a page an order."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def routes(self) -> list[Route]:
        """The pages of this module."""
        one = f"{PATH}/{{order:int}}"
        return [
            Route(PATH, self.orders, methods=["GET"]),
            Route(f"{PATH}/new/{{verb:str}}", self.new, methods=["GET"]),
            Route(f"{PATH}/preview", self.preview, methods=["POST"]),
            Route(f"{PATH}/order", self.order, methods=["POST"]),
            Route(one, self.show, methods=["GET"]),
            Route(f"{one}/undo", self.way_back, methods=["GET"]),
            Route(f"{one}/undo", self.undo, methods=["POST"]),
            Route(f"{one}/confirm", self.confirm, methods=["POST"]),
        ]

    async def orders(self, request: Request) -> Response:
        """Orders, the latest first, and what can be ordered."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        show = await web.show(viewer)
        rows = await bulk_orders.orders_seen(web.doors, viewer)
        return web.page(
            "bulk.html",
            viewer=viewer,
            orders=[{**row.model_dump(), "at": show.at(row.signed_at)} for row in rows],
            verbs=VERBS,
            as_of=show.clock(show.now),
        )

    async def new(self, request: Request) -> Response:
        """What is to be done, and to which cases."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        verb = request.path_params["verb"]
        if verb not in VERBS:
            return web.nothing_here(viewer)
        people = (await web.doors.directory.snapshot()).people
        released = await web.doors.store.releases.runbooks()
        roles = sorted({role for each in people for role in each.roles})
        choices = {
            "people": [(each.id, each.name) for each in people],
            "roles": [(role, role.replace("-", " ")) for role in roles],
            "runbooks": [
                (name, name) for name, each in sorted(released.items()) if not each.shadow
            ],
            "severities": _SEVERITIES,
        }
        return web.page(
            "bulk_new.html",
            viewer=viewer,
            verb=verb,
            title=VERBS[verb],
            fields=_fields(verb, choices),
            which=_which(choices),
        )

    async def preview(self, request: Request) -> Response:
        """What each case would say; nothing has happened yet."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        wish = _wish(fields, await web.show(viewer))
        which = _choice(fields)
        try:
            asked = PreviewAsked(wish=wish, which=which)
            plan = await bulk_orders.preview(web.doors, viewer, asked)
        except BulkRefusedError as no:
            return self._refused(no, viewer)
        cap = web.doors.settings.bulk_cap
        willing = [each.number for each in plan if each.willing]
        return self._plan(
            plan,
            viewer=viewer,
            title=VERBS[wish.verb],
            action=f"{PATH}/order",
            hidden={
                "wish": _WISH.dump_json(wish).decode(),
                "numbers": " ".join(willing),
            },
            second=len(willing) > cap,
            reason=False,
        )

    async def order(self, request: Request) -> Response:
        """The acts are signed and on their way; the order's page shows how far they are."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        new = NewOrder(
            id=fields.get("id", ""),
            wish=_WISH.validate_json(fields.get("wish", "")),
            numbers=tuple(fields.get("numbers", "").split()),
        )
        try:
            row = await bulk_orders.order(web.doors, viewer, new, door=Door.WEB)
        except BulkRefusedError as no:
            return self._refused(no, viewer)
        return _to(row)

    async def show(self, request: Request) -> Response:
        """What became of each case."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        try:
            seen = await bulk_orders.order_seen(web.doors, viewer, request.path_params["order"])
        except BulkRefusedError:
            return web.nothing_here(viewer)
        show = await web.show(viewer)
        row = seen.row
        return web.page(
            "bulk_order.html",
            viewer=viewer,
            row=row,
            signed_at=show.precise(row.signed_at),
            title=VERBS.get(row.verb, "Undo"),
            items=[
                {"number": item.number, "result": result_of(item), "says": says_of(item)}
                for item in seen.items
            ],
            outcomes=outcomes(seen.items),
            hidden=seen.hidden,
            confirmed_by=seen.confirmed_by,
            waits=row.state is BulkState.ASKED,
            may_confirm=row.state is BulkState.ASKED and row.person != viewer.id,
            under_way=row.state is BulkState.ORDERED and row.answered < row.total,
            may_undo=row.state is BulkState.ORDERED,
            id=str(uuid.uuid4()),
            as_of=show.clock(show.now),
        )

    async def way_back(self, request: Request) -> Response:
        """What an undo would do to each case."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        position = request.path_params["order"]
        try:
            seen = await bulk_orders.order_seen(web.doors, viewer, position)
        except BulkRefusedError:
            return web.nothing_here(viewer)
        return self._plan(
            await bulk_orders.plan_back(web.doors, viewer, seen.row),
            viewer=viewer,
            title=f"Undo order {position}",
            action=f"{PATH}/{position}/undo",
            hidden={},
            second=False,
            reason=True,
        )

    async def undo(self, request: Request) -> Response:
        """Each case is on its way back, where there is a way."""
        return await self._again(request, bulk_orders.undo)

    async def confirm(self, request: Request) -> Response:
        """A second person has done it."""
        return await self._again(request, bulk_orders.confirm)

    async def _again(self, request: Request, do: Any) -> Response:
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        again = Again(id=fields.get("id", ""), reason=fields.get("reason", ""))
        try:
            row = await do(web.doors, viewer, request.path_params["order"], again, door=Door.WEB)
        except BulkRefusedError as no:
            return self._refused(no, viewer)
        return _to(row)

    def _plan(
        self,
        plan: Sequence[Planned],
        *,
        viewer: Viewer,
        title: str,
        action: str,
        hidden: dict[str, str],
        second: bool,
        reason: bool,
    ) -> Response:
        return self._web.page(
            "bulk_preview.html",
            viewer=viewer,
            title=title,
            action=action,
            hidden={**hidden, "id": str(uuid.uuid4())},
            willing=[each.told() for each in plan if each.willing],
            left_out=[each.told() for each in plan if not each.willing],
            second=second,
            cap=self._web.doors.settings.bulk_cap,
            reason=reason,
        )

    def _refused(self, no: BulkRefusedError, viewer: Viewer) -> Response:
        return self._web.problem(
            no.wording, viewer=viewer, status=422, onward=PATH, onward_label="Orders"
        )


def _to(row: BulkRow) -> Response:
    return RedirectResponse(f"{PATH}/{row.position}", status_code=303)


def _field(
    name: str,
    label: str,
    kind: str,
    *,
    choices: Sequence[tuple[str, str]] = (),
    required: bool = True,
) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "kind": kind,
        "choices": choices,
        "required": required,
        "value": "",
    }


def _fields(verb: str, choices: dict[str, Any]) -> list[dict[str, Any]]:
    """What has to be said of the act itself."""
    own: dict[str, list[dict[str, Any]]] = {
        "assign": [
            _field("to_role", "Whose work", "select", choices=choices["roles"]),
            _field("to_person", "To whom", "select", choices=choices["people"]),
        ],
        "close": [
            _field("disposition", "Disposition, as the runbook calls it", "text"),
            _field("record", "Decision record: facts, rule, decision", "prose"),
        ],
        "hold": [_field("review_at", "Looked at again (your local time)", "datetime-local")],
        "move": [_field("to_runbook", "To which runbook", "select", choices=choices["runbooks"])],
        "severity": [_field("new_severity", "New severity", "choice", choices=_SEVERITIES)],
    }
    reason = _field("reason", "Why", "prose", required=verb in ("hold", "move", "severity"))
    return [*own.get(verb, []), *([] if verb in ("claim", "close") else [reason])]


def _which(choices: dict[str, Any]) -> list[dict[str, Any]]:
    """By what cases are found, where none is named."""
    return [
        _field("runbook", "Runbook", "select", choices=choices["runbooks"], required=False),
        _field("stage", "Stage, as the runbook calls it", "text", required=False),
        _field("severity", "Severity", "select", choices=_SEVERITIES, required=False),
        _field("role", "Waits on", "select", choices=choices["roles"], required=False),
        _field("person", "Work of", "select", choices=choices["people"], required=False),
    ]


def _wish(fields: dict[str, str], show: Show) -> Wish:
    verb = fields.get("verb", "")
    said: dict[str, Any] = {"verb": verb}
    if verb not in ("claim", "close"):
        said["reason"] = fields.get("reason", "")
    match verb:
        case "assign":
            said |= {"role": fields.get("to_role"), "person": fields.get("to_person")}
        case "close":
            said |= {name: fields.get(name) for name in ("disposition", "record")}
        case "hold":
            try:
                said["review_at"] = show.read_local(fields.get("review_at", ""))
            except ValueError as error:
                raise BadFormError("review_at") from error
        case "move":
            said["runbook"] = fields.get("to_runbook")
        case "severity":
            said["severity"] = fields.get("new_severity")
    return _WISH.validate_python(said)


def _choice(fields: dict[str, str]) -> Choice:
    numbers = tuple(fields.get("numbers", "").replace(",", " ").split())
    chosen: dict[str, Any] = {name: fields.get(name) or None for name in _CHOOSES}
    severity = fields.get("severity")
    return Choice(numbers=numbers, severity=(Severity(severity),) if severity else (), **chosen)
