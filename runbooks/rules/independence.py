"""Stages that keep out whoever decided before: it is asked who that was, and others are left."""

from collections.abc import Iterator

from runbooks.grammar.gates import counted
from runbooks.grammar.intake import PINNED
from runbooks.grammar.stages import Stage
from runbooks.planner import reachable, said
from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.tree import Step


def originals(subject: Subject) -> Iterator[Finding]:
    """Questions that say nothing of who decided, and stages reached before they are asked."""
    document = subject.document
    for index, stage in enumerate(document.stages):
        if not stage.independent_of:
            continue
        path = ("stages", index, "independent-of")
        for position, name in enumerate(stage.independent_of):
            question = document.intake.get(name)
            if question is not None and question.kind not in PINNED:
                yield subject.finding(
                    "RB130",
                    (*path, position),
                    f'"{name}" takes {question.kind}, which names nobody',
                )
        yield from _asked_before(subject, stage, path)


def others_left(subject: Subject) -> Iterator[Finding]:
    """Gates of as many people as there are; needs the directory."""
    if subject.directory is None:
        return
    for index, stage in enumerate(subject.document.stages):
        if not stage.independent_of:
            continue
        wanted = counted(stage.approve) if stage.approve is not None else {stage.owner: 1}
        for role, number in wanted.items():
            there = subject.directory.get(role)
            if there is not None and there <= number:
                at: tuple[Step, ...] = (
                    ("approve", role) if stage.approve is not None else ("owner",)
                )
                yield subject.finding(
                    "RB132",
                    ("stages", index, *at),
                    f"the directory has {there} of {role}: one who decided before leaves too few",
                    weight=Weight.WARNING,
                    evidence=subject.way_to(stage.stage),
                )


def _asked_before(subject: Subject, stage: Stage, path: tuple[Step, ...]) -> Iterator[Finding]:
    asking = {
        each.stage
        for each in subject.document.stages
        if each.stage != stage.stage and set(each.needs) & set(stage.independent_of)
    }
    ways = reachable(subject.pathway, without=asking)
    if stage.stage in ways:
        questions = " or ".join(stage.independent_of)
        yield subject.finding(
            "RB131",
            path,
            f'a case can come to "{stage.stage}" with nobody having been asked {questions}',
            evidence=said(ways[stage.stage]),
            at_key=True,
        )
