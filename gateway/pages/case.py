"""One case: next step, people, clocks, gates, memo, facts, actions, timeline, and a form an act."""

import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cases.envelope import Door
from cases.gate import Round
from cases.journal import Stream
from gateway.access_explaining import LET_IN
from gateway.casework import OpenCase, find_case, read_by
from gateway.comments import comments_of
from gateway.confirming import fact_lines, memo_lines
from gateway.custody import CUSTODY_FORMS, custody_of
from gateway.doors import Doors
from gateway.drafts import reports_shown
from gateway.emergencies import may_open_some
from gateway.form_content import Surroundings, verdict_label
from gateway.forms import CHIEF, forms_of
from gateway.grants import can_be_asked_for, may_ask
from gateway.grants_shown import grants_of_case
from gateway.holding import holds_seen
from gateway.linked import links_of
from gateway.messages import messages_of
from gateway.migrations import MIGRATORS, versions_of
from gateway.pages.access import grant_line
from gateway.pages.acts import ActPages
from gateway.pages.keeping import erased_page
from gateway.pages.owed import owed_lines
from gateway.phrases import details, title, words
from gateway.shadows import beside_today
from gateway.sight import ALWAYS, seen_entries
from gateway.times import Show
from gateway.way import way_of
from gateway.web import Viewer, Web
from runbooks import prioritise
from runbooks.statutes.table import find
from store import ContentErased


async def timeline_of(
    doors: Doors, case: OpenCase, *, show: Show | None = None
) -> list[dict[str, Any]]:
    """Every stream of the case in the order of their instants, in people's words.

    Who was let in has a page of its own (`/cases/{number}/access`): here it would hide the rest.
    """
    journal = doors.store.journal
    owed = [row.stream for row in await doors.store.obligations.by_case(case.row.id)]
    entries = [
        entry
        for stream in (Stream.CASE, Stream.DOOR, *owed)
        for entry in await journal.entries(case.row.id, stream=stream)
    ]
    seen = seen_entries(
        (entry for entry in entries if entry.kind not in LET_IN),
        case.hidden,
        case.unseen,
        case.apart,
    )
    seen.sort(key=lambda item: (item[0].at, item[0].stream, item[0].sequence))
    return [
        {
            "at": entry.at,
            "door": entry.stream == Stream.DOOR,
            "sequence": entry.sequence,
            "kind": entry.kind.value,
            "title": title(entry.kind),
            "details": details(body, instant=show.written if show is not None else str),
        }
        for entry, body in seen
    ]


