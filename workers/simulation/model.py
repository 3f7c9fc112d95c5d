"""The model of a simulated week: every number in one file, read and checked as one value."""

from importlib.resources import files
from io import StringIO
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from runbooks.grammar.base import kebab
from runbooks.plan import Severity

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
Minutes = Annotated[float, Field(gt=0)]


class Part(BaseModel):
    """A part of the model; what it does not know it refuses."""

    # Nobody builds a part of the model by name: it is always read from its text.
    model_config = ConfigDict(  # type: ignore[pydantic-alias]
        frozen=True, extra="forbid", alias_generator=kebab
    )


class Spread(Part):
    """A lognormal time: its median and 95th percentile, in minutes."""

    median: Minutes
    p95: Minutes


class Region(Part):
    """One of the sites reports come from and people sit at."""

    share: Share
    utc: int
    """Hours ahead of UTC."""
    jurisdictions: dict[str, Weight]


class Peak(Part):
    """A time of the days in which more comes than the hours alone say."""

    at: Share
    hours: Weight
    times: Weight
    when: str | None = None
    """The scenario in which it comes; without one it always comes."""


class Coupling(Part):
    """Which cases draw a report of another kind, and how often each does."""

    runbook: str | None = None
    severity: Severity | None = None
    share: Share
    within: Spread


class Profile(Part):
    """How often a runbook is walked, how bad its cases are, and how they draw others."""

    share: Weight
    severity: dict[Severity, Weight]
    branching: Share = 0.0
    echo: Minutes = 180
    night: Weight = 1.0
    """How much more comes in the hours in which people sleep."""
    office: bool = False
    """Almost everything comes on weekdays between nine and five."""
    incomplete: Share = 0.05
    peaks: tuple[Peak, ...] = ()
    drawn_by: Coupling | None = None
    """Cases of others that bring one of this; the rest of its number comes by itself."""


class Gates(Part):
    """How gates are answered."""

    reject: Share
    more_information: Share
    loops: int
    conditions: Share


class Dynamics(Part):
    """What happens to a case on its way, each as a share of cases."""

    duplicate: Share
    severity_up: Share
    severity_down: Share
    late_evidence: Share
    raised: Share
    conflict: Share
    acknowledged: Share
    held: Share
    stray: Share
    dissent: Share
    delegated: Share
    merged: Share
    """Given to an open case about the same subject."""
    kept_apart: Share
    """Offered such a case, and kept apart from it."""
    reopened: Share
    """Reported once more after it had closed: a case of its own."""


class Tier(Part):
    """How well reviewers of a tier see what is true."""

    sensitivity: Share
    specificity: Share


class Role(Part):
    """How people of a role work."""

    tier: str
    handle: Spread
    shifts: bool = False
    """Handed on around the world; others sit where the case is, night or not."""


class NoResponse(Part):
    """How often nobody answers."""

    day: Share
    night: Share


class NoShows(Part):
    """People answer more seldom, by that factor."""

    times: Minutes


class Outage(Part):
    """A provider is down for a share of the days: people and systems cannot be reached by it."""

    from_: Annotated[float, Field(ge=0, le=1, alias="from")]
    to: Share
    unreachable: Share
    nobody: Share
    """How often the duty manager cannot be reached either."""


class Crash(Part):
    """The worker is gone and comes back, so many times."""

    times: int


class Wave(Part):
    """A share of all cases comes on top, on one runbook, and what is true of them."""

    runbook: str
    share: Share
    at: Share
    within: Minutes
    """Minutes over which it spreads evenly, after the lag."""
    lag: Spread | None = None
    """What lies between its cause and a report."""
    answers: dict[str, str] = {}
    outcomes: dict[str, Weight] = {}
    """How its cases' right outcomes weigh, where the runbook has them."""


class Faults(Part):
    """What each fault means."""

    no_shows: NoShows
    provider_outage: Outage
    worker_crash: Crash


class Model(Part):
    """Everything the simulation draws from."""

    model: str
    provenance: str
    regions: dict[str, Region]
    day: Annotated[tuple[Weight, ...], Field(min_length=24, max_length=24)]
    week: Annotated[tuple[Weight, ...], Field(min_length=7, max_length=7)]
    second_jurisdiction: Share
    runbooks: dict[str, Profile]
    other_runbooks: Profile
    receipt_lag: Spread
    born_late: Share
    answers: dict[str, Weight]
    follows: dict[str, dict[str, str]]
    outcomes: dict[str, Weight]
    back: Share
    speaks_for: dict[str, tuple[str, ...]]
    gate: Gates
    dynamics: Dynamics
    reopened_after: Spread
    tiers: dict[str, Tier]
    roles: dict[str, Role]
    other_roles: Role
    off_hours: Annotated[float, Field(ge=1)]
    page: Spread
    reply: Spread
    note: Spread
    """A handover note, or an update for those who wait outside."""
    found: Spread
    no_response: NoResponse
    night: tuple[int, int]
    faults: Faults
    scenarios: dict[str, tuple[Wave, ...]]
    """What can come on top of a week, by name; one without waves moves peaks alone."""

    def within(self, wave: Wave) -> "Model":
        """The model of that wave's cases."""
        outcomes = {**self.outcomes, **wave.outcomes}
        return self.model_copy(update={"outcomes": outcomes})

    def profile(self, runbook: str) -> Profile:
        """What is assumed of that runbook."""
        return self.runbooks.get(runbook, self.other_runbooks)

    def role(self, name: str) -> Role:
        """How people of that role work."""
        return self.roles.get(name, self.other_roles)

    def tier(self, role: str) -> Tier:
        """How well people of that role see."""
        return self.tiers[self.role(role).tier]

    def is_night(self, hour: int) -> bool:
        """Whether people sleep at that local hour."""
        begins, ends = self.night
        return hour >= begins or hour < ends


def load_model(text: str | None = None) -> Model:
    """The model in `text`, or the one that ships."""
    said = text if text is not None else _shipped()
    return Model.model_validate(YAML(typ="safe", pure=True).load(StringIO(said)))


def _shipped() -> str:
    return files("workers.simulation").joinpath("model.yaml").read_text(encoding="utf-8")
