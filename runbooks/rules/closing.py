"""Endings that can be met, and words that stay where they belong."""

from collections.abc import Iterator

from runbooks.grammar.macros import Audience, fields
from runbooks.plan import AnswerKind
from runbooks.planner import performed
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


def dispositions(subject: Subject) -> Iterator[Finding]:
    """Requirements that nothing in the runbook can put on record."""
    happening = performed(subject.pathway)
    known = subject.document.all_effects
    for index, stage in enumerate(subject.document.stages):
        for name, rule in (stage.dispositions or {}).items():
            for position, requirement in enumerate(rule.requires):
                area, colon, target = requirement.partition(":")
                never = (
                    area in {"receipt", "done"}
                    and colon
                    and target in known
                    and target not in happening
                ) or (requirement == "action-receipt" and not happening)
                if never:
                    yield subject.finding(
                        "RB072",
                        ("stages", index, "dispositions", name, "requires", position),
                        f'"{name}" requires {requirement}, which nothing here makes',
                    )


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


def prose(subject: Subject) -> Iterator[Finding]:
    """Sentences without quotes."""
    for path, scalar in walk(subject.runbook.root):
        is_prose = path[-1] in _PROSE or path[0] == "roles"
        if is_prose and not scalar.quoted and " " in str(scalar.value):
            yield subject.finding("RB074", path, "a sentence without quotes", weight=Weight.WARNING)
