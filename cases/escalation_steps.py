"""What a step of an escalation says, and to whom."""

from datetime import datetime, timedelta

from cases.escalation_holders import stage_of
from cases.file import DUTY_MANAGER, CaseFile
from cases.journal import Kind
from cases.notice import Purpose, StepNotice
from cases.paging import EscalationRun, Unread
from runbooks.plan import PolicyPlan

LAST = DUTY_MANAGER
"""Who is paged when every step has come and nobody has said anything."""
UNREAD = ", unread so far"
"""How the name ends of what is told once more."""


def tell_step(
    file: CaseFile,
    run: EscalationRun,
    policy: PolicyPlan,
    number: int,
    *,
    at: datetime,
    lapsed: tuple[str, ...] = (),
    unread: Unread | None = None,
) -> None:
    """Whoever that step names is told, and the step is on record, unless it is told once more."""
    step = policy.steps[number - 1]
    stage = stage_of(file, run)
    round_ = file.state.open_round(stage) if stage else None
    if unread is None:
        file.note(
            Kind.ESCALATION_STEP,
            at,
            run=run.key,
            step=number,
            passage=run.passage,
            who=step.who,
            lapsed=list(lapsed) or None,
        )
    file.tell(
        Purpose.REMIND if step.remind else Purpose.PAGE,
        step.role,
        stage=stage,
        round_=round_.number if round_ is not None else None,
        person=step.person,
        step=f"{run.key} {_label(run, number, unread)}",
        of_step=StepNotice(
            run=run.key,
            passage=run.passage,
            step=number,
            person=step.person or "",
            on_call=step.on_call or "",
            onward=True,
            obeys=step.obeys,
            # A lapse and a second channel are no first asking: their time has been waited for.
            since=None if lapsed or unread else at - step.after,
            after=timedelta() if lapsed or unread else step.after,
            pierced_by=policy.pierced_by,
            lapsed=lapsed,
            unread_of=unread.notice if unread is not None else "",
            way=unread.way if unread is not None else 0,
        ),
    )


def tell_unread(file: CaseFile, run: EscalationRun, again: list[Unread], *, at: datetime) -> None:
    """Whoever has not read what they were sent is told on their next channel."""
    policy = file.pathway.policy(run.policy)
    for unread in again:
        if policy is not None:
            tell_step(file, run, policy, unread.step, at=at, unread=unread)


def page_last(file: CaseFile, run: EscalationRun, *, lapsed: tuple[str, ...] = ()) -> None:
    """The duty manager is paged: every step has come, or whoever had it let it lapse."""
    file.tell(
        Purpose.LAPSED if lapsed else Purpose.EXHAUSTED,
        LAST,
        stage=stage_of(file, run),
        step=f"{run.key} exhausted",
        of_step=StepNotice(run=run.key, passage=run.passage, step=0, lapsed=lapsed),
    )


def _label(run: EscalationRun, number: int, unread: Unread | None) -> str:
    said = f"step {number}"
    if run.passage > 1:
        said += f", time {run.passage}"
    return f"{said}{UNREAD}" if unread is not None else said
