"""Reports to authorities in front of one person: drafts, what they lack, what became of them.

GET /cases/{number}/reports/{report}       → the draft as a document to download
GET /api/cases/{number}/reports/{report}   → {form, lines, gaps, digest, fields, document …}
"""

from dataclasses import asdict, dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from cases.drafts.document import document, lines_of
from cases.drafts.draft import draft_of, reports_of
from cases.drafts.record import Draft
from gateway.bearer import logged_in, problem
from gateway.casework import OpenCase, find_case
from gateway.doors import Doors
from gateway.web import Viewer, Web
from gateway.wording import NOT_FOUND
from runbooks.plan import EffectPlan


@dataclass(frozen=True)
class ReportShown:
    """One report of a case as it stands."""

    name: str
    title: str
    form: str
    form_title: str
    receiver: str
    law: str
    gate: str
    approved_in: int | None
    """The round that approved what is shown."""
    outdated: bool
    """Whether the case says something else by now than what was approved."""
    connected: bool
    """Whether a connector hands it in."""
    digest: str
    lines: list[tuple[str, str]]
    gaps: list[str]
    state: str
    """What became of its effect; empty while it has not been ordered."""
    reference: str

    @property
    def standing(self) -> str:
        """One sentence about how far it is."""
        if self.state == "done":
            return f"Handed in. Receipt: {self.reference or 'a note'}."
        if self.state == "skipped":
            return "Given up."
        if self.approved_in is not None:
            said = f"Approved at {self.gate}, round {self.approved_in}."
            changed = " The case says something else by now: it is asked about before it goes."
            return said + (changed if self.outdated else "")
        if self.gaps:
            return "Not complete yet."
        return f"Complete; to be approved at {self.gate}." if self.gate else "Complete."

    @property
    def by_hand(self) -> str:
        """How it reaches the authority where no connector takes it."""
        if self.connected:
            return ""
        return "No connector is switched on: download it, hand it in, then record the receipt."


def report_shown(case: OpenCase, plan: EffectPlan, *, connected: frozenset[str]) -> ReportShown:
    """The report as it was approved, else as it would be handed in now."""
    now = draft_of(case.state, case.pathway, plan)
    draft, approved_in = _standing(case, plan, now)
    effect = case.state.effect_named(plan.name)
    return ReportShown(
        name=plan.name,
        title=plan.title,
        form=draft.form,
        form_title=draft.rules.title,
        receiver=draft.rules.receiver,
        law=draft.rules.law,
        gate=plan.gate,
        approved_in=approved_in,
        outdated=draft.digest != now.digest,
        connected=draft.form in connected,
        digest=draft.digest,
        lines=lines_of(draft),
        gaps=[str(gap) for gap in draft.gaps],
        state=effect.state if effect is not None else "",
        reference=effect.reference if effect is not None else "",
    )


def reports_shown(doors: Doors, case: OpenCase) -> list[ReportShown]:
    """Every report of the case's runbook."""
    connected = doors.settings.connected
    return [report_shown(case, plan, connected=connected) for plan in reports_of(case.pathway)]


def reports_told(doors: Doors, case: OpenCase) -> list[dict[str, str]]:
    """The same in short: name, title, and how far each is."""
    return [
        {"name": each.name, "title": each.title, "standing": each.standing}
        for each in reports_shown(doors, case)
    ]


def _standing(case: OpenCase, plan: EffectPlan, now: Draft) -> tuple[Draft, int | None]:
    """What was approved or handed in stays as it was; everything else is shown as it is now."""
    drafted = case.state.drafts.get(plan.name)
    effect = case.state.effect_named(plan.name)
    over = effect is not None and not effect.open
    if drafted is None or not (over or drafted.approved_in is not None):
        return now, None
    return drafted.draft, drafted.approved_in


def _document(doors: Doors, case: OpenCase, plan: EffectPlan) -> str:
    draft, round_ = _standing(case, plan, draft_of(case.state, case.pathway, plan))
    approved = f"{case.title_of(plan.gate)}, round {round_}" if round_ is not None else ""
    return document(draft, party=doors.settings.party, case=case.row.number, approved=approved)


def _named(case: OpenCase, name: str) -> EffectPlan | None:
    """The report of that name, or the only one that fills that form."""
    plans = reports_of(case.pathway)
    by_name = [plan for plan in plans if plan.name == name]
    by_form = [plan for plan in plans if plan.by == f"report:{name}"]
    found = by_name or (by_form if len(by_form) == 1 else [])
    return found[0] if found else None


class DraftPages:
    """Drafts to read and to download, for whoever may see the case."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def routes(self) -> list[Route]:
        """The page and the address for the command line."""
        doors = self._web.doors
        return [
            Route("/cases/{number:str}/reports/{report:str}", self.download, methods=["GET"]),
            Route(
                "/api/cases/{number:str}/reports/{report:str}",
                logged_in(doors, self.report),
                methods=["GET"],
            ),
        ]

    async def download(self, request: Request) -> Response:
        """The draft as a document of its own."""
        viewer = await self._web.viewer(request)
        if viewer is None:
            return self._web.to_login(request)
        found = await self._find(request, viewer)
        if found is None:
            return self._web.nothing_here(viewer)
        case, plan = found
        name = f"case-{case.row.number}-{plan.name}.html"
        return HTMLResponse(
            _document(self._web.doors, case, plan),
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def report(self, request: Request, viewer: Viewer) -> Response:
        """The draft with its fields, for whoever hands it in by other means."""
        found = await self._find(request, viewer)
        if found is None:
            return problem(404, "not-found", NOT_FOUND)
        case, plan = found
        doors = self._web.doors
        shown = report_shown(case, plan, connected=doors.settings.connected)
        draft, _ = _standing(case, plan, draft_of(case.state, case.pathway, plan))
        return JSONResponse(
            {
                "number": case.row.number,
                **asdict(shown),
                "standing": shown.standing,
                "by_hand": shown.by_hand,
                "fields": dict(draft.fields),
                "document": _document(doors, case, plan),
                "as_of": case.as_of.isoformat(),
            }
        )

    async def _find(self, request: Request, viewer: Viewer) -> tuple[OpenCase, EffectPlan] | None:
        number = request.path_params["number"]
        case = await find_case(self._web.doors, number, person=viewer.id, roles=viewer.roles)
        plan = _named(case, request.path_params["report"]) if case is not None else None
        if case is None or plan is None or case.apart:
            # A draft names who is kept apart from whoever only reads the case.
            return None
        return case, plan
