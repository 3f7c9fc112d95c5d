"""When reports arrive: a rate for every hour of the week and region, and bursts that feed on it.

Minutes are counted from Monday, 00:00 UTC. The number of cases is given; what is drawn is when.
"""

from dataclasses import dataclass

from workers.simulation.chance import Chance
from workers.simulation.model import Coupling, Model, Profile, Wave

HOUR = 60
DAY = 24 * HOUR
WEEK = 7 * DAY


@dataclass(frozen=True)
class Arrival:
    """One report: when, where from, and why then."""

    minute: int
    region: str
    cause: str = "base"
    """`base`, `burst` (by a like report), `drawn` (by a case of another kind), the name of a
    scenario, `moved` or `reopened`."""


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


def peak(profile: Profile, minute: int, *, days: int, scenarios: frozenset[str]) -> float:
    """How many times as much comes at that minute of these days as its hour says."""
    times = 1.0
    for each in profile.peaks:
        since = minute - each.at * days * DAY
        if (each.when is None or each.when in scenarios) and 0 <= since < each.hours * HOUR:
            times *= each.times
    return times


def arrivals(
    model: Model,
    profile: Profile,
    *,
    number: int,
    days: int,
    chance: Chance,
    scenarios: frozenset[str] = frozenset(),
) -> list[Arrival]:
    """So many reports of one runbook within the days, oldest first."""
    found: list[Arrival] = []
    turn = 0
    while len(found) < number:
        source = chance.of("base", turn)
        turn += 1
        first = _base(model, profile, days=days, chance=source, scenarios=scenarios)
        found.append(first)
        found.extend(_echoes(profile, first, days=days, chance=source.of("echo")))
    # A burst may overshoot the number; what is left out is not the end of the week.
    kept = found[:number]
    return sorted(kept, key=lambda arrival: (arrival.minute, arrival.region))


def wave(
    model: Model, rule: Wave, *, number: int, days: int, chance: Chance, scenario: str
) -> list[Arrival]:
    """So many reports of a scenario's wave, on top of everything."""
    begins = rule.at * days * DAY
    shares = {name: region.share for name, region in model.regions.items()}
    drawn = []
    for turn in range(number):
        lag = chance.of("lag", turn).minutes(rule.lag) if rule.lag is not None else 0.0
        minute = int(begins + chance.of(turn).share() * rule.within + lag)
        region = chance.of("region", turn).pick(shares)
        drawn.append(Arrival(minute=minute, region=region, cause=scenario))
    return sorted(drawn, key=lambda arrival: (arrival.minute, arrival.region))


def drawn_by(parent: Arrival, rule: Coupling, *, days: int, chance: Chance) -> Arrival | None:
    """The report that this case brings, where it brings one within the days."""
    if not chance.happens(rule.share):
        return None
    minute = parent.minute + 1 + int(chance.of("after").minutes(rule.within))
    if minute >= days * DAY:
        return None
    return Arrival(minute=minute, region=parent.region, cause="drawn")


def _base(
    model: Model, profile: Profile, *, days: int, chance: Chance, scenarios: frozenset[str]
) -> Arrival:
    """One draw of the uneven Poisson process, whose number is known: by thinning."""
    region = chance.pick({name: region.share for name, region in model.regions.items()})
    most = max(model.day) * max(model.week) * max(profile.night, 1)
    for each in profile.peaks:
        most *= max(each.times, 1)
    while True:
        minute = int(chance.share() * days * DAY)
        weight = rate(model, profile, region, minute)
        weight *= peak(profile, minute, days=days, scenarios=scenarios)
        if chance.happens(weight / most):
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
