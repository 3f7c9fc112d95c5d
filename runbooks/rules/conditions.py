"""Outcomes that depend on answers: answers that can be given, and a way out for all of them."""

from collections.abc import Iterator
from itertools import product

from runbooks.plan import StageKind
from runbooks.rules.finding import Finding, Subject

MOST = 20_000
"""Combinations of answers that are looked at for one stage."""


def words(subject: Subject) -> Iterator[Finding]:
    """Answers an outcome waits for that their question never has."""
    for index, stage in enumerate(subject.document.stages):
        for outcome, step in (stage.next or {}).items():
            for name, allowed in (step.if_ or {}).items():
                question = subject.document.intake.get(name)
                for position, answer in enumerate(allowed if question is not None else ()):
                    if question is not None and answer not in question.answers:
                        yield subject.finding(
                            "RB025",
                            ("stages", index, "next", outcome, "if", name, position),
                            f'"{name}" is never answered "{answer}"',
                        )


def ways_out(subject: Subject) -> Iterator[Finding]:
    """Answers with which no outcome of a stage can be taken."""
    for index, stage in enumerate(subject.document.stages):
        steps = stage.next or {}
        if stage.kind is not StageKind.WORK or any(step.if_ is None for step in steps.values()):
            continue
        asked = sorted({name for step in steps.values() for name in step.if_ or {}})
        choices = [
            subject.document.intake[name].answers
            for name in asked
            if name in subject.document.intake
        ]
        if len(choices) < len(asked) or not all(choices):
            continue  # RB023, RB025
        for number, given in enumerate(product(*choices)):
            answers = dict(zip(asked, given, strict=True))
            if number >= MOST or any(
                all(answers[name] in allowed for name, allowed in (step.if_ or {}).items())
                for step in steps.values()
            ):
                continue
            said = ", ".join(f"{name}: {answer}" for name, answer in answers.items())
            yield subject.finding(
                "RB031",
                ("stages", index, "next"),
                f'no outcome of "{stage.stage}" can be taken with {said}',
                evidence=subject.way_to(stage.stage),
            )
            break