class CasePages:
    """The case page and the acts posted from it."""

    def __init__(self, web: Web, acts: ActPages) -> None:
        self._web = web
        self._acts = acts

    def routes(self) -> list[Route]:
        """The pages of this module."""
        return [
            Route("/cases/{number:str}", self.case, methods=["GET"]),
            Route("/cases/{number:str}/acts", self.act, methods=["POST"]),
            Route("/cases/{number:str}/acts", self.back, methods=["GET"]),
        ]

    async def case(self, request: Request) -> Response:
        """The whole case as the viewer may see it."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        number = request.path_params["number"]
        try:
            case = await find_case(web.doors, number, person=viewer.id, roles=viewer.roles)
        except ContentErased as erased:
            return await erased_page(web, viewer, await web.doors.store.cases.get(erased.case))
        if case is None:
            return await self._not_yet(number, viewer)
        await read_by(web.doors, case, viewer.id)
        return await self._page(case, viewer)

    async def act(self, request: Request) -> Response:
        """An act out of one of the case page's forms."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        number = request.path_params["number"]
        case = await find_case(web.doors, number, person=viewer.id, roles=viewer.roles)
        if case is None:
            return web.nothing_here(viewer)
        return await self._acts.take(
            fields, viewer=viewer, case=case, door=Door.WEB, action=f"/cases/{number}/acts"
        )

    async def back(self, request: Request) -> Response:
        """Whoever reloads an answered form lands on the case; a GET never acts (I6)."""
        return await self.case(request)

    async def _not_yet(self, number: str, viewer: Viewer) -> Response:
        row = await self._web.doors.store.cases.by_number(number)
        opening = row is not None and await self._web.doors.store.views.get(row.id) is None
        if opening and viewer.roles & ALWAYS:
            return self._web.page("opening.html", viewer=viewer, number=number)
        doors = self._web.doors
        return self._web.nothing_here(
            viewer,
            emergency=number if may_open_some(doors, viewer) else "",
            ask=number if can_be_asked_for(number) and may_ask(doors, viewer) else "",
        )

    async def _page(self, case: OpenCase, viewer: Viewer) -> Response:
        web = self._web
        show = await web.show(viewer, case=case.row.id)
        people = await web.doors.directory.snapshot()
        released = await web.doors.store.releases.runbooks()
        runbooks = tuple(sorted(name for name, each in released.items() if not each.shadow))
        versions = await versions_of(web.doors, case) if viewer.roles & MIGRATORS else []
        around = Surroundings(
            people=people,
            runbooks=runbooks,
            versions=tuple(each.pathway.version for each in versions),
        )
        forms = forms_of(case, around)
        pending = await web.doors.store.acts.pending(case.row.id)
        state = case.state
        # Questions are asked at a stage of work; at a gate they can still be put right.
        working = any(form.verb == "complete" for form in forms)
        chief = CHIEF if working else CHIEF - {"answer"}
        return web.page(
            "case.html",
            viewer=viewer,
            state=state,
            emergency=case.emergency,
            grant=case.grant,
            grants=[
                grant_line(each, show)
                for each in await grants_of_case(web.doors, viewer, case.row.id)
            ],
            show=show,
            title=case.pathway.title,
            stage=case.title_of(state.stage) if state.stage is not None else "",
            next_step=case.next_step(),
            pending=len(pending),
            chief=[form for form in forms if form.verb in chief],
            other=[form for form in forms if form.verb not in chief],
            action=f"/cases/{case.row.number}/acts",
            waiting=[
                {**item.model_dump(), "due": show.due(item.due_at) if item.due_at else None}
                for item in case.waiting()
            ],
            way=way_of(case),
            leases=[lease for lease in state.leases if lease.until > case.now],
            clocks=_clocks(case, show),
            held=state.hold is not None,
            priority=prioritise(
                case.shelved.runbook, {n: given.value for n, given in state.answers.items()}
            ),
            gates=_gates(case),
            comments=await comments_of(web.doors, case),
            tasks=[
                {
                    **task.model_dump(),
                    "before_closing": task.before_closing,
                    "open": task.open,
                    "due": show.due(task.due),
                }
                for task in state.tasks
            ],
            owed=await owed_lines(web.doors, case, show=show),
            reports=reports_shown(web.doors, case),
            legal_holds=await holds_seen(web.doors, viewer, case=case.row),
            custody=await custody_of(web.doors, case),
            custody_events=CUSTODY_FORMS,
            act_id=str(uuid.uuid4()),
            facts=fact_lines(case),
            links=await links_of(web.doors, state, person=viewer.id, roles=viewer.roles),
            content_ref=state.report.content_ref,
            messages=await messages_of(web.doors, case),
            beside=await beside_today(web.doors, case, show=show),
            timeline=await timeline_of(web.doors, case, show=show),
            as_of=show.clock(case.as_of),
            sequence=case.sequence,
        )


def _clocks(case: OpenCase, show: Show) -> list[dict[str, Any]]:
    shown = []
    for clock in case.state.clocks:
        reading = clock.reading(case.now)
        due = clock.due_at(case.now)
        latest = clock.latest_at(case.now)
        shown.append(
            {
                "title": clock.title if clock.statutory else words(clock.title),
                "statutory": clock.statutory,
                "source": law_of(clock.source),
                "latest": show.at(latest) if latest is not None and latest != due else "",
                "ended": reading.ended,
                "running": reading.running,
                "breached": show.at(clock.breached_at) if clock.breached_at is not None else "",
                "due": show.due(due) if due is not None else None,
            }
        )
    return sorted(shown, key=lambda clock: (clock["ended"], not clock["statutory"]))


def law_of(source: str) -> str:
    """A row's instrument and article, where the table still has that version; else its name."""
    statute = find(source) if "@" in source else None
    if statute is None:
        return source
    return f"{statute.row.instrument}, {statute.row.article} ({statute.reference})"


def _gates(case: OpenCase) -> list[dict[str, Any]]:
    gates: dict[str, list[Round]] = {}
    for round_ in case.state.rounds:
        gates.setdefault(round_.gate, []).append(round_)
    for gate in case.state.memos:
        gates.setdefault(gate, [])
    return [
        {
            "title": case.title_of(gate),
            "question": rule.ask if (rule := case.rule(gate)) is not None else "",
            "memo": memo_lines(case, gate),
            "rounds": [_round(round_, case) for round_ in reversed(rounds)],
        }
        for gate, rounds in gates.items()
    ]


def _round(round_: Round, case: OpenCase) -> dict[str, Any]:
    rule = case.rule(round_.gate)
    votes = [
        {**vote.model_dump(), "label": verdict_label(rule, vote.verdict)} for vote in round_.votes
    ]
    return {
        **round_.model_dump(exclude={"votes", "changed"}),
        "state": round_.state.value,
        "changed": round_.changed,
        "hidden": (round_.gate, round_.number) in case.hidden,
        "votes": votes,
    }
