"""Which cases arrive, and when: each runbook's number, what scenarios bring, what cases draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runbooks.grammar.document import RunbookDocument
from workers.simulation import oracle
from workers.simulation.arrivals import Arrival, arrivals, drawn_by, wave
from workers.simulation.chance import Chance
from workers.simulation.model import Coupling, Model, Wave
from workers.simulation.synthetic import Synthetic

Drawn = tuple[str, Arrival, Wave | None]
"""A case as far as its arrival: its runbook, when and where, and the wave it came with."""


@dataclass(frozen=True)
class Schedule:
    """The arrivals of some days, of the runbooks that are played."""

    model: Model
    documents: Mapping[str, RunbookDocument]
    chance: Chance

    @property
    def coupled(self) -> dict[str, Coupling]:
        """Runbooks of which cases of others bring some."""
        found = {name: self.model.profile(name).drawn_by for name in self.documents}
        return {name: rule for name, rule in found.items() if rule is not None}

    def shares(self, number: int) -> dict[str, int]:
        """How many cases each runbook has: by its share, at least one where there are enough."""
        weights = {name: self.model.profile(name).share for name in self.documents}
        whole = sum(weights.values()) or 1
        exact = {name: number * weight / whole for name, weight in weights.items()}
        least = 1 if number >= len(weights) else 0
        counts = {name: max(least, int(share)) for name, share in exact.items()}
        by_rest = sorted(exact, key=lambda name: (int(exact[name]) - exact[name], name))
        turn = 0
        while (over := sum(counts.values()) - number) != 0:
            name = by_rest[turn % len(by_rest)] if over < 0 else max(counts, key=counts.__getitem__)
            counts[name] += -1 if over > 0 else 1
            turn += 1
        return counts

    def by_itself(
        self, name: str, number: int, *, days: int, scenarios: frozenset[str]
    ) -> list[Drawn]:
        """So many that come by themselves."""
        found = arrivals(
            self.model,
            self.model.profile(name),
            number=number,
            days=days,
            chance=self.chance.of(name, "arrivals"),
            scenarios=scenarios,
        )
        return [(name, arrival, None) for arrival in found]

    def waves(self, scenario: str, number: int, *, days: int) -> list[Drawn]:
        """What comes on top in that scenario; where none of its runbooks is played, to another."""
        there = self.model.scenarios[scenario]
        played = [each for each in there if each.runbook in self.documents]
        if there and not played:
            played = [there[0].model_copy(update={"runbook": self._most_urgent()})]
        found: list[Drawn] = []
        for turn, rule in enumerate(played):
            arrived = wave(
                self.model,
                rule,
                number=max(1, round(number * rule.share)),
                days=days,
                chance=self.chance.of(scenario, turn),
                scenario=scenario,
            )
            found += [(rule.runbook, arrival, rule) for arrival in arrived]
        return found

    def brought(
        self, name: str, rule: Coupling, cases: Sequence[Synthetic], *, days: int
    ) -> list[Drawn]:
        """What cases of other runbooks bring to this one."""
        found: list[Drawn] = []
        for case in cases:
            if rule.runbook not in (None, case.runbook):
                continue
            if rule.severity not in (None, case.truth.severity):
                continue
            chance = self.chance.of(name, "drawn-by", case.name)
            arrival = drawn_by(case.arrival, rule, days=days, chance=chance)
            found += [(name, arrival, None)] if arrival is not None else []
        return found

    def _most_urgent(self) -> str:
        never = 10**9
        return min(
            self.documents,
            key=lambda name: (oracle.shortest_clock(self.documents[name]) or never, name),
        )
