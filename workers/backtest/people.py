"""The people of recorded cases: those the record names, then others of the role, by number.

Where one of them has to be assumed, they are the model's people without chance: they answer, they
see what was true, and they take as long as their role took.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from cases.acts import Complete, Decide
from workers.backtest.recorded import Recorded
from workers.backtest.told import MINUTE
from workers.simulation.model import Model, Spread
from workers.simulation.people import Somebody, Staff

OTHERS = 4
"""Unnamed people of every role: more than any quorum of a runbook has lacked so far."""
SITE = "recorded"
_AT_ONCE = 1e-6


class RecordedStaff(Staff):
    """Everybody the record names, in their roles."""

    def __init__(self, model: Model, recorded: Iterable[Recorded]) -> None:
        super().__init__(model, {})
        self._by_role: dict[str, list[str]] = defaultdict(list)
        for case in recorded:
            for done in case.acts:
                names = self._by_role[done.act.role]
                if done.accepted and done.act.actor.person not in names:
                    names.append(done.act.actor.person)

    def asked(self, role: str, *, minute: int, site: str) -> list[Somebody]:
        """The role's people by name, then others who are only known to have to exist."""
        del minute, site
        others = [f"another-{role}-{number}" for number in range(1, OTHERS + 1)]
        return [Somebody(name, role, SITE) for name in (*sorted(self._by_role[role]), *others)]

    def person(self, name: str) -> Somebody:
        """The person of that name, in a role the record knows them in."""
        roles = [role for role, names in self._by_role.items() if name in names]
        return Somebody(name, roles[0] if roles else name, SITE)

    def asleep(self, person: Somebody, minute: int) -> bool:
        """Nothing is assumed of anybody's night."""
        del person, minute
        return False


def took(recorded: Sequence[Recorded]) -> dict[str, float]:
    """The median minutes each role took from being asked to its verdict or its stage's end."""
    times: dict[str, list[float]] = defaultdict(list)
    for case in recorded:
        for done in case.acts:
            if done.accepted and isinstance(done.act.body, Decide | Complete):
                times[done.act.role].append((done.at - done.asked) / MINUTE)
    return {role: median(found) for role, found in times.items()}


def without_chance(model: Model, measured: Mapping[str, float]) -> Model:
    """The model's people as they are where nothing is left to chance."""
    roles = {
        name: role.model_copy(update={"handle": _always(measured.get(name, role.handle.median))})
        for name, role in {**dict.fromkeys(measured, model.other_roles), **model.roles}.items()
    }
    others = model.other_roles
    gate = {"reject": 0.0, "more_information": 0.0, "conditions": 0.0}
    return model.model_copy(
        update={
            "roles": roles,
            "other_roles": others.model_copy(update={"handle": _always(others.handle.median)}),
            "tiers": {
                name: tier.model_copy(update={"sensitivity": 1.0, "specificity": 1.0})
                for name, tier in model.tiers.items()
            },
            "gate": model.gate.model_copy(update=gate),
            "no_response": model.no_response.model_copy(update={"day": 0.0, "night": 0.0}),
            "off_hours": 1.0,
            "page": _always(model.page.median),
            "reply": _always(model.reply.median),
            "note": _always(model.note.median),
            "found": _always(model.found.median),
        }
    )


def _always(minutes: float) -> Spread:
    least = max(minutes, _AT_ONCE)
    return Spread(median=least, p95=least)
