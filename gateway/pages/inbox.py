"""What waits on me, who owes what by when, and the list of cases."""

import dataclasses
from collections import Counter
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cases.obligations.schedule import waits_from
from cases.permissions import Waiting
from cases.values import Instant, Value
from gateway.access import class_of
from gateway.casework import OpenCase
from gateway.covering import standing_of
from gateway.doors import Doors
from gateway.grants_shown import ANSWERS_REQUESTS, SOMEBODY_ASKS, waiting_for
from gateway.listing import Reading
from gateway.log_glass import may
from gateway.sight import ALWAYS
from gateway.suppression_rules import rules_seen
from gateway.times import Due, Show
from gateway.web import Viewer, Web
from runbooks import prioritise
from store import CaseFilter, CaseLine

FILTERS = (
    ("open", "Open"),
    ("held", "On hold"),
    ("closed", "Closed"),
    ("shadow", "In the shadow"),
    ("all", "All"),
)
_ENDED = ("closed", "cancelled")
_MOST_OTHERS = 100
FEWEST = 5
"""Smaller counts of cases that somebody may not see are not told."""
_NO_PRIORITY = "P9"
"""A runbook without a matrix: after those that have one, at the same severity."""


class Owed(Value):
    """Something somebody owes a case."""

    number: str
    severity: str
    """How bad the harm is."""
    priority: str = ""
    """The order of work among cases of one severity, where the runbook has a matrix."""
    stage: str
    role: str
    person: str | None = None
    what: str
    due_at: Instant | None = None
    as_of: Instant
    """The case's own present; in a simulation it may be ahead of ours (I16)."""
    held: bool = False
    shadow: bool = False
    """Nothing is sent: nobody but who practises has to do anything."""


async def owed_by(doors: Doors, viewer: Viewer) -> tuple[list[Owed], list[Owed]]:
    """What waits on the person, and on others: what is overdue, then by harm and priority."""
    mine: list[Owed] = []
    others: list[Owed] = []
    seen: set[str] = set()
    standing = await standing_of(doors, viewer.id, at=await doors.clock.now())
    roles = viewer.roles | standing.roles
    reading = await Reading.of(doors, viewer)
    for view in await doors.store.views.inbox(roles=roles, person=viewer.id):
        case = await reading.open(view)
        if case is None:
            continue
        seen.add(case.row.id)
        for item in case.waiting():
            (mine if _is_mine(item, case, viewer) else others).append(_owed(item, case))
    if viewer.roles & ALWAYS:
        running = await doors.store.views.list(
            CaseFilter(status=("open", "held"), limit=_MOST_OTHERS)
        )
        for line in running:
            if line.case in seen:
                continue
            opened = await reading.find(line.number)
            if opened is not None:
                others.extend(_owed(item, opened) for item in opened.waiting())
    for owed in await _after_closing(doors, viewer, reading):
        (mine if owed.role in viewer.roles else others).append(owed)
    mine.extend(await _asked_to_read(doors, viewer))
    await reading.write()
    return sorted_by_turn(mine), sorted_by_turn(others)


async def _after_closing(doors: Doors, viewer: Viewer, reading: Reading) -> list[Owed]:
    """What closed cases owe and is to be settled now, by the person or for them to see."""
    everything = bool(viewer.roles & ALWAYS)
    found: list[Owed] = []
    for row in await doors.store.obligations.open_of(None if everything else viewer.roles):
        number = (await doors.store.cases.get(row.case)).number
        case = await reading.find(number)
        if case is None:
            continue
        plan = case.pathway.owed_plan(row.name)
        now = await doors.clock.now(row.workflow_id)
        begins = waits_from(plan, due_at=row.due_at) if plan is not None else None
        if begins is not None and now < begins:
            continue
        found.append(
            Owed(
                number=number,
                severity=case.state.severity.current.value,
                priority=_priority(case),
                stage="after closing" if case.state.closed else "interim rule",
                role=row.owner,
                what=row.title,
                due_at=row.due_at,
                as_of=now,
            )
        )
    return found


async def _asked_to_read(doors: Doors, viewer: Viewer) -> list[Owed]:
    """Requests to read a case that the person can answer."""
    return [
        Owed(
            number=view.line.number,
            severity=view.line.severity,
            stage="access",
            role=ANSWERS_REQUESTS,
            what=SOMEBODY_ASKS,
            due_at=row.expires_at,
            as_of=await doors.clock.now(),
        )
        for row, view in await waiting_for(doors, viewer)
    ]


class Apart(Value):
    """Restricted cases that are not for the person, as far as they may count them."""

    case_class: str
    severity: str
    count: str
    """A number, or that they are few: a small one would point at a case."""


class Listing(Value):
    """The cases somebody sees, and what they may know of those they do not."""

    lines: list[CaseLine]
    apart: list[Apart] = []


