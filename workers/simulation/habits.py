"""When people answer: how long they take, whether they answer at all, and what wakes them.

Everything follows from what the case's record says and from keyed chance, so the same case is
answered the same, whatever else happens on the machine.
"""

from dataclasses import dataclass
from datetime import datetime

from cases.clock import ClockRun
from cases.paging import RunState
from cases.state import CasePicture
from workers.simulation.chance import Chance
from workers.simulation.faults import Trouble
from workers.simulation.model import Model, Spread
from workers.simulation.outside import Placed
from workers.simulation.people import Somebody, Staff


@dataclass(frozen=True)
class Habits:
    """The habits of everybody, in one case."""

    model: Model
    staff: Staff
    trouble: Trouble
    placed: Placed
    chance: Chance

    def asked(self, role: str, *, minute: int) -> list[Somebody]:
        """Everybody of the role at that minute of the case, whose turn it is first."""
        case = self.placed.case
        week = case.arrival.minute + minute
        return self.staff.asked(role, minute=week, site=case.arrival.region)

    def answers_at(
        self, person: Somebody, *, since: int, clock: ClockRun | None, at: datetime, key: str
    ) -> int:
        """The minute of the case at which the person answers what waits since then.

        Who does not answer is woken by the pages of the clock, each of which may be missed too; in
        the end somebody walks over.
        """
        chance = self.chance.of("answers", key)
        week = self.placed.case.arrival.minute + since
        missed = self.trouble.no_response(night=self._asleep(person, since))
        unreached = self.trouble.unreachable(week, chance=chance.of("unreachable"))
        handle = self.handle(person, since=since, chance=chance)
        coming: list[int] = []
        if not unreached and not chance.of("shows").happens(missed):
            coming.append(since + handle)
        last = since + handle
        for minute in self._pages(clock, at=at):
            last = max(last, minute)
            page = chance.of("page", minute - since)
            if not page.happens(missed):
                coming.append(max(minute, since) + _whole(page.minutes(self.model.page)))
        coming.append(last + _whole(chance.of("found").minutes(self.model.found)))
        return min(coming)

    def handle(self, person: Somebody, *, since: int, chance: Chance) -> int:
        """How many minutes the person takes, longer at night."""
        usual = self.model.role(person.role).handle
        return self._takes(person, usual, since=since, chance=chance.of("handle"))

    def writes_at(self, person: Somebody, *, since: int, key: str) -> int:
        """The minute at which the person, who turns to a note then, has written it.

        Who does not think of it is asked by somebody who waits for it.
        """
        chance = self.chance.of("note", key)
        minute = since + self._takes(
            person, self.model.note, since=since, chance=chance.of("takes")
        )
        forgets = self.trouble.no_response(night=self._asleep(person, since))
        if chance.of("forgets").happens(forgets):
            minute += _whole(chance.of("found").minutes(self.model.found))
        return minute

    def _takes(self, person: Somebody, usual: Spread, *, since: int, chance: Chance) -> int:
        drawn = chance.minutes(usual)
        return _whole(drawn * self.model.off_hours if self._asleep(person, since) else drawn)

    def _asleep(self, person: Somebody, minute: int) -> bool:
        return self.staff.asleep(person, self.placed.case.arrival.minute + minute)

    def _pages(self, clock: ClockRun | None, *, at: datetime) -> list[int]:
        """When the clock pages somebody, its target included."""
        if clock is None:
            return []
        steps = [step.at for step in clock.late if step.page is not None]
        reading = clock.reading(at)
        instants = [reading.reached(step, at=at) for step in (*steps, clock.within)]
        return sorted(self.placed.minute(instant) for instant in instants if instant is not None)

    def clear_of_steps(self, minute: int, *, picture: CasePicture, at: datetime, now: int) -> int:
        """The minute, or the next in which no clock does anything by itself.

        A person's act and a clock's step in one minute would be in an order that only the machine's
        speed decides.
        """
        taken = {self.placed.minute(instant) for instant in by_itself(picture, at)}
        if picture.hold is not None:
            taken.add(self.placed.minute(picture.hold.review_at))
        if minute <= now:
            return now
        while minute in taken:
            minute += 1
        return minute


def by_itself(picture: CasePicture, at: datetime) -> list[datetime]:
    """When clocks, policies and acknowledgements do something that nobody asked for then."""
    instants = [instant for clock in picture.clocks for instant, _, _ in clock.steps(at)]
    instants += [lease.until for lease in picture.leases if lease.lapses]
    for run in picture.escalations:
        if run.state is RunState.RUNNING:
            instants += [run.next_at] if run.next_at is not None else []
            instants += [unread.at for unread in run.unread]
    return instants


def _whole(minutes: float) -> int:
    return max(1, round(minutes))
