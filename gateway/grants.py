"""Somebody outside a case asks to read it for a time; its owner answers, and it ends by itself.

Whether there is such a case is not said by asking: a number that no case has, and a case behind a
wall, are answered like any other, and nobody hears of them.
"""

import re
from dataclasses import replace
from datetime import timedelta

from cases.people import human
from cases.receipts import Reason
from cases.state import CasePicture
from gateway.access import Decision, Look, asking, judged
from gateway.access_refused import AccessRefusedError
from gateway.acting import refuse_at_door
from gateway.authorising import keep_policies, reason_of
from gateway.casework import find_case
from gateway.covering import Standing, standing_of
from gateway.doors import Doors
from gateway.grant_words import PROBLEMS, Answer, NewGrant
from gateway.web import Viewer
from gateway.wording import REASONS
from integrations.ports.access import GRANT, Circumstances, Principal, Resource
from integrations.ports.directory import DirectorySnapshot
from store import GIVEN_BACK, REVOKED, CaseView, Grant, GrantVerdict, UnknownRow

ASK = "ask-access"
MOST = 10
"""So many requests of one person wait at most: nobody finds cases, or floods owners, by asking."""
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,39}")
_GRANTED = frozenset({"granted"})


def can_be_asked_for(number: str) -> bool:
    """Whether it looks like the number of a case."""
    return _NUMBER.fullmatch(number) is not None


def may_ask(doors: Doors, viewer: Viewer) -> bool:
    """Whether a grant could let them read a case at all, whichever it is."""
    person = Principal(id=viewer.id, roles=viewer.roles)
    granted = Circumstances(relations=_GRANTED)
    return doors.access.may(person, Look.READ, Resource(id=""), granted).allowed


