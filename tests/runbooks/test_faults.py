"""A table of seeded faults, each found at its place, with its rule and the shortest way to it."""

from datetime import date

import pytest

from runbooks import compile_runbook, library, lint, load_runbook
from runbooks.exploring import explore
from tests.runbooks.faults import BASES, TODAY, Fault, everybody, faults

FAULTS = faults()


@pytest.mark.parametrize("name", sorted(BASES))
def test_what_the_table_breaks_was_in_order(name: str) -> None:
    """No base has an error, also where everybody is counted."""
    runbook = load_runbook(BASES[name].encode(), file="base.yaml")

    found = lint(runbook, today=TODAY, library={}, directory=everybody())

    assert {each.rule for each in found} <= {"RB071"}


def test_the_table_has_at_least_sixty_faults() -> None:
    """Every fault has its own name, and there are more than sixty."""
    names = [fault.name for fault in FAULTS]

    assert len(names) >= 60
    assert len(names) == len(set(names))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found_with_the_shortest_way_to_it(fault: Fault) -> None:
    """Rule, line, column, way and mend are told."""
    found = fault.finding()

    assert found.evidence == fault.way
    assert fault.says in found.what
    assert found.mend


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_nothing_is_told_twice(fault: Fault) -> None:
    """No two findings say the same of the same place."""
    found = [(each.rule, each.line, each.column, each.what) for each in fault.findings()]

    assert len(found) == len(set(found))


@pytest.mark.parametrize("name", sorted(library()))
def test_a_shipped_runbook_is_explored_to_its_end(name: str) -> None:
    """The situations of what ships are few, and in none of them is a case stuck."""
    pathway = compile_runbook(load_runbook(library()[name], file="a.yaml"))

    exploration = explore(pathway)

    assert exploration.whole
    assert len(exploration.came) < 2_000


def test_what_is_not_explored_is_said() -> None:
    """A bound that is reached is told, and nothing is called impossible that was not looked at."""
    runbook = load_runbook(BASES["removal"].encode(), file="a.yaml")
    told: list[int] = []

    found = lint(runbook, today=date(2026, 11, 22), library={}, most=3, progress=told.append)

    assert [each.rule for each in found] == ["RB037"]
    assert found[0].what == "only the first 3 situations were looked at"


def test_votes_that_are_too_many_are_said() -> None:
    """A gate that asks dozens of people is not called sound without having been played."""
    roles = "legal: 9, policy: 9, privacy: 9, quality: 9, safety-expert: 9"
    text = (
        BASES["base"]
        .replace("approve: {legal: 1, safety-expert: 1}", f"approve: {{{roles}}}")
        .replace("    split: {to: executive, within: 60m}\n", "")
    )

    found = lint(load_runbook(text.encode(), file="a.yaml"), today=TODAY, library={})

    assert [each.rule for each in found] == ["RB037"]


def test_a_long_exploration_is_told_of() -> None:
    """Whoever waits is told how far it has come."""
    effects = [f"act-{number}" for number in range(11)]
    ways = ", ".join(f"{name}: {{do: [{name}], then: choose}}" for name in effects)
    stage = "owner: triage, within: 1h, late: [{at: 50%, page: legal}]"
    text = BASES["base"].partition("stages:\n")[0] + (
        f"stages:\n  - {{stage: choose, {stage}, next: {{{ways}, end: closure}}}}\n"
        f"  - {{stage: closure, {stage}, dispositions: {{closed: [memo]}}}}\neffects:\n"
    )
    text += "".join(f'  {name}: {{title: "{name}", compensate: "Undo."}}\n' for name in effects)
    told: list[int] = []

    explored = explore(
        compile_runbook(load_runbook(text.encode(), file="a.yaml")), progress=told.append
    )

    assert explored.whole
    assert len(explored.came) == 2 * 2**11
    assert told == [1000, 2000, 3000, 4000]