async def listing(doors: Doors, viewer: Viewer, status: str) -> Listing:
    """The cases of that state which the person may see.

    Of restricted ones they see class and severity at most, and counts below five as few.
    """
    wanted = {"open": ("open",), "held": ("held",), "closed": _ENDED}.get(status)
    shadow = True if status == "shadow" else None
    # Also whoever may see every ordinary case is asked for each: a case can be need-to-know.
    reading = await Reading.of(doors, viewer)
    lines: list[CaseLine] = []
    counts: Counter[tuple[str, str]] = Counter()
    for line in await doors.store.views.list(CaseFilter(status=wanted, shadow=shadow)):
        view = await doors.store.views.by_number(line.number)
        if view is None:
            continue
        answer = await reading.answer(view)
        if answer.decision.allowed:
            lines.append(line)
        elif reading.counts(answer):
            counts[class_of(doors, answer.state), line.severity] += 1
    await reading.write()
    return Listing(
        lines=lines,
        apart=[
            Apart(case_class=name, severity=severity, count=counted(count))
            for (name, severity), count in sorted(counts.items())
        ],
    )


def counted(count: int) -> str:
    """The number, where it is large enough to point at nobody."""
    return str(count) if count >= FEWEST else f"fewer than {FEWEST}"


class InboxPages:
    """The two lists."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def routes(self) -> list[Route]:
        """The pages of this module."""
        return [
            Route("/", self.inbox, methods=["GET"]),
            Route("/cases", self.cases, methods=["GET"]),
        ]

    async def inbox(self, request: Request) -> Response:
        """What waits on the viewer, overdue first."""
        viewer = await self._web.viewer(request)
        if viewer is None:
            return self._web.to_login(request)
        show = await self._web.show(viewer)
        mine, others = await owed_by(self._web.doors, viewer)
        return self._web.page(
            "inbox.html",
            viewer=viewer,
            mine=[_line(item, show) for item in mine],
            others=[_line(item, show) for item in others],
            as_of=show.clock(show.now),
        )

    async def cases(self, request: Request) -> Response:
        """Every case the viewer may see, of the chosen state."""
        viewer = await self._web.viewer(request)
        if viewer is None:
            return self._web.to_login(request)
        chosen = request.query_params.get("status", "open")
        if chosen not in dict(FILTERS):
            chosen = "open"
        show = await self._web.show(viewer)
        clock = self._web.doors.clock
        listed = await listing(self._web.doors, viewer, chosen)
        lines = [
            {**line.model_dump(), "due": _due(line.due_at, show, await clock.now(line.case))}
            for line in listed.lines
        ]
        return self._web.page(
            "cases.html",
            viewer=viewer,
            lines=lines,
            apart=listed.apart,
            filters=FILTERS,
            chosen=chosen,
            hides=await rules_seen(self._web.doors, viewer) is not None,
            differs=bool(viewer.roles & ALWAYS),
            log_waits=await self._held_by_log(viewer),
            sees_deliveries=bool(viewer.roles & ALWAYS),
            as_of=show.clock(show.now),
        )

    async def _held_by_log(self, viewer: Viewer) -> int | None:
        """How much waits for the transparency log; None where that is not the viewer's to mend."""
        if not may(viewer):
            return None
        return (await self._web.doors.store.log.pressing()).number


def _is_mine(item: Waiting, case: OpenCase, viewer: Viewer) -> bool:
    if item.person is not None:
        # What was given to somebody who is away waits on whoever acts for them.
        places = {place.person for place in case.standing.places}
        return item.person == viewer.id or item.person in places
    if item.role not in viewer.roles | case.standing.roles:
        return False
    if item.task is not None:
        return True
    if case.kept_out(item.stage):
        return False
    # An open question one has already answered, or may not answer, waits on others.
    round_ = case.state.open_round(item.stage)
    if round_ is None:
        return True
    return round_.vote_of(viewer.id) is None and any(
        act.verb == "decide" and act.gate == item.stage for act in case.allowed()
    )


def _owed(item: Waiting, case: OpenCase) -> Owed:
    return Owed(
        number=case.state.number,
        severity=case.state.severity.current.value,
        priority=_priority(case),
        stage=case.title_of(item.stage),
        role=item.role,
        person=item.person,
        what=item.what,
        due_at=item.due_at,
        as_of=case.now,
        held=case.state.hold is not None,
        shadow=case.state.shadow,
    )


def _priority(case: OpenCase) -> str:
    """What is taken up first among cases of one severity; empty where the runbook does not say."""
    answers = {name: given.value for name, given in case.state.answers.items()}
    found = prioritise(case.shelved.runbook, answers)
    return found.priority.value if found is not None else ""


def sorted_by_turn(items: list[Owed]) -> list[Owed]:
    """What is taken up first stands first."""
    return sorted(items, key=_turn)


def _turn(item: Owed) -> tuple[object, ...]:
    """What is overdue comes first, the most overdue before all; then harm, priority, time left.

    What runs in the shadow comes after everything in which somebody waits.
    """
    left = _left(item)
    late = min(left, timedelta(0))
    harm = (item.severity, item.priority or _NO_PRIORITY)
    return (item.shadow, left > timedelta(0), late, harm, item.due_at is None, left, item.number)


def _left(item: Owed) -> timedelta:
    return item.due_at - item.as_of if item.due_at is not None else timedelta.max


def _line(item: Owed, show: Show) -> dict[str, object]:
    return {**item.model_dump(), "due": _due(item.due_at, show, item.as_of)}


def _due(due_at: datetime | None, show: Show, now: datetime) -> Due | None:
    return dataclasses.replace(show, now=now).due(due_at) if due_at is not None else None
