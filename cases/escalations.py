"""Escalations: a policy's steps come one after the other until somebody has it (I10).

Everything here is a fold over the case's own state: which step comes when, what stops it, what
makes it go on. Whom a step reaches, and when they may be told, is found out where it is sent.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from cases.escalation_holders import counts, is_had, leases_of
from cases.escalation_steps import page_last, tell_step, tell_unread
from cases.file import INCIDENT_MANAGER, CaseFile, Hush, Tell
from cases.held import end_held
from cases.intervals import counted_from
from cases.journal import Kind
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult, Purpose, StepNotice
from cases.paging import EscalationRun, RunState, Unread
from cases.records import Lease
from runbooks.plan import Obeys, PolicyPlan

ONWARD = (NoticeEnd.PASSED_ON, NoticeEnd.UNDELIVERED, NoticeEnd.NOBODY, NoticeEnd.UNREAD)
"""Ends of a step's notice after which nobody need be waited for."""

OTHER_RULES = "the case goes on under rules without this policy"


def begin(
    file: CaseFile,
    name: str,
    *,
    stage: str,
    because: str,
    at: datetime,
    clock: str = "",
    due: datetime | None = None,
) -> None:
    """The policy runs, once for the same thing; what is due at once is told at once.

    `due` is when the step that begins it was due.
    """
    policy = file.pathway.policy(name)
    same = (
        run.active and (run.policy, run.stage, run.clock) == (name, stage, clock)
        for run in file.state.escalations
    )
    if policy is None or any(same):
        return
    number = sum(run.policy == name for run in file.state.escalations) + 1
    run = EscalationRun(
        key=f"{name}#{number}",
        policy=name,
        stage=stage,
        clock=clock,
        because=because,
        begun_at=at,
        next_at=counted_from(file, due, at=at) + policy.steps[0].after,
    )
    file.state.escalations.append(run)
    file.note(
        Kind.ESCALATION_BEGUN,
        at,
        run=run.key,
        stage=stage or None,
        clock=clock or None,
        because=because,
    )
    if file.state.hold is not None and not _lawful(file, run):
        run.stood_since = at
    _stop_where_had(file, run, at=at)
    _take(file, run, at=at)


def take_due(file: CaseFile, *, at: datetime) -> None:
    """Every step whose instant has come has been told, and what is over has ended."""
    for run in file.state.escalations:
        if run.active and run.clock and _clock_ended(file, run, at=at):
            end(file, run, because=f"{run.clock} has ended", at=at)
        _take(file, run, at=at)


def here(file: CaseFile) -> list[EscalationRun]:
    """The runs that somebody who has the case's stage can stop."""
    return [
        run
        for run in file.state.escalations
        if run.active and (run.clock or run.stage == file.state.stage)
    ]


def acknowledged(file: CaseFile, lease: Lease, *, at: datetime) -> None:
    """What the acknowledgement stops has stopped: runs, and calls to the same role."""
    for run in here(file):
        _stop_where_had(file, run, at=at)
    if not lease.lapses:
        return
    hush = Hush(
        runs=(),
        how=NoticeEnd.ACKNOWLEDGED,
        because=f"{lease.person} has it",
        stage=lease.stage,
        role=lease.role,
    )
    end_held(file, hush.meant, hush.how, because=hush.because, at=at)
    file.wishes.append(hush)


def resume(file: CaseFile, lease: Lease, *, at: datetime) -> tuple[str, ...]:
    """The runs that nobody has any more go on, naming who let it lapse; their keys are returned."""
    resumed: list[str] = []
    for run in here(file):
        if run.state is not RunState.ACKNOWLEDGED or is_had(file, run, at=at):
            continue
        policy = file.pathway.policy(run.policy)
        if policy is None or not counts(file, run, policy, lease):
            continue
        run.lapsed.append(lease.person)
        resumed.append(run.key)
        if run.exhausted_at is not None:
            run.state = RunState.EXHAUSTED
            page_last(file, run, lapsed=(lease.person,))
            continue
        run.state = RunState.RUNNING
        run.step = max(run.step, 1)
        run.told = []
        tell_step(file, run, policy, run.step, at=at, lapsed=(lease.person,))
        begun = counted_from(file, lease.until, at=at)
        run.next_at = begun + _following(policy, run.step)
    return tuple(resumed)


