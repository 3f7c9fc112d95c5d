"""Cases out of the model: what was reported, what is true, and what will happen on the way.

Whatever a runbook asks is answered out of its own questions; reported content is indicator codes
and neutral sentences, never anything that could harm (I13).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cases.handlers.ending import ATTACHED
from runbooks.grammar.document import RunbookDocument
from runbooks.grammar.stages import Stage
from runbooks.plan import Severity, StageKind
from runbooks.runbook import Runbook
from workers.simulation import oracle
from workers.simulation.answers import Answers, asked_of
from workers.simulation.arrivals import Arrival
from workers.simulation.chance import Chance
from workers.simulation.model import Model, Profile, Wave
from workers.simulation.schedule import Drawn, Schedule
from workers.simulation.seeing import right_outcome, seen_by
from workers.simulation.synthetic import MERGED, REOPENED, Synthetic, Truth


class Generator:
    """Draws cases for the runbooks it was given."""

    def __init__(self, model: Model, runbooks: Mapping[str, Runbook], *, seed: int) -> None:
        self._model = model
        self._documents = {name: runbook.document for name, runbook in runbooks.items()}
        self._chance = Chance("escalate", seed)
        self._attainable = {
            name: oracle.attainable(document, chance=self._chance.of(name, "table"))
            for name, document in self._documents.items()
        }

    def cases(
        self, number: int, *, days: int, faults: frozenset[str] = frozenset()
    ) -> list[Synthetic]:
        """So many cases in the order they arrive; what a scenario brings comes on top."""
        scenarios = faults & self._model.scenarios.keys()
        schedule = self._schedule
        shares, coupled = schedule.shares(number), schedule.coupled
        drawn: list[Drawn] = []
        for name in (name for name in shares if name not in coupled):
            drawn += schedule.by_itself(name, shares[name], days=days, scenarios=scenarios)
        for scenario in sorted(scenarios):
            drawn += schedule.waves(scenario, number, days=days)
        cases = self._in_turn(drawn, first=1)
        following: list[Drawn] = []
        for name, rule in coupled.items():
            brought = schedule.brought(name, rule, cases, days=days)[: shares[name]]
            rest = shares[name] - len(brought)
            following += brought + schedule.by_itself(name, rest, days=days, scenarios=scenarios)
        cases += self._in_turn(following, first=len(cases) + 1)
        return sorted(cases, key=lambda case: (case.arrival.minute, case.index))

    def shares(self, number: int) -> dict[str, int]:
        """How many cases each runbook has of so many."""
        return self._schedule.shares(number)

    @property
    def _schedule(self) -> Schedule:
        return Schedule(model=self._model, documents=self._documents, chance=self._chance)

    def _in_turn(self, drawn: list[Drawn], *, first: int) -> list[Synthetic]:
        """The cases of these arrivals, numbered as they arrive."""
        drawn.sort(key=lambda item: (item[1].minute, item[0], item[1].region))
        return [self._case(index, *each) for index, each in enumerate(drawn, start=first)]

    def under(self, case: Synthetic) -> Synthetic:
        """The same case, judged by this generator's text of its runbook.

        What was reported, and what is true, stay; the right way, the right severity and the right
        ending are those of the text.
        """
        document = self._documents[case.runbook]
        chance = self._chance.of(case.runbook, case.name)
        answers = self._complete(case.runbook, case.truth.answers, chance=chance)
        return replace(
            case,
            reported={n: said for n, said in case.reported.items() if n in document.intake},
            truth=self._truth(
                document,
                answers,
                lag=case.receipt_lag,
                chance=chance,
                traits=case.traits,
                came=case.wave,
            ),
        )

    def moved(
        self, case: Synthetic, *, to: str, after: int, severity: Severity, answers: Answers
    ) -> Synthetic:
        """The case that goes on under another runbook, so many minutes after the first arrived.

        What both runbooks ask stays as it was answered; the severity is the nearest there is.
        """
        following = self._following(case, to=to, after=after, severity=severity, answers=answers)
        # The law counts from the first receipt, whichever runbook the case is on.
        return self._received(following, case.receipt_lag + after)

    def reopened(
        self, case: Synthetic, *, after: int, severity: Severity, answers: Answers
    ) -> Synthetic:
        """The same matter, reported once more so many minutes after the first report.

        It is a case of its own with a receipt of its own; what was answered is known. It is not
        reopened a second time.
        """
        following = self._following(
            case, to=case.runbook, after=after, severity=severity, answers=answers, cause=REOPENED
        )
        return replace(
            self._received(following, case.receipt_lag),
            traits=following.traits - {REOPENED},
        )

    def comes_back_after(self, case: Synthetic) -> int:
        """How many minutes after it closed the matter is reported once more."""
        chance = self._chance.of(case.runbook, case.name, REOPENED)
        return int(chance.minutes(self._model.reopened_after))

    def _received(self, case: Synthetic, lag: int) -> Synthetic:
        """The case, received so many minutes before it came to our door."""
        document = self._documents[case.runbook]
        truth = self._truth(
            document,
            case.truth.answers,
            lag=lag,
            chance=self._chance.of(case.runbook, case.name),
            traits=case.traits,
            came=case.wave,
        )
        return replace(case, receipt_lag=lag, truth=truth)

    def _following(
        self,
        case: Synthetic,
        *,
        to: str,
        after: int,
        severity: Severity,
        answers: Answers,
        cause: str = "moved",
    ) -> Synthetic:
        document, hop = self._documents[to], case.hop + 1
        chance = self._chance.of(to, f"{case.index}+{hop}")
        wanted = nearest({severity: 1.0}, list(self._attainable[to]))
        table = self._attainable[to][chance.of("severity").pick(wanted)]
        weights = {turn: self._weight(each) for turn, each in enumerate(table)}
        drawn = dict(table[chance.of("answers").pick(weights)])
        known = {
            name: said
            for name, said in answers.items()
            if name in document.intake and said in (document.intake[name].answers or (said,))
        }
        true = self._complete(to, drawn | known, chance=chance)
        traits = self._traits(chance)
        return replace(
            case,
            runbook=to,
            hop=hop,
            arrival=replace(case.arrival, minute=case.arrival.minute + after, cause=cause),
            born_late=False,
            reported=known,
            incomplete=False,
            truth=self._truth(
                document,
                true,
                lag=case.receipt_lag,
                chance=chance,
                traits=traits,
                came=case.wave,
            ),
            traits=traits,
        )

    def _case(self, index: int, name: str, arrival: Arrival, came: Wave | None) -> Synthetic:
        document = self._documents[name]
        profile = self._model.profile(name)
        chance = self._chance.of(name, index)
        answers = self._true_answers(name, profile, chance=chance)
        if came is not None:
            true = {n: said for n, said in came.answers.items() if n in document.intake}
            answers = self._complete(name, answers | true, chance=chance)
        lag, born_late = self._lag(document, chance=chance)
        incomplete = chance.of("incomplete").happens(profile.incomplete)
        traits = self._traits(chance)
        return Synthetic(
            index=index,
            runbook=name,
            arrival=arrival,
            jurisdictions=self._jurisdictions(arrival.region, chance=chance),
            receipt_lag=lag,
            born_late=born_late,
            reported=self._reported(document, answers, incomplete=incomplete, chance=chance),
            incomplete=incomplete,
            truth=self._truth(document, answers, lag=lag, chance=chance, traits=traits, came=came),
            traits=traits,
            wave=came,
        )

    def _truth(
        self,
        document: RunbookDocument,
        answers: Mapping[str, str],
        *,
        lag: int,
        chance: Chance,
        traits: frozenset[str],
        came: Wave | None,
    ) -> Truth:
        """What is true of a case with these answers, as the runbook's text has it."""
        merged = MERGED in traits
        severity = oracle.severity_of(document, answers)
        way = self._true_way(document, answers, severity, chance=chance, came=came)
        return Truth(
            severity=severity,
            answers=answers,
            way=way,
            # Whoever has the other case escalates: this one only has to find its way there.
            should_escalate=not merged and oracle.asks_somebody(document, way),
            disposition=ATTACHED if merged else oracle.disposition_of(document, way, self._model),
            clocks=oracle.clocks_of(document, way, severity=severity, received=lag),
        )

    def _true_answers(self, name: str, profile: Profile, *, chance: Chance) -> dict[str, str]:
        """Answers to every question that lists its answers, at the severity that was drawn."""
        attainable = self._attainable[name]
        wanted = chance.of("severity").pick(nearest(profile.severity, list(attainable)))
        table = attainable[wanted]
        weights = {turn: self._weight(answers) for turn, answers in enumerate(table)}
        return self._complete(name, table[chance.of("answers").pick(weights)], chance=chance)

    def _complete(self, name: str, known: Mapping[str, str], *, chance: Chance) -> Answers:
        """The answers with those to every other question that lists its answers."""
        answers = dict(known)
        for question, asked in self._documents[name].intake.items():
            if question not in answers and asked.answers:
                source = chance.of("answer", question)
                answers[question] = source.pick(
                    {answer: self._model.answers.get(answer, 1.0) for answer in asked.answers}
                )
        # What is not asked of this case is not true of it either.
        return asked_of(self._documents[name], answers)

    def _weight(self, answers: Mapping[str, str]) -> float:
        weight = 1.0
        for answer in answers.values():
            weight *= self._model.answers.get(answer, 1.0)
        return weight

    def _lag(self, document: RunbookDocument, *, chance: Chance) -> tuple[int, bool]:
        """Minutes between receipt and door; a clock has run out by then only in cases born late."""
        shortest = oracle.shortest_clock(document)
        lag = int(chance.of("lag").minutes(self._model.receipt_lag))
        if shortest is None:
            return lag, False
        if chance.of("born-late").happens(self._model.born_late):
            return shortest + 1 + lag, True
        return min(lag, max(shortest - 1, 0)), False

    def _true_way(
        self,
        document: RunbookDocument,
        answers: Mapping[str, str],
        severity: Severity,
        *,
        chance: Chance,
        came: Wave | None,
    ) -> oracle.Way:
        model = self._model if came is None else self._model.within(came)

        def outcome(stage: Stage, passed: int) -> str:
            source = chance.of("way", stage.stage, passed)
            if stage.kind is StageKind.GATE:
                right = not source.happens(model.gate.reject)
                return "approved" if right else "rejected"
            return right_outcome(model, stage, answers, passed=passed, chance=source)

        return oracle.Walker(document, outcome, severity).walk()

    def _reported(
        self,
        document: RunbookDocument,
        answers: Mapping[str, str],
        *,
        incomplete: bool,
        chance: Chance,
    ) -> dict[str, str]:
        """What the report says of what the table asks: seen by its first reader, not by us."""
        asked = oracle.asked_by_table(document)
        seen = {
            name: seen_by(self._model, "triage", document, name, answers[name], chance=chance)
            for name in asked
            if name in answers
        }
        if incomplete and seen:
            seen.pop(chance.of("missing").one_of(list(seen)))
        return seen

    def _jurisdictions(self, region: str, *, chance: Chance) -> tuple[str, ...]:
        first = chance.of("jurisdiction").pick(self._model.regions[region].jurisdictions)
        if not chance.of("second").happens(self._model.second_jurisdiction):
            return (first,)
        everywhere = {
            name: weight
            for each in self._model.regions.values()
            for name, weight in each.jurisdictions.items()
            if name != first
        }
        return (first, chance.of("second-jurisdiction").pick(everywhere))

    def _traits(self, chance: Chance) -> frozenset[str]:
        shares = self._model.dynamics.model_dump(by_alias=True)
        return frozenset(
            name for name, share in shares.items() if chance.of("trait", name).happens(share)
        )


def nearest(wanted: Mapping[Severity, float], there: Sequence[Severity]) -> dict[Severity, float]:
    """The weights, each given to the nearest severity the table knows; the milder of two."""
    weights: dict[Severity, float] = dict.fromkeys(sorted(there), 0.0)
    for severity, weight in wanted.items():
        at = int(severity.value[-1])
        closest = min(weights, key=lambda s: (abs(int(s.value[-1]) - at), -int(s.value[-1])))
        weights[closest] += weight
    return weights
