"""Many cases in front of one person: the directory is read once, and their looks are written once.

Nobody is refused a case of a list: they did not ask for it. What they see of restricted ones is on
record as one look at a list.
"""

from activities.absent import known_absences
from gateway.access import Look, judged
from gateway.casework import Answer, Around, OpenCase, may_read, opened
from gateway.doors import Doors
from gateway.openings import Openings
from gateway.web import Viewer
from store import CaseView, Seen


class Reading:
    """One person, reading a list."""

    def __init__(self, doors: Doors, viewer: Viewer, around: Around) -> None:
        self._doors = doors
        self._viewer = viewer
        self._around = around
        self._seen: list[Seen] = []

    @classmethod
    async def of(cls, doors: Doors, viewer: Viewer) -> "Reading":
        """With the directory, and who is away, as it is now."""
        snapshot = await doors.directory.snapshot()
        now = await doors.clock.now()
        return cls(
            doors,
            viewer,
            Around(
                snapshot,
                # No case's own present lies before ours, so none of its absences is missing.
                absences=await known_absences(doors.store, snapshot, at=now),
                openings=await Openings.of(doors, viewer.id),
            ),
        )

    async def answer(self, view: CaseView) -> Answer:
        """Whether they may read it; a look at a restricted one is collected."""
        answer = await may_read(
            self._doors,
            view,
            person=self._viewer.id,
            roles=self._viewer.roles,
            around=self._around,
        )
        if answer.recorded and answer.decision.allowed:
            self._seen.append(answer.seen(Look.LIST))
        return answer

    async def open(self, view: CaseView) -> OpenCase | None:
        """The case, if they may read it."""
        answer = await self.answer(view)
        return await opened(self._doors, view, answer) if answer.decision.allowed else None

    async def find(self, number: str) -> OpenCase | None:
        """The case of that number, if there is one and they may read it."""
        view = await self._doors.store.views.by_number(number)
        return await self.open(view) if view is not None else None

    def counts(self, answer: Answer) -> bool:
        """Whether they may count a case that they may not read: a restricted one, by its class."""
        if answer.decision.allowed or not answer.decision.restricted:
            return False
        pathway = answer.shelved.pathway
        return judged(self._doors, answer.who, Look.LIST, answer.state, pathway).allowed

    async def write(self) -> None:
        """Every look is on record; called before anything of the list is shown."""
        await self._doors.store.looks.note(self._seen)
