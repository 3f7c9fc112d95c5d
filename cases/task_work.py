"""Tasks of a case: opened with an owner and a due instant, reminded of, settled, or fallen away."""

from datetime import datetime, timedelta

from cases.clock import ClockRun, ClockVerb
from cases.clocks import running, start, turn
from cases.file import CaseFile
from cases.journal import Kind
from cases.notice import Purpose
from cases.tasks import Task, TaskState
from runbooks.plan import Late

_SHARE = 3
_OF = 4
_REMINDED = "75%"


def open_task(
    file: CaseFile,
    *,
    what: str,
    owner: str,
    due: datetime,
    origin: str,
    by: str,
    at: datetime,
    gate: str | None = None,
    round_: int | None = None,
    person: str | None = None,
) -> Task:
    """The task is the case's: its clock runs, and its owner is told."""
    task = Task(
        id=f"task-{len(file.state.tasks) + 1}",
        what=what,
        owner=owner,
        person=person,
        due=due,
        origin=origin,
        by=by,
        at=at,
        gate=gate,
        round=round_,
    )
    file.state.tasks.append(task)
    file.note(
        Kind.TASK_OPENED,
        at,
        task=task.id,
        what=what,
        owner=owner,
        person=person,
        due=due.isoformat(),
        origin=origin,
        gate=gate,
        round=round_,
        by=by,
    )
    # What is due already is late at once: a gate may have taken longer than its condition.
    within = max(due - at, timedelta(0))
    clock = ClockRun(
        id=clock_of(task),
        title=f"{task.id} target",
        within=within,
        statutory=False,
        owner=owner,
        late=[Late(at=within * _SHARE / _OF, label=_REMINDED, remind=owner)] if within else [],
    )
    start(file, clock, at=at)
    file.tell(Purpose.TASK, owner, stage=gate or file.state.stage, person=person, step=task.id)
    return task


def settle_task(
    file: CaseFile,
    task: Task,
    state: TaskState,
    *,
    by: str,
    role: str,
    act: str,
    signed_at: datetime,
    commitment: str,
    at: datetime,
    reference: str = "",
    note: str = "",
) -> None:
    """The task is owed by nobody any more."""
    task.state = state
    task.settled_by = by
    task.settled_at = signed_at
    task.reference = reference
    task.note = note
    file.note(
        Kind.TASK_SETTLED,
        at,
        task=task.id,
        state=state.value,
        origin=task.origin,
        by=by,
        role=role,
        reference=reference or None,
        note=note or None,
        act=act,
        signed=signed_at.isoformat(),
        input=commitment,
    )
    clock = running(file, clock_of(task), at=at)
    if clock is not None:
        turn(file, clock, ClockVerb.STOP, at=at)


def let_fall(file: CaseFile, *, at: datetime, because: str) -> None:
    """What is still owed falls away: the case has ended in a way that asks for none of it."""
    for task in file.state.tasks:
        if task.open:
            task.state = TaskState.FELL_AWAY
            file.note(Kind.TASK_FELL_AWAY, at, task=task.id, because=because)


def clock_of(task: Task) -> str:
    """The id of the clock that runs until the task is settled."""
    return f"task/{task.id}"
