"""What depends on severity: graver cases are never slower, and what is for some of them comes."""

from collections.abc import Iterator
from itertools import pairwise

from runbooks.grammar.times import time_at
from runbooks.plan import SKIPPED, Severity
from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.tree import Step


def graver_is_faster(subject: Subject) -> Iterator[Finding]:
    """Stages that give a graver case more time than a milder one."""
    for index, stage in enumerate(subject.document.stages):
        for graver, milder in pairwise(Severity):
            if time_at(stage.within, graver) > time_at(stage.within, milder):
                named = graver if graver in stage.within else "otherwise"
                yield subject.finding(
                    "RB111",
                    ("stages", index, "within", named),
                    f'"{stage.stage}" may take longer at {graver} than at {milder}',
                    evidence=subject.way_to(stage.stage),
                )
                break


def passed_over(subject: Subject) -> Iterator[Finding]:
    """Stages for some severities that do not say where the other cases go on."""
    for index, stage in enumerate(subject.document.stages):
        if stage.only_at is not None and SKIPPED not in (stage.next or {}):
            yield subject.finding(
                "RB112",
                ("stages", index, "only-at"),
                f'a case of another severity is lost at "{stage.stage}"',
                mend="Add `skipped: <stage>` under `next`.",
                evidence=subject.way_to(stage.stage),
                at_key=True,
            )


def given(subject: Subject) -> Iterator[Finding]:
    """Things for severities of which the table gives none."""
    known = {row.severity for row in subject.document.severity}
    for path, severities in _kept(subject):
        if not known & set(severities):
            yield subject.finding(
                "RB113",
                path,
                f"the severity table never gives {' or '.join(severities)}",
                weight=Weight.WARNING,
                at_key=True,
            )


def _kept(subject: Subject) -> Iterator[tuple[tuple[Step, ...], tuple[Severity, ...]]]:
    """Every place that keeps something for some severities."""
    document = subject.document
    for index, stage in enumerate(document.stages):
        if stage.only_at:
            yield ("stages", index, "only-at"), stage.only_at
    for name, clock in document.clocks.items():
        if clock.only_at:
            yield ("clocks", name, "only-at"), clock.only_at
    for index, item in enumerate(document.after_closing):
        if item.only_at:
            yield ("after-closing", index, "only-at"), item.only_at
