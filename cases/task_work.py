"""Tasks of a case: opened with an owner and a due instant, reminded of, settled, or fallen away."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import JsonValue

from cases.clock import ClockRun, ClockVerb
from cases.clocks import running, start, turn
from cases.file import CaseFile
from cases.journal import Kind
from cases.notice import Purpose
from cases.tasks import PERSON, Task, TaskState
from runbooks.plan import Late

_SHARE = 3
_OF = 4
_REMINDED = "75%"
_DUE = "due"
CLOCK = "task/"
"""How the ids of their clocks begin."""


class Basis(NamedTuple):
    """The act by which somebody did it."""

    act: str
    role: str
    signed_at: datetime
    commitment: str
    accounts: tuple[str, ...] = ()
    """Other accounts of who did it."""

    @property
    def said(self) -> Mapping[str, JsonValue]:
        """As the journal's entry says it."""
        return {
            "also": list[JsonValue](sorted(self.accounts)) or None,
            "role": self.role,
            "act": self.act,
            "signed": self.signed_at.isoformat(),
            "input": self.commitment,
        }


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
    before_closing: bool = True,
    basis: Basis | None = None,
) -> Task:
    """The task is the case's: its clock runs, and its owner is told.

    `basis` is the act that set it; None where the entry before says already what it is from.
    """
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
        before_closing=before_closing,
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
        optional=None if before_closing else True,
        **(basis.said if basis is not None else {}),
    )
    # What is due already is late at once: a gate may have taken longer than its condition.
    within = max(due - at, timedelta(0))
    clock = ClockRun(
        id=clock_of(task),
        title=f"{task.id} target",
        within=within,
        statutory=False,
        owner=owner,
        late=_reminders(within, owner, origin=origin) if within else [],
    )
    start(file, clock, at=at)
    file.tell(Purpose.TASK, owner, stage=gate or file.state.stage, person=person, step=task.id)
    return task


def hand_on_task(
    file: CaseFile,
    task: Task,
    *,
    owner: str,
    person: str | None,
    by: str,
    reason: str,
    basis: Basis,
    at: datetime,
) -> None:
    """The task is owed by somebody else by the same instant; they are told and reminded."""
    was = task.owner, task.person
    task.owner, task.person = owner, person
    file.note(
        Kind.TASK_HANDED_ON,
        at,
        task=task.id,
        owner=owner,
        person=person,
        was=was[1] or was[0],
        by=by,
        reason=reason or None,
        **basis.said,
    )
    clock = running(file, clock_of(task), at=at)
    if clock is not None:
        clock.owner = owner
        clock.late = [step.model_copy(update={"remind": owner}) for step in clock.late]
        clock.fired = [label.replace(f":{was[0]}", f":{owner}") for label in clock.fired]
    file.tell(
        Purpose.TASK,
        owner,
        stage=task.gate or file.state.stage,
        person=person,
        step=f"{task.id} handed on",
    )


def remind(file: CaseFile, clock: ClockRun, step: Late) -> None:
    """Whoever owes the task is told that it comes due, or is."""
    task = next((each for each in file.state.tasks if clock_of(each) == clock.id), None)
    if task is not None and task.open:
        label = f"{clock.id} {step.label}"
        file.tell(
            Purpose.REMIND,
            step.remind or task.owner,
            stage=file.state.stage,
            person=task.person,
            step=label,
        )


def settle_task(
    file: CaseFile,
    task: Task,
    state: TaskState,
    *,
    by: str,
    basis: Basis,
    at: datetime,
    reference: str = "",
    note: str = "",
) -> None:
    """The task is owed by nobody any more."""
    task.state = state
    task.settled_by = by
    task.settled_at = basis.signed_at
    task.reference = reference
    task.note = note
    file.note(
        Kind.TASK_SETTLED,
        at,
        task=task.id,
        state=state.value,
        origin=task.origin,
        by=by,
        reference=reference or None,
        note=note or None,
        **basis.said,
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
            if task.origin == PERSON:
                # Whoever was asked to do it hears that nobody waits for it any more.
                file.tell(Purpose.CLOSED, task.owner, person=task.person, step=task.id)


def owe_again(file: CaseFile, tasks: Iterable[str], *, at: datetime) -> None:
    """What fell away with the case is owed as before: the case is one of its own again."""
    for name in tasks:
        task = file.state.task(name)
        if task is not None and task.state is TaskState.FELL_AWAY:
            task.state = TaskState.OPEN
            file.note(Kind.TASK_OWED_AGAIN, at, task=task.id, owner=task.owner, person=task.person)


def clock_of(task: Task) -> str:
    """The id of the clock that runs until the task is settled."""
    return f"{CLOCK}{task.id}"


def _reminders(within: timedelta, owner: str, *, origin: str) -> list[Late]:
    late = [Late(at=within * _SHARE / _OF, label=_REMINDED, remind=owner)]
    if origin == PERSON:
        late.append(Late(at=within, label=_DUE, remind=owner))
    return late
