"""When reports arrive: a rate for every hour of the week and region, and bursts that feed on it.

Minutes are counted from Monday, 00:00 UTC. The number of cases is given; what is drawn is when.
"""

from dataclasses import dataclass

from workers.simulation.chance import Chance
from workers.simulation.model import Model, Profile, Storm

HOUR = 60
DAY = 24 * HOUR
WEEK = 7 * DAY


@dataclass(frozen=True)
class Arrival:
    """One report: when, where from, and why then."""

    minute: int
    region: str
    cause: str = "base"
    """`base`, `burst` (drawn by another report), `storm`, `moved` or `reopened`."""


OFFICE_DAYS, OFFICE_HOURS = range(5), range(9, 17)
AFTER_HOURS = 0.05


def rate(model: Model, profile: Profile, region: str, minute: int) -> float:
    """The weight of that minute: its local hour's, its local weekday's, and the runbook's own."""
    local = (minute + model.regions[region].utc * HOUR) % WEEK
    hour, day = local % DAY // HOUR, local // DAY
    weight = model.day[hour] * model.week[day]
    if model.is_night(hour):
        weight *= profile.night
    if profile.office and not (day in OFFICE_DAYS and hour in OFFICE_HOURS):
        weight *= AFTER_HOURS
    return weight


def arrivals(
    model: Model, profile: Profile, *, number: int, days: int, chance: Chance
) -> list[Arrival]:
    """So many reports of one runbook within the days, oldest first."""
    found: list[Arrival] = []
    turn = 0
    while len(found) < number:
        source = chance.of("base", turn)
        turn += 1
        first = _base(model, profile, days=days, chance=source)
        found.append(first)
        found.extend(_echoes(profile, first, days=days, chance=source.of("echo")))
    # A burst may overshoot the number; what is left out is not the end of the week.
    kept = found[:number]
    return sorted(kept, key=lambda arrival: (arrival.minute, arrival.region))


def storm(model: Model, rule: Storm, *, number: int, days: int, chance: Chance) -> list[Arrival]:
    """So many reports at once, on top of everything."""
    begins = rule.at * days * DAY
    shares = {name: region.share for name, region in model.regions.items()}
    drawn = [
        Arrival(
            minute=int(begins + chance.of(turn).share() * rule.within),
            region=chance.of("region", turn).pick(shares),
            cause="storm",
        )
        for turn in range(number)
    ]
    return sorted(drawn, key=lambda arrival: (arrival.minute, arrival.region))


def _base(model: Model, profile: Profile, *, days: int, chance: Chance) -> Arrival:
    """One draw of the uneven Poisson process, whose number is known: by thinning."""
    region = chance.pick({name: region.share for name, region in model.regions.items()})
    most = max(model.day) * max(model.week) * max(profile.night, 1)
    while True:
        minute = int(chance.share() * days * DAY)
        if chance.happens(rate(model, profile, region, minute) / most):
            return Arrival(minute=minute, region=region)


def _echoes(profile: Profile, first: Arrival, *, days: int, chance: Chance) -> list[Arrival]:
    """The reports that this one draws, and those that they draw."""
    found: list[Arrival] = []
    parents = [first]
    while parents:
        parent = parents.pop()
        for _ in range(chance.number(profile.branching)):
            minute = parent.minute + 1 + int(chance.wait(profile.echo))
            if minute < days * DAY:
                child = Arrival(minute=minute, region=parent.region, cause="burst")
                found.append(child)
                parents.append(child)
    return found
