"""From an acknowledgement at the pager to a signed act: the same envelope and rules as a page's.

What the pager says proves that it says so, not that the person is who it says: the act carries
assurance L0 and the door `pagerduty`. It can only acknowledge. Decisions are made here.
"""

import uuid

from cases.acts import Acknowledge
from cases.envelope import Door
from gateway.acting import ActIdTakenError, ActRefusedError, act
from gateway.casework import OpenCase, open_case
from gateway.doors import Doors
from integrations.ports.directory import Person
from runbooks.plan import Assurance
from store import PagerEvent, PageRow, PageState, Session

ACKNOWLEDGED = "incident.acknowledged"
RESOLVED = "incident.resolved"
_NAMESPACE = uuid.UUID("5f6a3b1c-3d52-5e86-8c0e-6a53ce1e9d0b")


def act_id_of(event: PagerEvent) -> str:
    """The id of the act an event becomes: however often it is handled, one act."""
    return str(uuid.uuid5(_NAMESPACE, event.id))


async def take(doors: Doors, event: PagerEvent, page: PageRow) -> str:
    """What the event brings about here, in words for the record."""
    at = await doors.clock.now(page.case)
    await doors.store.pages.known_as(page.key, incident=event.incident)
    if event.kind == RESOLVED:
        await doors.store.pages.told(page, PageState.RESOLVED, at=at, by="the pager")
        return "resolved there; the case decides for itself whether its step is answered"
    if event.kind != ACKNOWLEDGED:
        return "noted"
    if event.who is None:
        return "noted: no person did it"
    await doors.store.pages.told(page, PageState.ACKNOWLEDGED, at=at, by="the pager")
    person = (await doors.directory.snapshot()).at_pagerduty(event.who)
    if person is None:
        return "nobody here has this PagerDuty id: acknowledged there only"
    return await _acknowledge(doors, event, page, person)


async def _acknowledge(doors: Doors, event: PagerEvent, page: PageRow, person: Person) -> str:
    view = await doors.store.views.get(page.case)
    if view is None:
        return "the case has not begun"
    case = await open_case(doors, view, person=person.id, roles=frozenset(person.roles))
    if case is None:
        return f"{person.id} has nothing to do with the case"
    stage = page.stage or case.state.stage
    if stage is None or stage != case.state.stage:
        return "the step has been answered"
    now = await doors.clock.now()
    try:
        answered = await act(
            doors,
            session=Session(
                person=person.id,
                assurance=Assurance.L0,
                created_at=now,
                expires_at=now,
                csrf="",
            ),
            case=case.row,
            body=Acknowledge(stage=stage),
            role=_role(case, page, person),
            binding=None,
            door=Door.PAGERDUTY,
            act_id=act_id_of(event),
            assurance=Assurance.L0,
        )
    except ActRefusedError as refused:
        return f"refused: {refused.reason.value}"
    except ActIdTakenError:
        return "refused: this event was another act before"
    receipt = answered.receipt
    outcome = receipt.outcome.value if receipt is not None else "recorded"
    return f"{person.id} acknowledged: {outcome}"


def _role(case: OpenCase, page: PageRow, person: Person) -> str:
    """The role in which the person may take the step; else the one that was paged."""
    for item in case.allowed():
        if item.verb == "acknowledge":
            return item.role
    return page.role if page.role in person.roles else next(iter(sorted(person.roles)), page.role)
