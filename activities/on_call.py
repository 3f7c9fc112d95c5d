"""Who of a role's people a notice goes to: all of them, or who is on call; and how it was known."""

from dataclasses import dataclass

from cases.notice import PAGES, NoticeOrder, OnCallNote
from integrations.errors import DirectoryError, VendorError
from integrations.ports.directory import DirectorySnapshot, Person
from integrations.ports.on_call import OnCallAnswer, OnCallDirectory


@dataclass(frozen=True)
class Chosen:
    """Who is told, and what the rotas said."""

    people: list[Person]
    notes: tuple[OnCallNote, ...] = ()
    instead: bool = False
    """Nobody of the role was on call: these are of a role that is told in its place."""


async def on_call(
    rotas: OnCallDirectory | None, order: NoticeOrder, snapshot: DirectorySnapshot
) -> Chosen | None:
    """Who is on call for the notice, down the chain; None when everybody of the role is told.

    A rota that cannot be asked takes nobody away: everybody of the role is told, and the record
    says why. Who is on call without holding the role could do nothing, and is passed over.
    """
    if rotas is None:
        return None
    try:
        team = await rotas.team(order.role)
    except DirectoryError as error:
        return _everybody(order, snapshot, error)
    if team is None or not (team.every_notice or order.purpose in PAGES):
        return None
    notes: list[OnCallNote] = []
    for role in (order.role, *team.instead):
        try:
            answer = await rotas.who_is_on_call(role, order.at)
        except (DirectoryError, VendorError) as error:
            found = _everybody(order, snapshot, error, role=role)
            notes += found.notes
            people = found.people
        else:
            people = [
                person
                for person in snapshot.holders(role)
                if person.id in answer.people and person.id not in order.except_people
            ]
            notes.append(_note(answer, people))
        if people:
            return Chosen(people, tuple(notes), instead=role != order.role)
    return Chosen([], tuple(notes))


def _everybody(
    order: NoticeOrder, snapshot: DirectorySnapshot, error: Exception, *, role: str | None = None
) -> Chosen:
    asked = role or order.role
    people = [p for p in snapshot.holders(asked) if p.id not in order.except_people]
    note = OnCallNote(team=asked, as_of=order.at, trouble=type(error).__name__)
    return Chosen(people, (note,))


def _note(answer: OnCallAnswer, told: list[Person]) -> OnCallNote:
    return OnCallNote(
        team=answer.team,
        as_of=answer.as_of,
        source=answer.source,
        digest=answer.digest,
        on_call=answer.people,
        passed_over=tuple(
            person for person in answer.people if all(person != one.id for one in told)
        ),
        strangers=answer.strangers,
    )