def told(file: CaseFile, order: NoticeOrder, result: NoticeResult, *, at: datetime) -> None:
    """What became of a step's notice: who was reached, and whether the next one comes now."""
    part = order.of_step
    run = _run(file, part.run) if part is not None else None
    policy = file.pathway.policy(run.policy) if run is not None else None
    if part is None or run is None or policy is None or not run.active or not part.step:
        return
    under_way = (part.passage, part.step) == (run.passage, run.step)
    reached = [each.person for each in result.recipients if each.end is NoticeEnd.DELIVERED]
    if under_way:
        run.told = list(dict.fromkeys((*run.told, *reached)))
        _stop_where_had(file, run, at=at)
    if run.state is not RunState.RUNNING:
        return
    step = policy.steps[part.step - 1]
    if result.end is NoticeEnd.HELD:
        if under_way and step.obeys in (Obeys.START, Obeys.WAIT):
            run.next_at, run.waits_for = None, order.key
        return
    if run.waits_for == order.key:
        run.waits_for = ""
        run.next_at = at + _following(policy, run.step)
    if reached and step.unread is not None:
        run.unread.append(
            Unread(notice=order.key, step=part.step, at=at + step.unread, way=part.way + 1)
        )
    if result.end in ONWARD and under_way and run.next_at is not None:
        run.next_at = min(run.next_at, at)


def over(file: CaseFile, order: NoticeOrder) -> NoticeEnd | None:
    """How the notice has ended where it is not to be sent any more; None where it is."""
    run = _run(file, order.of_step.run) if order.of_step is not None else None
    if run is not None and run.state is RunState.ACKNOWLEDGED:
        return NoticeEnd.ACKNOWLEDGED
    if run is not None:
        return None if run.active else NoticeEnd.SUPERSEDED
    left = order.stage is not None and order.stage != file.state.stage
    return NoticeEnd.SUPERSEDED if left else None


def leave(file: CaseFile, stage: str, *, at: datetime) -> None:
    """What ran because of the stage is over, and so is what was kept of it."""
    _end(
        file,
        lambda run: not run.clock and run.stage == stage,
        because=f"{stage} is over",
        at=at,
    )
    # What a run has kept ended with the run, unless that goes on with its clock.
    end_held(
        file,
        lambda order: order.of_step is None and order.stage == stage,
        NoticeEnd.SUPERSEDED,
        at=at,
    )
    file.state.raised = []


def end_of_clock(file: CaseFile, clock: str, *, because: str, at: datetime) -> None:
    """What ran because of that clock of the whole case is over."""
    _end(file, lambda run: run.clock == clock, because=because, at=at)


def end_all(file: CaseFile, *, because: str, at: datetime) -> None:
    """Nothing escalates any more, and nothing that was kept is sent."""
    _end(file, lambda _: True, because=because, at=at)
    end_held(file, lambda _: True, NoticeEnd.SUPERSEDED, at=at)


def _end(
    file: CaseFile, meant: Callable[[EscalationRun], bool], *, because: str, at: datetime
) -> None:
    """Of the runs that are not over yet, those that are meant are over."""
    for run in file.state.escalations:
        if run.active and meant(run):
            end(file, run, because=because, at=at)


def end(file: CaseFile, run: EscalationRun, *, because: str, at: datetime) -> None:
    """The run is over."""
    _quiet(file, run, RunState.ENDED, NoticeEnd.SUPERSEDED, because=because, at=at)
    file.note(Kind.ESCALATION_ENDED, at, run=run.key, because=because)


def under_other_rules(file: CaseFile, *, at: datetime) -> None:
    """Runs whose policy the case's rules do not have end, and whoever runs the case is told."""
    for run in file.state.escalations:
        if run.active and file.pathway.policy(run.policy) is None:
            end(file, run, because=OTHER_RULES, at=at)
            file.tell(
                Purpose.INFORMATION, INCIDENT_MANAGER, stage=file.state.stage, step=run.policy
            )


