"""The people of a simulation: a name for every seat, and who is awake in it.

Some roles are handed on around the world; the others sit where the case is, and sleep at night.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runbooks.plan import Pathway
from runbooks.quorums import roles_in
from workers.simulation.arrivals import DAY, HOUR
from workers.simulation.model import Model

SEATS = 2


@dataclass(frozen=True)
class Somebody:
    """One person, in one role, at one site."""

    id: str
    role: str
    site: str


class Staff:
    """Everybody there is."""

    def __init__(self, model: Model, seats: Mapping[str, int]) -> None:
        self._model = model
        self._sites = list(model.regions)
        self._people = {
            (role, site): tuple(
                Somebody(f"{role}-{site}-{number}", role, site) for number in range(1, count + 1)
            )
            for role, count in seats.items()
            for site in self._sites
        }
        self._known = {one.id: one for group in self._people.values() for one in group}

    def __len__(self) -> int:
        return len(self._known)

    def person(self, name: str) -> Somebody:
        """The person of that name."""
        return self._known[name]

    def asked(self, role: str, *, minute: int, site: str) -> list[Somebody]:
        """Everybody of the role, whose turn it is first; empty where nobody has it."""
        here = self._on_shift(minute) if self._model.role(role).shifts else site
        order = [here, *(other for other in self._sites if other != here)]
        found: list[Somebody] = []
        for place in order:
            group = self._people.get((role, place), ())
            # The week's rota: who begins changes every day.
            turn = minute // DAY % len(group) if group else 0
            found.extend((*group[turn:], *group[:turn]))
        return found

    def on_call(self, role: str, *, minute: int, site: str) -> Somebody | None:
        """The one who is paged."""
        return next(iter(self.asked(role, minute=minute, site=site)), None)

    def hour(self, person: Somebody, minute: int) -> int:
        """The local hour where the person is."""
        return (minute + self._model.regions[person.site].utc * HOUR) % DAY // HOUR

    def asleep(self, person: Somebody, minute: int) -> bool:
        """Whether it is night where the person is."""
        return self._model.is_night(self.hour(person, minute))

    def _on_shift(self, minute: int) -> str:
        """The site whose working day it is."""
        return max(
            self._sites,
            key=lambda site: (
                -abs((minute + self._model.regions[site].utc * HOUR) % DAY - 13 * HOUR)
            ),
        )


def seats_of(pathways: Iterable[Pathway], roles: Iterable[str]) -> dict[str, int]:
    """How many people each role needs at a site: two, and one more than any quorum asks for."""
    seats = dict.fromkeys(roles, SEATS)
    for pathway in pathways:
        for stage in pathway.stages:
            if stage.gate is None:
                continue
            for quorum in (stage.gate.approve, stage.gate.reject):
                for party, number in quorum.items():
                    for role in roles_in(party):
                        # Of several roles each has one voice.
                        asked = number if role == party else 1
                        seats[role] = max(seats.get(role, SEATS), asked + 1)
    return seats
