"""What the command line asks about one case beyond its picture.

GET /api/cases/{number}/rounds/{gate}?verb=   → {round, binding, labels, assurance …}
GET /api/cases/{number}/explain               → {explanation, lines, unreachable}
GET /api/cases/{number}/at?instant=           → {state, waiting, next_step, as_of, instant}
"""

from dataclasses import asdict, replace
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.acts import Verdict
from cases.envelope import RoundBinding
from cases.gate import RoundState
from cases.state import picture
from gateway.acting import assurance_of
from gateway.bearer import logged_in, problem
from gateway.casework import OpenCase, find_case, open_case, read_by
from gateway.confirming import shown_round
from gateway.doors import Doors
from gateway.explaining import Explained, explain, explain_unopened
from gateway.form_content import verdict_label
from gateway.gate_words import difference
from gateway.sight import ALWAYS
from gateway.times import Show, zone_of
from gateway.web import Viewer
from gateway.wording import BAD_FORM, LINK_DECIDED, LINK_SUPERSEDED, NOT_FOUND, Wording
from store import ContentErased

NOT_YET = Wording("The case was not open yet at that instant.", "Ask for a later one.")


class CaseApi:
    """Reading addresses under `/api/cases/{number}/`."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        doors = self._doors
        return [
            Route(
                "/api/cases/{number:str}/rounds/{gate:str}",
                logged_in(doors, self.round),
                methods=["GET"],
            ),
            Route(
                "/api/cases/{number:str}/explain", logged_in(doors, self.explain), methods=["GET"]
            ),
            Route("/api/cases/{number:str}/at", logged_in(doors, self.at), methods=["GET"]),
        ]

    async def round(self, request: Request, viewer: Viewer) -> Response:
        """The gate's open round exactly as a verdict on it is signed, and what binds to it."""
        case = await self._find(request, viewer)
        if case is None:
            return problem(404, "not-found", NOT_FOUND)
        await read_by(self._doors, case, viewer.id)
        gate = request.path_params["gate"]
        rule = case.rule(gate)
        if rule is None:
            return problem(404, "not-found", NOT_FOUND)
        verb = request.query_params.get("verb", "decide")
        open_round = case.round_for(verb, gate)
        shown = shown_round(case, gate, self._show(case.now, viewer), verb=verb)
        newest = case.state.round_of(gate)
        if newest is not None and newest.state is RoundState.SUPERSEDED:
            changed = difference(case, gate)
            return problem(409, "link-superseded", LINK_SUPERSEDED, changed)
        if open_round is None or shown is None:
            return problem(409, "link-decided", LINK_DECIDED)
        binding = RoundBinding(
            gate=gate,
            round=open_round.number,
            revision=open_round.revision,
            content_hash=open_round.content_hash,
            nonce=open_round.nonce,
        )
        return JSONResponse(
            {
                "number": case.row.number,
                "shadow": case.state.shadow,
                "round": asdict(shown),
                "binding": binding.model_dump(mode="json"),
                "labels": {verdict.value: verdict_label(rule, verdict) for verdict in Verdict},
                "reason_required": rule.reject_reason,
                "assurance": rule.assurance.value,
                "assurance_reached": (await assurance_of(self._doors, viewer.session)).value,
                "proved_at": "provider" if viewer.session.account is not None else "here",
                "phone": self._doors.settings.incident_manager_phone,
                "as_of": case.as_of.isoformat(),
            }
        )

    async def explain(self, request: Request, viewer: Viewer) -> Response:
        """Why the case is where it is, also when it has not begun."""
        doors = self._doors
        try:
            case = await self._find(request, viewer)
        except ContentErased as erased:
            # Whoever may know of the case hears what is left of it.
            gone = await doors.store.cases.get(erased.case)
            return _explained(await explain_unopened(doors, gone))
        if case is not None:
            await read_by(doors, case, viewer.id)
            answer = await explain(doors, case)
        else:
            row = await doors.store.cases.by_number(request.path_params["number"])
            begun = row is not None and await doors.store.views.get(row.id) is not None
            if row is None or begun or not viewer.roles & ALWAYS:
                return problem(404, "not-found", NOT_FOUND)
            answer = await explain_unopened(doors, row)
        return _explained(answer)

    async def at(self, request: Request, viewer: Viewer) -> Response:
        """The case as it was at a past instant: folded from what was stored up to then."""
        # Who may see it is decided by today's case: a conflict declared since then counts.
        present = await self._find(request, viewer)
        if present is None:
            return problem(404, "not-found", NOT_FOUND)
        try:
            instant = datetime.fromisoformat(request.query_params.get("instant", ""))
        except ValueError:
            return problem(422, "bad-form", BAD_FORM, "instant")
        if instant.tzinfo is None:
            return problem(422, "bad-form", BAD_FORM, "instant: a zone is missing")
        view = await self._doors.store.views.at(present.row.id, instant=instant)
        then = (
            await open_case(self._doors, view, person=viewer.id, roles=viewer.roles)
            if view is not None
            else None
        )
        if then is None:
            return problem(404, "not-yet-open", NOT_YET)
        # Clocks are read at the instant that was asked for, not now.
        then = replace(then, now=instant)
        return JSONResponse(
            {
                "number": then.row.number,
                "title": then.pathway.title,
                "shadow": then.state.shadow,
                "instant": instant.isoformat(),
                "state": picture(then.state),
                "clocks": clock_readings(then),
                "waiting": [item.model_dump(mode="json") for item in then.waiting()],
                "next_step": then.next_step(),
                "sequence": then.sequence,
                "as_of": then.as_of.isoformat(),
            }
        )

    async def _find(self, request: Request, viewer: Viewer) -> OpenCase | None:
        number = request.path_params["number"]
        return await find_case(self._doors, number, person=viewer.id, roles=viewer.roles)

    def _show(self, now: datetime, viewer: Viewer) -> Show:
        zone = zone_of(viewer.person.time_zone, self._doors.settings.time_zone)
        return Show(zone=zone, now=now)


def clock_readings(case: OpenCase) -> list[dict[str, object]]:
    """Every clock, read at the case's present instant."""
    read = []
    for clock in case.state.clocks:
        reading = clock.reading(case.now)
        due = clock.due_at(case.now)
        latest = clock.latest_at(case.now)
        read.append(
            {
                "id": clock.id,
                "title": clock.title,
                "statutory": clock.statutory,
                "owner": clock.owner,
                "running": reading.running,
                "ended": reading.ended,
                "elapsed_seconds": int(reading.elapsed.total_seconds()),
                "due_at": due.isoformat() if due is not None else None,
                "legal_latest": latest.isoformat() if latest is not None else None,
                "breached_at": clock.breached_at.isoformat() if clock.breached_at else None,
            }
        )
    return read


def _explained(answer: Explained) -> Response:
    engine = answer.engine
    return JSONResponse(
        {
            "explanation": {
                **answer.explanation.model_dump(mode="json"),
                "engine": engine.model_dump(mode="json") if engine is not None else None,
            },
            "lines": answer.lines,
            "unreachable": answer.engine_silent,
        }
    )
