"""Endings that can be met, and words that stay where they belong."""

from collections.abc import Collection, Iterator

from runbooks.exploring import Situation
from runbooks.grammar.macros import Audience, fields
from runbooks.plan import AnswerKind
from runbooks.planner import said
from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.tree import walk

_PROSE = {
    "approve-as",
    "ask",
    "because",
    "compensate",
    "help",
    "instruction",
    "reject-as",
    "source",
    "summary",
    "text",
    "title",
}

_OUTSIDE = {Audience.REPORTER, Audience.PROVIDER}
_INSIDE = {"case.severity", "case.runbook", "case.stage", "case.link"}
_INSIDE_AREAS = {"gate", "stage"}
"""What only the team reads: who decides what, by when, and where."""


def dispositions(subject: Subject) -> Iterator[Finding]:
    """Requirements that nothing on any way to the closure can put on record, or not together."""
    if not subject.exploration.whole:
        return  # What was not looked at may well make it (RB037).
    closure = subject.pathway.closure
    index = next(
        number
        for number, stage in enumerate(subject.document.stages)
        if stage.stage == closure.name
    )
    arriving = subject.exploration.at(closure.name)
    by_clocks = _by_time(subject)
    # An effect with an unknown name is RB021, wherever it stands.
    known = {*subject.document.all_effects}
    for name, rule in closure.dispositions.items():
        never = [
            position
            for position, requirement in enumerate(rule.requires)
            if not any(_met(requirement, each, by_clocks, known) for each in arriving)
        ]
        for position in never:
            yield subject.finding(
                "RB072",
                ("stages", index, "dispositions", name, "requires", position),
                f'"{name}" requires {rule.requires[position]}, which nothing here makes',
                evidence=subject.way_to(closure.name),
            )
        together = any(
            all(_met(each, situation, by_clocks, known) for each in rule.requires)
            for situation in arriving
        )
        if arriving and not never and not together:
            yield subject.finding(
                "RB072",
                ("stages", index, "dispositions", name),
                f'no case that comes to "{closure.name}" has all that "{name}" requires',
                mend="Require what one and the same way makes, or give the other its own ending.",
                evidence=subject.way_to(closure.name),
                at_key=True,
            )


def stuck(subject: Subject) -> Iterator[Finding]:
    """Ways on which a case comes to its closure and cannot be closed as anything."""
    closure = subject.pathway.closure
    index = next(
        number
        for number, stage in enumerate(subject.document.stages)
        if stage.stage == closure.name
    )
    by_clocks = _by_time(subject, only=closure.name)
    known = {*subject.document.all_effects}
    for situation in subject.exploration.at(closure.name):
        met = any(
            # Whoever moves or attaches a case ends it by that; here it is still to be closed.
            "linked-case" not in rule.requires
            and all(_met(each, situation, by_clocks, known) for each in rule.requires)
            for rule in closure.dispositions.values()
        )
        if not met:
            yield subject.finding(
                "RB035",
                ("stages", index, "dispositions"),
                f'a case that comes to "{closure.name}" this way can be closed as nothing',
                evidence=said(subject.exploration.way(situation)),
                at_key=True,
            )
            return  # The shortest way says it; the others are the same finding.


def _by_time(subject: Subject, *, only: str | None = None) -> frozenset[str]:
    """What late steps may have ordered as well; with `only`, those of that stage and of clocks."""
    late = [step for clock in subject.pathway.clocks for step in clock.late]
    for stage in subject.pathway.stages:
        if stage.name in subject.ways and only in {None, stage.name}:
            late.extend(stage.late)
    return frozenset(step.do for step in late if step.do)


def _met(
    requirement: str, situation: Situation, by_time: frozenset[str], known: Collection[str]
) -> bool:
    """Whether a case in that situation can have the requirement on record."""
    area, colon, target = requirement.partition(":")
    ordered = situation.ordered | by_time
    if area in {"receipt", "done"} and colon:
        return target in ordered or target not in known
    if requirement == "action-receipt":
        return bool(ordered)
    if requirement == "memo":
        return situation.memo
    return True


def leaks(subject: Subject) -> Iterator[Finding]:
    """Macros that carry what people wrote freely out of the case."""
    for name, macro in subject.document.macros.items():
        if macro.for_ is Audience.MEMO:
            continue
        for key, text in (("title", macro.title or ""), ("text", macro.text)):
            for field in fields(text):
                area, _, target = field.partition(".")
                question = subject.document.intake.get(target) if area == "answer" else None
                if question and question.kind is AnswerKind.TEXT:
                    yield subject.finding(
                        "RB073",
                        ("macros", name, key),
                        f'the {macro.for_} macro "{name}" carries the free text "{target}"',
                    )


def insides(subject: Subject) -> Iterator[Finding]:
    """Macros that tell people outside how the team works inside."""
    for name, macro in subject.document.macros.items():
        if macro.for_ not in _OUTSIDE:
            continue
        for key, text in (("title", macro.title or ""), ("text", macro.text)):
            for field in dict.fromkeys(fields(text)):
                area = field.partition(".")[0]
                if area in _INSIDE_AREAS or field in _INSIDE:
                    yield subject.finding(
                        "RB075",
                        ("macros", name, key),
                        f'the {macro.for_} macro "{name}" carries {field}',
                    )


def prose(subject: Subject) -> Iterator[Finding]:
    """Sentences without quotes."""
    for path, scalar in walk(subject.runbook.root):
        is_prose = path[-1] in _PROSE or path[0] == "roles"
        if is_prose and not scalar.quoted and " " in str(scalar.value):
            yield subject.finding("RB074", path, "a sentence without quotes", weight=Weight.WARNING)
