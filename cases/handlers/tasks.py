"""Acts about the tasks of a case: set by somebody who works on it, handed on, settled."""

from datetime import datetime

from cases.acts_on_tasks import Finish, HandOn, SetTask, Settlement
from cases.correction import take_back
from cases.envelope import Act
from cases.file import CaseFile
from cases.handlers.checks import body_of, must_give_reason, must_have_role, must_not_be_held
from cases.handlers.correcting import taken_back_by
from cases.people import human, is_conflicted
from cases.receipts import Outcome, Reason
from cases.refusal import Refusal, refused
from cases.rules import all_roles
from cases.task_rules import barred_from_handing_on, barred_from_settling, round_of
from cases.task_work import Basis, hand_on_task, open_task, settle_task
from cases.tasks import PERSON, Task, TaskState

MOST_OPEN = 100
"""Tasks of one case that can be owed at a time: more is a slip of a program, and no plan."""


def set_task(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The task is the case's: its owner is told, and reminded until it is settled."""
    del key
    must_have_role(file, act)
    body = body_of(act, SetTask)
    owner = _owner(file, body)
    if body.due <= at:
        raise refused(Reason.DUE_PASSED, body.due.isoformat())
    if sum(task.open for task in file.state.tasks) >= MOST_OPEN:
        raise refused(Reason.UNMET, f"{MOST_OPEN} tasks are open; settle some first")
    open_task(
        file,
        what=body.what,
        owner=owner,
        person=body.person,
        due=body.due,
        origin=PERSON,
        by=act.actor.person,
        at=at,
        before_closing=body.before_closing,
        basis=_basis(act, commitment),
    )


def hand_on(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The task is somebody else's: they are told, and whoever had it need not think of it."""
    del key
    body = body_of(act, HandOn)
    task = _open_task(file, body.task)
    names = human(file.state, act.actor.own_names)
    barred = barred_from_handing_on(file, task, role=act.role, names=names)
    if barred is not None:
        raise barred
    owner = _owner(file, body)
    if task.origin != PERSON and owner != task.owner:
        raise refused(Reason.ROLE, f"{task.id} stays with {task.owner}; name a person of it")
    if (owner, body.person) == (task.owner, task.person):
        raise refused(Reason.UNCHANGED)
    hand_on_task(
        file,
        task,
        owner=owner,
        person=body.person,
        by=act.actor.person,
        reason=body.reason,
        basis=_basis(act, commitment),
        at=at,
    )


def finish(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The task is owed by nobody any more: done, waived by who may, or overturned."""
    del key
    body = body_of(act, Finish)
    task = _open_task(file, body.task)
    names = human(file.state, act.actor.own_names)
    barred = barred_from_settling(file, task, body.settlement, role=act.role, names=names)
    if barred is not None:
        raise barred
    overturned = round_of(file, task) if body.settlement is Settlement.OVERTURNED else None
    if overturned is not None:
        must_not_be_held(file)
    if body.settlement is not Settlement.DONE or not body.reference.strip():
        must_give_reason(body.note)
    settle_task(
        file,
        task,
        TaskState(body.settlement.value),
        by=act.actor.person,
        basis=_basis(act, commitment),
        at=at,
        reference=body.reference,
        note=body.note,
    )
    if overturned is not None:
        take_back(file, overturned, taken_back_by(act, body.note), at=at)


def _open_task(file: CaseFile, name: str) -> Task:
    task = file.state.task(name)
    if task is None:
        raise refused(Reason.NO_SUCH_TASK, name)
    if not task.open:
        raise Refusal(Outcome.ALREADY_DECIDED, Reason.SETTLED, f"{task.id} is {task.state.value}")
    return task


def _owner(file: CaseFile, body: SetTask | HandOn) -> str:
    """The role that owes it: one of the runbook's, and nobody who is out of the case."""
    known = all_roles(file.pathway)
    if body.owner is None or body.owner not in known:
        raise refused(Reason.ROLE, f"this runbook has {', '.join(known)}")
    if body.person is not None and is_conflicted(file.state, {body.person}):
        raise refused(Reason.CONFLICTED, body.person)
    return body.owner


def _basis(act: Act, commitment: str) -> Basis:
    return Basis(
        act=act.act,
        role=act.role,
        signed_at=act.signed_at,
        commitment=commitment,
        accounts=act.actor.accounts,
    )