def stand_still(file: CaseFile, *, at: datetime) -> None:
    """The case is on hold: steps that are ours wait; those of the law's clocks go on (I12)."""
    for run in file.state.escalations:
        if run.active and not _lawful(file, run):
            run.stood_since = at


def go_on(file: CaseFile, *, at: datetime) -> None:
    """The hold is over: every step has the time it had left."""
    for run in file.state.escalations:
        if run.stood_since is None:
            continue
        stood = at - run.stood_since
        run.stood_since = None
        if run.next_at is not None:
            run.next_at += stood
        run.unread = [each.model_copy(update={"at": each.at + stood}) for each in run.unread]


def _take(file: CaseFile, run: EscalationRun, *, at: datetime) -> None:
    while run.state is RunState.RUNNING and run.stood_since is None:
        again = [each for each in run.unread if each.at <= at]
        if again:
            run.unread = [each for each in run.unread if each.at > at]
            tell_unread(file, run, again, at=at)
        elif run.next_at is not None and run.next_at <= at:
            _step(file, run, at=at)
        else:
            return


def _step(file: CaseFile, run: EscalationRun, *, at: datetime) -> None:
    policy = file.pathway.policy(run.policy)
    if policy is None:
        end(file, run, because=OTHER_RULES, at=at)
        return
    begun = counted_from(file, run.next_at, at=at)
    if run.step < len(policy.steps):
        run.step += 1
        run.told = []
        tell_step(file, run, policy, run.step, at=at)
        run.next_at = begun + _following(policy, run.step)
    elif run.passage <= policy.repeat:
        run.passage += 1
        run.step = 0
        run.next_at = begun + policy.steps[0].after
    else:
        run.state = RunState.EXHAUSTED
        run.exhausted_at = at
        run.next_at = None
        file.note(Kind.ESCALATION_EXHAUSTED, at, run=run.key, passages=run.passage)
        page_last(file, run)


def _following(policy: PolicyPlan, number: int) -> timedelta:
    """How long after that step the next thing comes."""
    return policy.steps[number].after if number < len(policy.steps) else policy.between


def _stop_where_had(file: CaseFile, run: EscalationRun, *, at: datetime) -> bool:
    """The run stands still where enough people have it; whether it has just stopped."""
    if run.state not in (RunState.RUNNING, RunState.EXHAUSTED) or not is_had(file, run, at=at):
        return False
    people = sorted({lease.person for lease in leases_of(file, run, at=at)})
    _quiet(
        file,
        run,
        RunState.ACKNOWLEDGED,
        NoticeEnd.ACKNOWLEDGED,
        because=f"{' and '.join(people)} has it",
        at=at,
    )
    file.note(Kind.ESCALATION_STOPPED, at, run=run.key, step=run.step or None, who=people)
    return True


def _quiet(
    file: CaseFile,
    run: EscalationRun,
    state: RunState,
    how: NoticeEnd,
    *,
    because: str,
    at: datetime,
) -> None:
    """Nothing of the run is pending any more: not wished for, not kept, not under way."""
    run.state = state
    run.next_at = None
    run.unread = []
    run.waits_for = ""
    file.wishes = [wish for wish in file.wishes if not _belongs(wish, run)]
    end_held(
        file,
        lambda order: order.of_step is not None and order.of_step.run == run.key,
        how,
        because=because,
        at=at,
    )
    file.wishes.append(Hush(runs=(run.key,), how=how, because=because))


def _belongs(wish: object, run: EscalationRun) -> bool:
    match wish:
        case Tell(of_step=StepNotice(run=key)):
            return key == run.key
        case _:
            return False


def _run(file: CaseFile, key: str) -> EscalationRun | None:
    return next((run for run in file.state.escalations if run.key == key), None)


def _lawful(file: CaseFile, run: EscalationRun) -> bool:
    clock = file.state.clock(run.clock) if run.clock else None
    return clock is not None and clock.statutory


def _clock_ended(file: CaseFile, run: EscalationRun, *, at: datetime) -> bool:
    clock = file.state.clock(run.clock)
    return clock is None or clock.reading(at).ended
