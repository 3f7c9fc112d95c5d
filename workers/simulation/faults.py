"""What goes wrong on purpose, and when."""

from dataclasses import dataclass
from enum import StrEnum

from workers.simulation.arrivals import DAY
from workers.simulation.chance import Chance
from workers.simulation.model import Model


class Fault(StrEnum):
    """What can go wrong in a simulation; beside these the model has scenarios, by name."""

    NO_SHOWS = "no-shows"
    PROVIDER_OUTAGE = "provider-outage"
    WORKER_CRASH = "worker-crash"


@dataclass(frozen=True)
class Trouble:
    """The faults of one simulation."""

    model: Model
    faults: frozenset[str]
    days: int

    def no_response(self, *, night: bool) -> float:
        """How often nobody answers."""
        rule = self.model.no_response
        share = rule.night if night else rule.day
        if Fault.NO_SHOWS in self.faults:
            share = min(share * self.model.faults.no_shows.times, 0.95)
        return share

    def provider_down(self, minute: int) -> bool:
        """Whether the provider is down at that minute of the week."""
        if Fault.PROVIDER_OUTAGE not in self.faults:
            return False
        rule = self.model.faults.provider_outage
        whole = self.days * DAY
        return rule.from_ * whole <= minute < rule.to * whole

    def unreachable(self, minute: int, *, chance: Chance, last: bool = False) -> bool:
        """Whether somebody cannot be reached then; `last` means the duty manager."""
        rule = self.model.faults.provider_outage
        return self.provider_down(minute) and chance.happens(
            rule.nobody if last else rule.unreachable
        )

    def crashes_after(self, cases: int) -> list[int]:
        """After how many ended cases the worker goes down."""
        if Fault.WORKER_CRASH not in self.faults:
            return []
        times = self.model.faults.worker_crash.times
        return sorted({max(1, cases * turn // (times + 1)) for turn in range(1, times + 1)})
