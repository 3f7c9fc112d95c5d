"""Everything that is wrong with a runbook that can be read, found before a case can use it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from runbooks.compile import compile_runbook
from runbooks.rules import clocks, closing, gates, guarding, names, silence, ways
from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.runbook import Runbook

_RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    names.names,
    names.cells,
    ways.reach,
    ways.outcomes,
    gates.quorums,
    gates.disagreement,
    gates.independence,
    gates.stand_ins,
    gates.enough_people,
    silence.disclosure,
    silence.unattended,
    silence.ways_back,
    clocks.provenance,
    clocks.suspensions,
    clocks.endings,
    clocks.lateness,
    guarding.backups,
    guarding.call_backs,
    closing.dispositions,
    closing.leaks,
    closing.prose,
)


def lint(
    runbook: Runbook,
    *,
    today: date,
    library: Mapping[str, Runbook],
    directory: Mapping[str, int] | None = None,
) -> list[Finding]:
    """Every finding, in the order of the text; empty when there is nothing to say.

    `library` is what `move-to` can name; `directory` says how many people hold each role, and
    without it neither empty roles nor gates that nobody is left to pass can be found.
    """
    subject = Subject(
        runbook=runbook,
        pathway=compile_runbook(runbook),
        today=today,
        library=library,
        directory=directory,
    )
    found = {finding: None for rule in _RULES for finding in rule(subject)}
    return sorted(found, key=lambda each: (each.line, each.column, each.rule))


def errors(findings: list[Finding]) -> list[Finding]:
    """The findings that stop a release."""
    return [finding for finding in findings if finding.severity is Weight.ERROR]
