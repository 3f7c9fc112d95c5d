"""A case is opened in an emergency: one, for an hour at most, to read, and looked at afterwards.

Who has nothing to do with a case may have to look all the same, when somebody is in danger and
nobody answers. It is on record before the first word is shown.
"""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from cases.receipts import Reason
from cases.state import CasePicture
from cases.values import Inbound, Instant, Prose, Value
from gateway.access import Decision, asking, judged
from gateway.access_refused import AccessRefusedError
from gateway.acting import assurance_of, refuse_at_door
from gateway.authorising import reason_of
from gateway.casework import find_case
from gateway.covering import standing_of
from gateway.doors import Doors
from gateway.openings import openings_of
from gateway.web import Viewer
from gateway.wording import NOT_FOUND, REASONS, Wording
from integrations.ports.access import (
    OPEN_IN_EMERGENCY,
    REVIEW_EMERGENCY,
    Circumstances,
    Kind,
    Principal,
    Resource,
)
from store import GIVEN_BACK, LONGEST, CaseRow, Emergency, UnknownRow

DPO = "privacy"
"""The role that hears of every emergency opening, and reviews it."""

NO_REASON = Wording(
    "An emergency opening needs its reason.", "Say in your own words why it cannot wait."
)
NOT_NEEDED = Wording(
    "You can read this case as it is.", "Open it; nothing has to be broken for that."
)
NONE_OF_YOURS = Wording(
    "There is no such emergency opening for you.", "`escalate access emergencies` lists them."
)
REVIEWED = Wording(
    "Somebody has reviewed this emergency opening.", "`escalate access log` shows what they said."
)

PROBLEMS: dict[str, Wording] = {
    "emergency-no-reason": NO_REASON,
    "emergency-not-needed": NOT_NEEDED,
    "emergency-unknown": NONE_OF_YOURS,
    "emergency-reviewed": REVIEWED,
}
"""By the name `docs/errors.md` gives them."""

Verdict = Literal["in-order", "misuse"]


class NewEmergency(Inbound):
    """Why, and for how long."""

    reason: Prose
    minutes: int = Field(default=60, ge=1, le=60)


class Review(Inbound):
    """What somebody else thinks of it afterwards."""

    verdict: Verdict
    note: Prose = ""


class EmergencyShown(Value):
    """One opening, for whoever may know of it."""

    id: str
    number: str
    person: str
    opened_at: Instant
    until: Instant
    open: bool
    ended_how: str | None = None
    review_by: Instant
    reviewed_by: str | None = None
    verdict: str | None = None
    overdue: bool = False
    mine: bool = False
    """The viewer opened it: somebody else reviews it."""


async def open_in_emergency(
    doors: Doors, viewer: Viewer, number: str, wanted: NewEmergency
) -> Emergency:
    """The viewer can read the case from now on; case owner and data protection hear of it at once.

    One that is open already is answered again. AccessRefusedError says why not.
    """
    row, decision = await asked_to_open(doors, viewer, number)
    known = (await openings_of(doors, viewer.id, row.id)).emergency
    if known is not None:
        return known
    if await find_case(doors, number, person=viewer.id, roles=viewer.roles) is not None:
        raise AccessRefusedError("emergency-not-needed", NOT_NEEDED)
    if not decision.allowed:
        raise await _denied(doors, viewer, row, decision)
    if not wanted.reason.strip():
        raise AccessRefusedError("emergency-no-reason", NO_REASON)
    opened = await doors.store.emergencies.open(
        row.id,
        person=viewer.id,
        reason=wanted.reason.strip(),
        lasts=min(timedelta(minutes=wanted.minutes), LONGEST),
        policies=decision.policies,
        digest=decision.digest,
        at=await doors.clock.now(row.id),
    )
    doors.emergencies_due.set()
    return opened


async def asked_to_open(doors: Doors, viewer: Viewer, number: str) -> tuple[CaseRow, Decision]:
    """The case, and what the policies say of opening it; NOT_FOUND where there is none."""
    view = await doors.store.views.by_number(number)
    if view is None:
        raise AccessRefusedError("not-found", NOT_FOUND)
    state = CasePicture.of(view.state)
    shelved = await doors.shelf.by_digest(state.digest)
    row = await doors.store.cases.get(state.case)
    who = await asking(
        doors,
        viewer.id,
        roles=viewer.roles,
        standing=await standing_of(doors, viewer.id, at=await doors.clock.now(row.id)),
        assurance=await assurance_of(doors, viewer.session),
    )
    others = [
        each
        for each in await doors.store.emergencies.of_person(viewer.id)
        if each.case != row.id and each.open_at(await doors.clock.now(each.case))
    ]
    bars = frozenset({"another-emergency"}) if others else frozenset()
    return row, judged(doors, who, OPEN_IN_EMERGENCY, state, shelved.pathway, also=bars)


