"""Who a notice is meant for, as the directory is now: assigned, on call, of the role, not away."""

from activities.absent import known_absences
from activities.on_call import Chosen, on_call
from activities.outside import Outside
from cases.notice import NoticeOrder
from integrations.covering import Reached, reached
from integrations.errors import UnknownPersonError
from integrations.ports.directory import DirectorySnapshot, Person


class Recipients:
    """Chooses the people of a notice."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def chosen(self, order: NoticeOrder, snapshot: DirectorySnapshot) -> Chosen:
        """Who is told: the one it is assigned to, who is on call, or everybody of the role."""
        part = order.of_step
        if part is not None and part.on_call:
            return await self._of_team(order, part.on_call, snapshot)
        if order.person is None or order.person in order.except_people:
            by_rota = await on_call(self._outside.on_call, order, snapshot)
            if by_rota is not None:
                return by_rota
        return Chosen(await self._people(order, snapshot.holders(order.role)))

    async def there(
        self, order: NoticeOrder, snapshot: DirectorySnapshot, people: list[Person]
    ) -> list[Reached]:
        """Those of them who are not away, and whoever acts in the place of the others."""
        absences = await known_absences(self._outside.store, snapshot, at=order.at)
        if not any(each.holds(order.at) for each in absences):
            return [Reached(person) for person in people]
        view = await self._outside.store.views.get(order.case)
        told = reached(
            people,
            snapshot,
            absences,
            role=order.role,
            at=order.at,
            runbook=view.line.runbook if view is not None else "",
        )
        return [each for each in told if each.person.id not in order.except_people]

    async def _of_team(self, order: NoticeOrder, team: str, snapshot: DirectorySnapshot) -> Chosen:
        """Who is on call for the team, or who is of it; where nobody is, the step's other role."""
        asked = order.model_copy(update={"role": team})
        found = await on_call(self._outside.on_call, asked, snapshot)
        if found is None:
            found = Chosen(await self._people(asked, snapshot.holders(team)))
        if found.people:
            return found
        others = await self._people(order, snapshot.holders(order.role))
        return Chosen(others, found.notes, instead=bool(others))

    async def _people(self, order: NoticeOrder, holders: tuple[Person, ...]) -> list[Person]:
        if order.person is not None and order.person not in order.except_people:
            try:
                return [await self._outside.directory.person(order.person)]
            except UnknownPersonError:
                # Assigned to somebody who has left: the role is told instead.
                pass
        return [person for person in holders if person.id not in order.except_people]
