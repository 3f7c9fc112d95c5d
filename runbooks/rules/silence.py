"""Silence is asymmetric (I11): it may protect and be reviewed after; it never discloses."""

from collections.abc import Iterator

from runbooks.grammar.document import RunbookDocument
from runbooks.planner import Consent, Hand, Trail, consent_after, moves, said, states
from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.tree import Step


def disclosure(subject: Subject) -> Iterator[Finding]:
    """Disclosures that silence, or nobody, allowed; with the shortest way to each."""
    effects = subject.document.all_effects
    told: set[tuple[Step, ...]] = set()
    for path, consent, trail in _performances(subject):
        effect = effects.get(name_at(subject, path))
        if effect is None or not effect.discloses or consent is Consent.APPROVED or path in told:
            continue
        told.add(path)
        silent = consent is Consent.SILENT
        yield subject.finding(
            "RB050" if silent else "RB051",
            path,
            f'"{effect.title}" discloses user data '
            + ("by silence" if silent else "without the approval of a gate"),
            evidence=_to_the_step(subject, path) if path[2] == "late" else said(trail),
        )


def unattended(subject: Subject) -> Iterator[Finding]:
    """What a time-out orders, by itself or by an outcome it takes, that only people may do."""
    effects = subject.document.all_effects
    for path, evidence in ordered_by_time(subject):
        effect = effects.get(name_at(subject, path))
        if effect is None or effect.discloses:
            continue  # An unknown effect is RB021, a disclosure RB050.
        if effect.manual:
            yield subject.finding(
                "RB052",
                path,
                f'"{effect.title}" happens unattended, and is done by hand',
                evidence=evidence,
            )
        if not effect.protective:
            yield subject.finding(
                "RB053",
                path,
                f'"{effect.title}" happens unattended, and is not protective',
                evidence=evidence,
            )


def ways_back(subject: Subject) -> Iterator[Finding]:
    """Effects that say neither how they are undone nor that they cannot be."""
    for name, effect in subject.document.effects.items():
        if effect.compensate is None and not effect.irreversible:
            # Paper can be corrected by more paper; what changes a platform or a life cannot.
            action = effect.protective or effect.discloses or not effect.manual
            yield subject.finding(
                "RB054",
                ("effects", name),
                f'"{effect.title}" does not say how it is undone',
                weight=Weight.ERROR if action else Weight.WARNING,
                at_key=True,
            )
        if effect.compensate is not None and effect.irreversible:
            yield subject.finding(
                "RB054",
                ("effects", name, "irreversible"),
                f'"{effect.title}" says both how it is undone and that it cannot be',
                mend="Keep `compensate` or `irreversible`, not both.",
            )


def _performances(
    subject: Subject,
) -> Iterator[tuple[tuple[Step, ...], Consent, Trail]]:
    """Every place that orders an effect, with the consent it is ordered with and a way there."""
    document, pathway = subject.document, subject.pathway
    for path in _late(document):
        yield path, Consent.SILENT, ()
    index = {stage.stage: number for number, stage in enumerate(document.stages)}
    for (name, consent), trail in states(pathway).items():
        at = ("stages", index[name])
        for number in range(len(document.stages[index[name]].do)):
            yield (*at, "do", number), consent, trail
        stage = pathway.stage(name)
        for move in moves(stage):
            after = consent_after(stage, move, consent)
            for number in range(len(move.do)):
                yield (*at, "next", move.outcome, "do", number), after, (*trail, move)


def ordered_by_time(
    subject: Subject,
) -> Iterator[tuple[tuple[Step, ...], tuple[str, ...]]]:
    """Every place that time alone orders an effect at, with the shortest way there."""
    document = subject.document
    for path in _late(document):
        yield path, _to_the_step(subject, path)
    index = {stage.stage: number for number, stage in enumerate(document.stages)}
    entered: dict[str, tuple[str, ...]] = {}
    for stage in subject.pathway.stages:
        for move in moves(stage):
            if move.hand is Hand.SILENCE:
                evidence = (*subject.way_to(stage.name), str(move))
                for number in range(len(move.do)):
                    path = ("stages", index[stage.name], "next", move.outcome, "do", number)
                    yield path, evidence
                if move.to in index:
                    entered.setdefault(move.to, evidence)
    for name, evidence in sorted(entered.items()):
        for number in range(len(document.stages[index[name]].do)):
            yield ("stages", index[name], "do", number), evidence


def _to_the_step(subject: Subject, path: tuple[Step, ...]) -> tuple[str, ...]:
    """The way to a late step, and that nobody came before it."""
    match path:
        case ("stages", int(stage), "late", int(step), "do"):
            plan = subject.document.stages[stage]
            passes = f"{plan.stage}: {plan.late[step].at} of the time passes"
            return (*subject.way_to(plan.stage), passes)
        case ("clocks", str(clock), "late", int(step), "do"):
            at = subject.document.clocks[clock].late[step].at
            return (f"{clock}: {at} of the time passes",)
        case _:
            raise AssertionError(path)


def _late(document: RunbookDocument) -> Iterator[tuple[Step, ...]]:
    for number, stage in enumerate(document.stages):
        for position, step in enumerate(stage.late):
            if step.do:
                yield "stages", number, "late", position, "do"
    for name, clock in document.clocks.items():
        for position, step in enumerate(clock.late):
            if step.do:
                yield "clocks", name, "late", position, "do"


def name_at(subject: Subject, path: tuple[Step, ...]) -> str:
    """The effect named at a path of the document."""
    document = subject.document
    match path:
        case ("stages", int(stage), "late", int(step), "do"):
            return document.stages[stage].late[step].do or ""
        case ("stages", int(stage), "do", int(number)):
            return document.stages[stage].do[number]
        case ("stages", int(stage), "next", str(outcome), "do", int(number)):
            return (document.stages[stage].next or {})[outcome].do[number]
        case ("clocks", str(clock), "late", int(step), "do"):
            return document.clocks[clock].late[step].do or ""
        case _:
            raise AssertionError(path)