def may_open_some(doors: Doors, viewer: Viewer) -> bool:
    """Whether their roles let them open a case in an emergency at all, whichever it is."""
    person = Principal(id=viewer.id, roles=viewer.roles)
    proved = Circumstances(assurance=2)
    return doors.access.may(person, OPEN_IN_EMERGENCY, Resource(id=""), proved).allowed


async def end_emergency(doors: Doors, viewer: Viewer, emergency: str) -> Emergency:
    """The viewer needs it no more."""
    row = await _known(doors, emergency)
    if row.person != viewer.id:
        raise AccessRefusedError("emergency-unknown", NONE_OF_YOURS)
    at = await doors.clock.now(row.case)
    return await doors.store.emergencies.end(emergency, how=GIVEN_BACK, at=at)


async def review_emergency(doors: Doors, viewer: Viewer, emergency: str, said: Review) -> Emergency:
    """Somebody else has looked at it: in time or late, it is on record with its verdict."""
    row = await _known(doors, emergency)
    decision = await _reviewing(doors, viewer, row)
    if not decision.allowed:
        name = reason_of(decision)
        raise AccessRefusedError(name.value, REASONS[name], detail="; ".join(decision.says))
    if row.reviewed_at is not None:
        raise AccessRefusedError("emergency-reviewed", REVIEWED)
    return await doors.store.emergencies.review(
        emergency,
        by=viewer.id,
        verdict=said.verdict,
        note=said.note,
        at=await doors.clock.now(row.case),
    )


async def emergencies_seen(doors: Doors, viewer: Viewer) -> list[EmergencyShown]:
    """What is open or waits for its review, for reviewers; everybody sees their own."""
    shown = []
    for row in await doors.store.emergencies.unfinished():
        decision = await _reviewing(doors, viewer, row)
        if row.person != viewer.id and not decision.allowed:
            continue
        at = await doors.clock.now(row.case)
        shown.append(
            EmergencyShown(
                id=row.id,
                number=(await doors.store.cases.get(row.case)).number,
                person=row.person,
                opened_at=row.opened_at,
                until=row.until,
                open=row.open_at(at),
                ended_how=row.ended_how,
                review_by=row.review_by,
                reviewed_by=row.reviewed_by,
                verdict=row.verdict,
                overdue=row.reviewed_at is None and at >= row.review_by,
                mine=row.person == viewer.id,
            )
        )
    return shown


async def _reviewing(doors: Doors, viewer: Viewer, row: Emergency) -> Decision:
    """Whether the viewer may review it: no human reviews themselves, under whichever account."""
    snapshot = await doors.directory.snapshot()
    who = await asking(doors, viewer.id, roles=viewer.roles, snapshot=snapshot)
    own = {viewer.id, *snapshot.accounts_of(viewer.id)}
    return doors.access.may(
        who.principal,
        REVIEW_EMERGENCY,
        Resource(kind=Kind.GLASS, id=row.id),
        Circumstances(bars=frozenset({"same-person"}) if row.person in own else frozenset()),
    )


async def _denied(
    doors: Doors, viewer: Viewer, row: CaseRow, decision: Decision
) -> AccessRefusedError:
    reason = reason_of(decision)
    await refuse_at_door(doors, row, person=viewer.id, verb=OPEN_IN_EMERGENCY, reason=reason)
    if reason is Reason.CONFLICTED:
        # Who is walled off from a case is not told that it exists.
        return AccessRefusedError("not-found", NOT_FOUND)
    return AccessRefusedError(reason.value, REASONS[reason], detail="; ".join(decision.says))


async def _known(doors: Doors, emergency: str) -> Emergency:
    try:
        return await doors.store.emergencies.get(emergency)
    except UnknownRow:
        raise AccessRefusedError("emergency-unknown", NONE_OF_YOURS) from None
