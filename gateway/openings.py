"""What somebody has open for a time though they have nothing to do with it.

In an emergency they opened it themselves; by a grant the case's owner lets them. Either is over at
its instant, whether or not anything has noted that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.doors import Doors
from store import Emergency, Grant


@dataclass(frozen=True)
class Openings:
    """Everything one person has open, of whatever case."""

    emergencies: tuple[Emergency, ...] = ()
    grants: tuple[Grant, ...] = ()

    @classmethod
    async def of(cls, doors: Doors, person: str) -> "Openings":
        """As the store has them now."""
        return cls(
            tuple(await doors.store.emergencies.of_person(person)),
            tuple(await doors.store.grants.given_to(person)),
        )

    def at(self, case: str, at: datetime) -> "Openings":
        """Those by which this case can be read at that instant."""
        return Openings(
            tuple(each for each in self.emergencies if each.case == case and each.open_at(at)),
            tuple(each for each in self.grants if each.case == case and each.open_at(at)),
        )

    @property
    def emergency(self) -> Emergency | None:
        """The first one; None where there is none."""
        return next(iter(self.emergencies), None)

    @property
    def grant(self) -> Grant | None:
        """The one that lasts longest; None where there is none."""
        return max(self.grants, key=_ends, default=None)


async def openings_of(
    doors: Doors, person: str, case: str, *, known: Openings | None = None
) -> Openings:
    """By what the person can read the case now; `known` is all they have, where that is known."""
    theirs = known if known is not None else await Openings.of(doors, person)
    return theirs.at(case, await doors.clock.now(case))


def cases_of(openings: Iterable[Emergency | Grant]) -> frozenset[str]:
    """The cases they open."""
    return frozenset(each.case for each in openings if each.case is not None)


def _ends(grant: Grant) -> datetime:
    return grant.until or grant.asked_at
