"""What people and programs are told of a clock that runs by a row of the law."""

from types import SimpleNamespace
from typing import cast

from audit.explain import explain_state, lines
from cases.acts import ChangeSeverity
from cases.journal import Kind
from gateway.case_api import clock_readings
from gateway.casework import OpenCase
from gateway.pages.case import law_of
from gateway.phrases import details, title
from runbooks.plan import Severity
from tests.cases.house import BEGIN, House


def test_a_row_is_said_with_its_article() -> None:
    """The page names the law, not only the row; a version that has gone, by its reference."""
    assert law_of("EU-TCO6@1") == "Regulation (EU) 2021/784, Art. 6 (EU-TCO6@1)"
    assert law_of("EU-TCO6@99") == "EU-TCO6@99"
    assert law_of("An act, Article 2") == "An act, Article 2"


def test_the_api_gives_both_instants() -> None:
    """What to work to, and the last lawful instant; a clock of ours has only its target."""
    house = House.of("terrorist-content-removal-order")
    case = cast("OpenCase", SimpleNamespace(state=house.state, now=BEGIN))

    read = {clock["id"]: clock for clock in clock_readings(case)}

    assert read["EU-TCO3-1h"]["due_at"] == "2026-01-05T10:00:00+00:00"
    assert read["EU-TCO3-1h"]["legal_latest"] == "2026-01-05T11:00:00+00:00"
    assert read["authentication#1"]["legal_latest"] is None


def test_a_computed_deadline_is_told_in_words() -> None:
    """The timeline says by which row, counted how, and both instants in the reader's own time."""
    house = House.of("terrorist-content-removal-order")
    entry = next(
        entry for entry in house.state.journal.pending if entry.kind is Kind.CLOCK_DEADLINE
    )

    said = details(entry.body, instant=lambda text: f"<{text}>")

    assert title(entry.kind) == "A deadline was computed by its rule"
    assert "row EU-TCO3-1h@1 · 1h eu-1182-71" in said
    assert "conservative due <2026-01-05T10:00:00+00:00>" in said
    assert "legal latest <2026-01-05T11:00:00+00:00>" in said
    assert "pin" not in said


def test_a_plan_that_changed_is_told_with_what_it_was() -> None:
    """The timeline says which severity it was and is, both instants, and what lies ahead."""
    house = House.of("self-harm-risk")
    body = ChangeSeverity(severity=Severity.SEV0, reason="seen before")
    house.act(body, person="mira", role="incident-manager")
    entry = next(e for e in house.state.journal.pending if e.kind is Kind.REPLANNED)

    said = details(entry.body, instant=lambda at: at[11:16])

    assert title(entry.kind) == "The rest was planned anew for another severity"
    assert "SEV0 · was SEV3 · target 15 minutes · ahead " in said
    assert "Answer the person: 30 minutes instead of 24 hours" in said
    assert "due 09:15 · due was 13:00" in said
    explained = "\n".join(lines(explain_state(house.state, house.file.pathway, at=house.now)))
    assert "assessment planned anew: SEV3, now SEV0 (due " in explained
    assert "Answer the person: 30 minutes instead of 24 hours" in explained
