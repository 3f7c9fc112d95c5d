"""Whose work it is, where an act names a person: somebody the directory knows, in a role of theirs.

Only the door can say so: a case knows roles, and nobody's list of them.
"""

from cases.acts import ActBody, Assign
from cases.acts_on_tasks import HandOn, SetTask
from cases.acts_on_work import HandOver
from cases.permissions import all_roles
from cases.receipts import Reason
from cases.state import CasePicture
from gateway.doors import Doors
from store import CaseRow


async def in_a_role(doors: Doors, case: CaseRow, body: SetTask | HandOn) -> SetTask | HandOn:
    """The task with the role that owes it: the first of the runbook's that the person holds.

    Who holds none of them owes it beside the incident manager, whose work it stays.
    """
    if body.owner is not None or body.person is None:
        return body
    view = await doors.store.views.get(case.id)
    person = (await doors.directory.snapshot()).find(body.person)
    if view is None or person is None:
        return body
    shelved = await doors.shelf.by_digest(CasePicture.of(view.state).digest)
    known = all_roles(shelved.pathway)
    stages = [stage.owner for stage in shelved.pathway.stages]
    held = [role for role in dict.fromkeys((*stages, *known)) if role in person.roles]
    return body.model_copy(update={"owner": (held or [*known])[0]})


async def unknown_person(doors: Doors, body: ActBody) -> Reason | None:
    """That nobody of the name is in the directory: work given to them would be nobody's."""
    if not isinstance(body, Assign | HandOver | SetTask | HandOn) or body.person is None:
        return None
    known = (await doors.directory.snapshot()).find(body.person)
    return None if known is not None else Reason.NO_SUCH_PERSON
