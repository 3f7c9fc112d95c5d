"""Everything that is wrong with a runbook that can be read, found before a case can use it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from runbooks.compile import compile_runbook
from runbooks.exploring import MOST, Progress
from runbooks.rules import (
    adding_up,
    asking,
    clocks,
    closing,
    conditions,
    drift,
    escalations,
    gates,
    guarding,
    independence,
    interim,
    many,
    names,
    orders,
    people,
    reports,
    scoring,
    severities,
    silence,
    starting,
    tables,
    translations,
    triggers,
    voices,
    ways,
    windows,
)
from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.runbook import Runbook

_RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    names.names,
    names.cells,
    asking.conditions_that_hold,
    tables.severity_table,
    scoring.points,
    ways.reach,
    ways.outcomes,
    gates.quorums,
    voices.voices,
    gates.disagreement,
    gates.independence,
    gates.stand_ins,
    people.enough_people,
    silence.disclosure,
    silence.unattended,
    silence.ways_back,
    reports.approval,
    reports.sources,
    clocks.provenance,
    starting.instants,
    starting.answers,
    orders.questions,
    orders.endings,
    orders.silences,
    clocks.suspensions,
    clocks.endings,
    clocks.lateness,
    adding_up.targets,
    adding_up.endings,
    adding_up.awareness,
    triggers.missing,
    drift.circles,
    drift.steps_that_never_come,
    drift.help_in_time,
    drift.whole,
    escalations.policies,
    escalations.in_time,
    escalations.audiences,
    guarding.backups,
    guarding.call_backs,
    severities.graver_is_faster,
    severities.passed_over,
    severities.given,
    windows.windows,
    windows.severities,
    independence.originals,
    independence.others_left,
    interim.issued,
    conditions.words,
    conditions.ways_out,
    many.approvals,
    many.counted,
    many.set_instants,
    many.alone,
    closing.dispositions,
    closing.stuck,
    closing.leaks,
    closing.insides,
    closing.prose,
    translations.read,
    translations.same_fields,
)


def lint(
    runbook: Runbook,
    *,
    today: date,
    library: Mapping[str, Runbook],
    directory: Mapping[str, int] | None = None,
    most: int = MOST,
    progress: Progress | None = None,
) -> list[Finding]:
    """Every finding once, in the order of the text; empty when there is nothing to say.

    `library` is what `move-to` can name; `directory` says how many people hold each role, and
    without it neither empty roles nor gates that nobody is left to pass can be found. `most` bounds
    how many situations of a case are looked at, and `progress` is told how many were.
    """
    subject = Subject(
        runbook=runbook,
        pathway=compile_runbook(runbook),
        today=today,
        library=library,
        directory=directory,
        most=most,
        progress=progress,
    )
    found: dict[tuple[str, int, int, str], Finding] = {}
    for rule in _RULES:
        for finding in rule(subject):
            key = (f"{finding.file} {finding.rule}", finding.line, finding.column, finding.what)
            told = found.get(key)
            # Of two ways to the same fault the shorter one is told.
            if told is None or len(finding.evidence) < len(told.evidence):
                found[key] = finding
    # What stands in a fragment comes after what stands in the runbook itself.
    return sorted(found.values(), key=lambda each: (each.used, each.line, each.column, each.rule))


def errors(findings: list[Finding]) -> list[Finding]:
    """The findings that stop a release."""
    return [finding for finding in findings if finding.severity is Weight.ERROR]
