"""Who may settle a task, and who may give it to somebody else: one source for desk and pages."""

from cases.acts_on_tasks import Settlement
from cases.correction import can_be_revoked
from cases.file import INCIDENT_MANAGER, CaseFile
from cases.gate import Round
from cases.people import human
from cases.receipts import Reason
from cases.refusal import Refusal, not_yours, refused
from cases.rules import roles_for
from cases.tasks import PERSON, REVIEW, Task


def barred_from_settling(
    file: CaseFile, task: Task, way: Settlement, *, role: str, names: frozenset[str]
) -> Refusal | None:
    """What keeps the human of these names from settling the task so in that role; None: nothing."""
    if way is Settlement.WAIVED:
        return _barred_from_waiving(task, role=role, names=names)
    if way is Settlement.OVERTURNED and task.origin != REVIEW:
        return refused(Reason.NO_SUCH_OUTCOME, "only a broken glass can be overturned")
    owners = (task.owner,) if task.origin == REVIEW else (task.owner, INCIDENT_MANAGER)
    if role not in owners and task.person not in names:
        return not_yours(Reason.ROLE, f"this is for {' or '.join(owners)}")
    if task.origin != REVIEW:
        return None
    round_ = round_of(file, task)
    hands = round_.glass if round_ is not None else []
    if names & human(file.state, {name for hand in hands for name in hand.names}):
        return not_yours(Reason.SAME_PERSON, "somebody else reviews it")
    if way is Settlement.OVERTURNED and (round_ is None or not can_be_revoked(file, round_)):
        return refused(Reason.NOT_CARRIED, "the gate has decided something else since")
    return None


def barred_from_handing_on(
    file: CaseFile, task: Task, *, role: str, names: frozenset[str]
) -> Refusal | None:
    """What keeps the human of these names from giving the task to somebody else."""
    if file.pathway.need_to_know:
        may = role in roles_for(file, "hand-on")
    else:
        may = role in (task.owner, INCIDENT_MANAGER) or bool(names & {task.person, task.by})
    if not may or (task.origin == REVIEW and role not in (task.owner, INCIDENT_MANAGER)):
        said = INCIDENT_MANAGER if file.pathway.need_to_know else f"{task.owner} or who set it"
        return not_yours(Reason.ROLE, f"this is for {said}")
    return None


def round_of(file: CaseFile, task: Task) -> Round | None:
    """The round that the task is from."""
    return next(
        (item for item in file.state.rounds if (item.gate, item.number) == (task.gate, task.round)),
        None,
    )


def _barred_from_waiving(task: Task, *, role: str, names: frozenset[str]) -> Refusal | None:
    if task.origin == REVIEW:
        return refused(Reason.NO_SUCH_OUTCOME, "a review cannot be waived")
    if task.by in names or (task.origin == PERSON and role == INCIDENT_MANAGER):
        return None
    who = f"only {task.by}, who set it, can waive it"
    more = f", or {INCIDENT_MANAGER}" if task.origin == PERSON else ""
    return not_yours(Reason.ROLE, who + more)
