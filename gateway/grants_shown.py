"""Requests to read a case, and grants, as whoever made them or answers them sees them."""

from collections.abc import Iterable
from datetime import datetime

from cases.journal import Kind, Stream
from cases.values import Instant, Value
from gateway.doors import Doors
from gateway.grants import answering
from gateway.web import Viewer
from integrations.ports.directory import DirectorySnapshot
from store import CaseView, Grant, GrantVerdict

SOMEBODY_ASKS = "somebody asks to read it for a time: let them, or say why not"
ANSWERS_REQUESTS = "case-owner"
_MOST_OWN = 50
_WORDS = frozenset({Kind.GRANT_ASKED, Kind.GRANT_GIVEN, Kind.GRANT_REFUSED, Kind.GRANT_ENDED})


class GrantShown(Value):
    """One request, for whoever may know of it."""

    id: str
    number: str
    person: str
    state: str
    """`asked`, `open`, `over`, `refused` or `lapsed`."""
    minutes: int
    """For how long they wish to read it."""
    asked_at: Instant
    expires_at: Instant
    """Nobody can answer it from then on."""
    answered_by: str | None = None
    until: Instant | None = None
    ended_how: str | None = None
    asks: str = ""
    """Why they ask, for whoever answers."""
    says: str = ""
    """What was said to the answer."""
    mine: bool = False
    """The viewer made it: somebody else answers."""

    @property
    def answerable(self) -> bool:
        """Whether the viewer can answer it now."""
        return self.state == "asked" and not self.mine


async def grants_seen(doors: Doors, viewer: Viewer) -> list[GrantShown]:
    """The viewer's own requests, and those of others that stand and are theirs to answer or end."""
    own = await doors.store.grants.of_person(viewer.id)
    shown = [await grant_shown(doors, viewer, row) for row in own[-_MOST_OWN:]]
    theirs = await _theirs(doors, viewer, await doors.store.grants.standing())
    return [*[await grant_shown(doors, viewer, row) for row, _ in theirs], *reversed(shown)]


async def waiting_for(doors: Doors, viewer: Viewer) -> list[tuple[Grant, CaseView]]:
    """What waits for an answer that the viewer can give."""
    now = await doors.clock.now()
    rows = [row for row in await doors.store.grants.standing() if row.waits_at(now)]
    return await _theirs(doors, viewer, rows)


async def grants_of_case(doors: Doors, viewer: Viewer, case: str) -> list[GrantShown]:
    """What stands of the case and is the viewer's to answer or end."""
    now, at = await doors.clock.now(), await doors.clock.now(case)
    rows = [
        row
        for row in await doors.store.grants.of_case(case)
        if row.waits_at(now) or row.open_at(at)
    ]
    return [await grant_shown(doors, viewer, row) for row, _ in await _theirs(doors, viewer, rows)]


async def grant_shown(doors: Doors, viewer: Viewer, row: Grant) -> GrantShown:
    """The request for the viewer; its owner's answer is for whoever asked, their words are not."""
    mine = row.person == viewer.id
    words = await _words(doors, row)
    asked, *said = [words.get(kind, "") for kind in (Kind.GRANT_ASKED, *_ANSWERS)]
    return GrantShown(
        id=row.id,
        number=row.number,
        person=row.person,
        state=state_of(row, at=await doors.clock.now(row.case), door_at=await doors.clock.now()),
        minutes=int(row.lasts.total_seconds() // 60),
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        answered_by=row.answered_by,
        until=row.until,
        ended_how=row.ended_how,
        asks="" if mine else asked,
        says="; ".join(each for each in said if each),
        mine=mine,
    )


_ANSWERS = (Kind.GRANT_GIVEN, Kind.GRANT_REFUSED, Kind.GRANT_ENDED)


def state_of(row: Grant, *, at: datetime, door_at: datetime) -> str:
    """Where it stands: by the instants, whether or not anything has noted that they passed."""
    if row.verdict is None:
        return "asked" if row.waits_at(door_at) else "lapsed"
    if row.verdict is GrantVerdict.GIVEN:
        return "open" if row.open_at(at) else "over"
    return row.verdict.value


async def _theirs(
    doors: Doors, viewer: Viewer, rows: Iterable[Grant]
) -> list[tuple[Grant, CaseView]]:
    """Those of other people which the viewer can answer, with their cases."""
    found = []
    snapshot: DirectorySnapshot | None = None
    for row in rows:
        if row.case is None or row.person == viewer.id:
            continue
        view = await doors.store.views.get(row.case)
        snapshot = snapshot or await doors.directory.snapshot()
        decision = await answering(
            doors, viewer.id, viewer.roles, row, view=view, snapshot=snapshot
        )
        if view is not None and decision.allowed:
            found.append((row, view))
    return found


async def _words(doors: Doors, row: Grant) -> dict[Kind, str]:
    """What people said with it: only in the case's own record, sealed with its key."""
    if row.case is None:
        return {}
    entries = await doors.store.journal.entries(row.case, stream=Stream.DOOR)
    return {
        entry.kind: str(entry.body.get("why", ""))
        for entry in entries
        if entry.kind in _WORDS and entry.body.get("request") == row.id
    }
