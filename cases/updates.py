"""Updates for those who wait outside: asked for, written or missed, and told, again and again.

Whoever writes answers a request of the case, by the same act as any other. That nobody has written
by then is told as well: "no update yet" is news.
"""

from datetime import datetime

from cases.clock import ClockRun, ClockVerb
from cases.clocks import begin_over, running, start, turn
from cases.file import CaseFile
from cases.journal import Kind
from cases.notice import Purpose
from cases.owed_notes import ask_for_next
from cases.records import InformationRequest
from runbooks.plan import Late, Pathway, UpdatePlan

UPDATE = "update/"
"""How the clocks of updates are called: `update/executives`."""
QUESTION = "How does the case stand for {audience}: what is known, what is done, what comes next?"


def update_of(pathway: Pathway, request: InformationRequest) -> UpdatePlan | None:
    """The update that the request asks for; None when it asks for something else."""
    return next((plan for plan in pathway.updates if _asks_for(request, plan.name)), None)


def start_updates(file: CaseFile, *, at: datetime) -> None:
    """Every audience that is told at this severity waits for its first update from now on."""
    for plan in file.pathway.updates:
        over = plan.until in {v.stage for v in file.state.visits if v.left_at is not None}
        wanted = plan.comes_at(file.state.severity.current) and not over
        if wanted and running(file, UPDATE + plan.name, at=at) is None:
            _begin(file, plan, at=at)


def replan_updates(file: CaseFile, *, at: datetime) -> None:
    """The severity has changed: audiences come and go, and intervals are those of now."""
    for plan in file.pathway.updates:
        clock = running(file, UPDATE + plan.name, at=at)
        if clock is None:
            continue
        if not plan.comes_at(file.state.severity.current):
            turn(file, clock, ClockVerb.STOP, at=at, because="severity")
        elif clock.within != plan.every_for(file.state.severity.current):
            turn(file, clock, ClockVerb.CANCEL, at=at, because="severity")
            _begin(file, plan, at=at)
    start_updates(file, at=at)


def remind_writer(file: CaseFile, clock: ClockRun) -> None:
    """Three quarters of the interval are over: whoever writes is told."""
    plan = _plan(file, clock.id)
    if plan is not None:
        file.tell(Purpose.INFORMATION, plan.by, stage=file.state.stage, step=clock.id)


def missed(file: CaseFile, clock: ClockRun, *, at: datetime) -> None:
    """Nobody wrote: that is on record and told to the audience, and the interval begins anew."""
    plan = _plan(file, clock.id)
    if plan is None:
        turn(file, clock, ClockVerb.STOP, at=at, because="other rules")
        return
    file.note(Kind.UPDATE_MISSED, at, to=plan.to, by=plan.by)
    file.tell(Purpose.UPDATE, plan.to, stage=file.state.stage, step="no update yet")
    clock.breached_at = None
    begin_over(file, clock, at=at)


def written(file: CaseFile, request: InformationRequest, *, at: datetime) -> None:
    """If the request was for an update, its audience is told, and the next one is asked for."""
    plan = update_of(file.pathway, request)
    if plan is None:
        return
    file.tell(
        Purpose.UPDATE,
        plan.to,
        stage=file.state.stage,
        step=f"an update is on the case ({request.id})",
    )
    clock = running(file, UPDATE + plan.name, at=at)
    if clock is not None:
        clock.breached_at = None
        turn(file, clock, ClockVerb.RESET, at=at)
        _ask(file, plan, at=at)


def end_with(file: CaseFile, stage: str, *, at: datetime) -> None:
    """Updates that end with the stage are asked for no more."""
    for plan in file.pathway.updates:
        clock = running(file, UPDATE + plan.name, at=at)
        if plan.until == stage and clock is not None:
            turn(file, clock, ClockVerb.STOP, at=at, because=f"stage:{stage}")


def _begin(file: CaseFile, plan: UpdatePlan, *, at: datetime) -> None:
    every = plan.every_for(file.state.severity.current)
    clock = ClockRun(
        id=UPDATE + plan.name,
        title=f"update for {plan.to}",
        within=every,
        statutory=False,
        owner=plan.by,
        late=[Late(at=every * 3 / 4, label="75%", remind=plan.by)],
    )
    start(file, clock, at=at)
    _ask(file, plan, at=at)


def _ask(file: CaseFile, plan: UpdatePlan, *, at: datetime) -> None:
    """The next update can be written; one that is still owed is not asked for twice."""
    mine = [each for each in file.state.requests if _asks_for(each, plan.name)]
    series = _series(plan.name)
    question = QUESTION.format(audience=plan.to)
    request = ask_for_next(file, mine, series=series, by=plan.by, question=question, at=at)
    if request is not None:
        file.note(Kind.UPDATE_ASKED, at, request=request.id, role=plan.by, to=plan.to)


def _plan(file: CaseFile, clock: str) -> UpdatePlan | None:
    name = clock.removeprefix(UPDATE)
    return next((plan for plan in file.pathway.updates if plan.name == name), None)


def _asks_for(request: InformationRequest, name: str) -> bool:
    series = _series(name)
    if request.role is None:
        # Before edition 8 an update of `board` passed for one of `board-eu`, and they keep that.
        return request.id.startswith(f"{series}-")
    return request.id.rpartition("-")[0] == series


def _series(name: str) -> str:
    return f"update-{name}"
