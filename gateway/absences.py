"""People say when they are away and who acts for them: checked, kept, shown, and ended.

Whoever is away names their own delegate; an incident manager can only record that somebody is away,
so that nobody hands another person's voice to a third.
"""

from datetime import timedelta

from activities.absent import known_absences
from cases.values import Inbound, Instant, Name, Value
from gateway.covering import standing_of
from gateway.doors import Doors
from gateway.sight import ALWAYS
from gateway.web import Viewer
from gateway.wording import Wording
from integrations.ports.directory import Absence, PersonId
from store import AbsenceRow, UnknownRow

LONGEST = timedelta(days=366)
"""A longer one is a slip of the pen, and would be forgotten."""

NOT_SO_LONG = Wording(
    "An absence lies ahead, ends after it begins, and lasts a year at most.",
    "Correct the two instants.",
)
NO_SUCH_PERSON = Wording("The directory knows nobody of that name.", "Use the id they log in with.")
NOT_YOUR_ROLES = Wording(
    "You can hand on only roles you hold yourself, never those of somebody you act for.",
    "Leave the roles out to hand on all of yours, or name some of them.",
)
NOT_ANOTHER = Wording(
    "A delegate is another human than you.", "Name a colleague, not a second account of yours."
)
NOT_YOUR_VOICE = Wording(
    "Only the person themselves names a delegate.",
    "Record that they are away without one; their role's other people are told instead.",
)
NO_SUCH_RUNBOOK = Wording("No runbook of that name is live.", "`escalate runbook list` shows them.")
NOT_YOUR_ABSENCE = Wording(
    "There is no such absence of yours.", "`escalate away list` shows them with their ids."
)

PROBLEMS: dict[str, Wording] = {
    "absence-length": NOT_SO_LONG,
    "absence-person": NO_SUCH_PERSON,
    "absence-roles": NOT_YOUR_ROLES,
    "absence-same-human": NOT_ANOTHER,
    "absence-of-another": NOT_YOUR_VOICE,
    "absence-runbook": NO_SUCH_RUNBOOK,
    "absence-unknown": NOT_YOUR_ABSENCE,
}
"""By the name `docs/errors.md` gives them."""


class NewAbsence(Inbound):
    """Somebody will be away."""

    since: Instant | None = None
    """From now on, where nothing is said."""
    until: Instant
    person: PersonId | None = None
    """Whoever says so, where nobody is named."""
    delegate: PersonId | None = None
    roles: tuple[Name, ...] = ()
    runbooks: tuple[Name, ...] = ()


class AbsenceShown(Value):
    """One absence as people see it."""

    id: str
    person: str
    since: Instant
    until: Instant
    delegate: str | None = None
    roles: tuple[str, ...] = ()
    runbooks: tuple[str, ...] = ()
    set_by: str = ""
    """Empty: the directory itself says so."""
    mine: bool = False
    """Whether the viewer can end it."""


class AbsenceRefusedError(Exception):
    """The absence was not recorded; `name` says which rule stands against it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.wording = PROBLEMS[name]


async def set_absence(doors: Doors, viewer: Viewer, wanted: NewAbsence) -> AbsenceRow:
    """The absence is kept, with who said so; AbsenceRefusedError says what stands against it."""
    now = await doors.clock.now()
    since = wanted.since or now
    lasts = wanted.until - since
    if wanted.until <= now or not timedelta(0) < lasts <= LONGEST:
        raise AbsenceRefusedError("absence-length")
    snapshot = await doors.directory.snapshot()
    person = snapshot.find(wanted.person or viewer.id)
    if person is None:
        raise AbsenceRefusedError("absence-person")
    if person.id != viewer.id and (wanted.delegate is not None or not viewer.roles & ALWAYS):
        raise AbsenceRefusedError("absence-of-another")
    if wanted.delegate is not None and snapshot.find(wanted.delegate) is None:
        raise AbsenceRefusedError("absence-person")
    if wanted.delegate in (person.id, *snapshot.accounts_of(person.id)):
        raise AbsenceRefusedError("absence-same-human")
    if not set(wanted.roles) <= person.roles:
        raise AbsenceRefusedError("absence-roles")
    if not set(wanted.runbooks) <= (await doors.store.releases.runbooks()).keys():
        raise AbsenceRefusedError("absence-runbook")
    return await doors.store.absences.set(
        person=person.id,
        since=since,
        until=wanted.until,
        by=viewer.id,
        at=now,
        delegate=wanted.delegate,
        roles=wanted.roles,
        runbooks=wanted.runbooks,
    )


async def end_absence(doors: Doors, viewer: Viewer, absence: str) -> AbsenceRow:
    """The person is back: from now on nobody acts for them by it."""
    try:
        row = await doors.store.absences.find(absence)
    except UnknownRow:
        raise AbsenceRefusedError("absence-unknown") from None
    if row.person != viewer.id and not viewer.roles & ALWAYS:
        raise AbsenceRefusedError("absence-unknown")
    return await doors.store.absences.end(absence, by=viewer.id, at=await doors.clock.now())


async def absences_seen(doors: Doors, viewer: Viewer) -> list[AbsenceShown]:
    """The absences of the viewer and those they act for; of everybody for incident managers."""
    now = await doors.clock.now()
    snapshot = await doors.directory.snapshot()
    rows = {row.id: row for row in await doors.store.absences.all(after=now)}
    covers = {
        each.absence.id
        for each in (await standing_of(doors, viewer.id, at=now, snapshot=snapshot)).covers
    }
    everything = bool(viewer.roles & ALWAYS)
    return [
        _shown(each, rows.get(each.id), viewer)
        for each in await known_absences(doors.store, snapshot, at=now)
        if everything or viewer.id in (each.person, each.delegate) or each.id in covers
    ]


def _shown(absence: Absence, row: AbsenceRow | None, viewer: Viewer) -> AbsenceShown:
    return AbsenceShown(
        id=absence.id,
        person=absence.person,
        since=absence.since,
        until=absence.until,
        delegate=absence.delegate,
        roles=tuple(sorted(absence.roles)),
        runbooks=tuple(sorted(absence.runbooks)),
        set_by=row.set_by if row is not None else "",
        mine=row is not None and (absence.person == viewer.id or bool(viewer.roles & ALWAYS)),
    )