async def ask_access(doors: Doors, viewer: Viewer, number: str, wanted: NewGrant) -> Grant:
    """The request waits, and the case's owner hears of it; one that waits already is that one.

    AccessRefusedError says why not, and never whether there is such a case.
    """
    settings, now = doors.settings, await doors.clock.now()
    lasts = settings.grant_default
    if wanted.minutes is not None:
        lasts = timedelta(minutes=wanted.minutes)
    if not can_be_asked_for(number):
        raise _refused("grant-number")
    if not may_ask(doors, viewer):
        raise AccessRefusedError(Reason.ROLE.value, REASONS[Reason.ROLE])
    if not wanted.reason.strip():
        raise _refused("grant-no-reason")
    if lasts > settings.grant_longest:
        most = int(settings.grant_longest.total_seconds() // 60)
        raise _refused("grant-too-long", detail=f"at most {most} minutes")
    waiting = [each for each in await doors.store.grants.of_person(viewer.id) if each.waits_at(now)]
    for each in waiting:
        if each.number == number:
            return each
    if len(waiting) >= MOST:
        raise _refused("grant-too-many")
    if await find_case(doors, number, person=viewer.id, roles=viewer.roles) is not None:
        raise _refused("grant-not-needed")
    case = await _case_for(doors, viewer, number)
    asked = await doors.store.grants.ask(
        number,
        case=case,
        person=viewer.id,
        lasts=lasts,
        expires_at=now + settings.grant_answer,
        reason=wanted.reason.strip(),
        asked_at=now,
        at=await doors.clock.now(case),
    )
    doors.grants_due.set()
    return asked


async def give_access(doors: Doors, viewer: Viewer, grant: str, said: Answer) -> Grant:
    """Whoever asked can read the case until the time they asked for is over, or a shorter one."""
    row, view, decision = await _to_answer(doors, viewer, grant)
    use = await _of_use(doors, view, row.person)
    if not use.allowed:
        raise _refused("grant-no-use", detail="; ".join(use.says))
    await keep_policies(doors)
    given = await doors.store.grants.give(
        row,
        by=viewer.id,
        lasts=row.lasts if said.minutes is None else timedelta(minutes=said.minutes),
        why=said.reason.strip(),
        policies=decision.policies,
        digest=decision.digest,
        door_at=await doors.clock.now(),
        at=await doors.clock.now(row.case),
    )
    return _as_answered(doors, given, viewer, GrantVerdict.GIVEN)


async def refuse_access(doors: Doors, viewer: Viewer, grant: str, said: Answer) -> Grant:
    """Whoever asked is told why they cannot read it."""
    row, _, _ = await _to_answer(doors, viewer, grant)
    if not said.reason.strip():
        raise _refused("grant-no-reason")
    refused = await doors.store.grants.refuse(
        row,
        by=viewer.id,
        why=said.reason.strip(),
        door_at=await doors.clock.now(),
        at=await doors.clock.now(row.case),
    )
    return _as_answered(doors, refused, viewer, GrantVerdict.REFUSED)


async def end_access(doors: Doors, viewer: Viewer, grant: str, said: Answer) -> Grant:
    """The case cannot be read by it any more: its owner revokes it, or its holder gives it back."""
    row = await known_grant(doors, grant)
    mine = row.person == viewer.id
    if not mine:
        if row.case is None:
            raise _refused("grant-unknown")
        view = await doors.store.views.get(row.case)
        decision = await answering(doors, viewer.id, viewer.roles, row, view=view)
        if not decision.allowed:
            raise _refused("grant-unknown")
    at = await doors.clock.now(row.case)
    if not row.open_at(at):
        raise _refused("grant-not-open")
    ended = await doors.store.grants.end(
        row.id,
        how=GIVEN_BACK if mine else REVOKED,
        by=viewer.id,
        why=said.reason.strip(),
        at=at,
    )
    doors.grants_due.set()
    return ended


async def known_grant(doors: Doors, grant: str) -> Grant:
    """The request of that id."""
    try:
        return await doors.store.grants.get(grant)
    except UnknownRow:
        raise _refused("grant-unknown") from None


async def answering(
    doors: Doors,
    person: str,
    roles: frozenset[str],
    row: Grant,
    *,
    view: CaseView | None,
    snapshot: DirectorySnapshot | None = None,
) -> Decision:
    """What the policies say of that person answering it, in their own name and roles alone.

    Nobody answers themselves, under whichever account, nor whoever they act for meanwhile.
    """
    if view is None:
        return Decision(allowed=False, digest=doors.access.digest)
    known = snapshot or await doors.directory.snapshot()
    state = CasePicture.of(view.state)
    shelved = await doors.shelf.by_digest(state.digest)
    who = await asking(
        doors,
        person,
        roles=roles,
        standing=Standing(accounts=known.accounts_of(person)),
        snapshot=known,
    )
    same = await is_own(doors, person, row, state=state, snapshot=known)
    bars = frozenset({"same-person"}) if same else frozenset()
    return judged(doors, who, GRANT, state, shelved.pathway, also=bars)


async def is_own(
    doors: Doors,
    person: str,
    row: Grant,
    *,
    snapshot: DirectorySnapshot,
    state: CasePicture | None = None,
) -> bool:
    """Whether the person made it: themselves, by another account, or in whose place they act."""
    at = await doors.clock.now(row.case)
    standing = await standing_of(doors, person, at=at, snapshot=snapshot)
    own = {person, *standing.accounts}
    for place in standing.places:
        own |= {place.person, *place.accounts}
    asker = {row.person, *snapshot.accounts_of(row.person)}
    if state is not None:
        own, asker = {*human(state, own)}, {*human(state, asker)}
    return bool(own & asker)


async def _to_answer(doors: Doors, viewer: Viewer, grant: str) -> tuple[Grant, CaseView, Decision]:
    """The request, its case and what lets the viewer answer it; refused otherwise."""
    row = await known_grant(doors, grant)
    snapshot = await doors.directory.snapshot()
    view = await doors.store.views.get(row.case) if row.case is not None else None
    state = CasePicture.of(view.state) if view is not None else None
    if await is_own(doors, viewer.id, row, state=state, snapshot=snapshot):
        if row.case is not None:
            case = await doors.store.cases.get(row.case)
            await refuse_at_door(
                doors, case, person=viewer.id, verb=GRANT, reason=Reason.SAME_PERSON
            )
        raise _refused("grant-own")
    decision = await answering(doors, viewer.id, viewer.roles, row, view=view, snapshot=snapshot)
    if view is None or not decision.allowed:
        # Somebody else's request is nothing to whoever cannot answer it.
        raise _refused("grant-unknown")
    if not row.waits_at(await doors.clock.now()):
        raise _refused("grant-answered")
    return row, view, decision


def _as_answered(doors: Doors, row: Grant, viewer: Viewer, verdict: GrantVerdict) -> Grant:
    """The row, once it says what the viewer said; somebody may have been quicker."""
    if (row.verdict, row.answered_by) != (verdict, viewer.id):
        raise _refused("grant-answered")
    doors.grants_due.set()
    return row


async def _case_for(doors: Doors, viewer: Viewer, number: str) -> str | None:
    """The case, if a grant can let them read it; a wall that stands before it is on record."""
    view = await doors.store.views.by_number(number)
    if view is None:
        return None
    use = await _of_use(doors, view, viewer.id, roles=viewer.roles)
    if use.allowed:
        return view.line.case
    row = await doors.store.cases.get(view.line.case)
    await refuse_at_door(doors, row, person=viewer.id, verb=ASK, reason=reason_of(use))
    return None


async def _of_use(
    doors: Doors, view: CaseView, person: str, *, roles: frozenset[str] | None = None
) -> Decision:
    """Whether they could read the case, were they granted to: every `forbid` still counts."""
    state = CasePicture.of(view.state)
    shelved = await doors.shelf.by_digest(state.digest)
    at = await doors.clock.now(state.case)
    standing = await standing_of(doors, person, at=at, runbook=state.runbook)
    who = await asking(doors, person, roles=roles, standing=standing)
    as_granted = replace(who, granted=frozenset({state.case}))
    return judged(doors, as_granted, Look.READ, state, shelved.pathway)


def _refused(name: str, *, detail: str = "") -> AccessRefusedError:
    return AccessRefusedError(name, PROBLEMS[name], detail=detail)
