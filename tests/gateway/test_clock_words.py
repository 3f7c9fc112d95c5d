"""What people and programs are told of a clock that runs by a row of the law."""

from types import SimpleNamespace
from typing import cast

from cases.journal import Kind
from gateway.case_api import clock_readings
from gateway.casework import OpenCase
from gateway.pages.case import law_of
from gateway.phrases import details, title
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
    assert read["act-on-order#1"]["legal_latest"] is None


def test_a_computed_deadline_is_told_in_words() -> None:
    """The timeline says by which row, counted how, and both instants in the reader's own time."""
    house = House.of("terrorist-content-removal-order")
    entry = next(
        entry for entry in house.state.journal.pending if entry.kind is Kind.CLOCK_DEADLINE
    )

    said = details(entry.body, instant=lambda text: f"<{text}>")

    assert title(entry.kind) == "A deadline was computed from a row of the law"
    assert "row EU-TCO3-1h@1 · 1h eu-1182-71" in said
    assert "conservative due <2026-01-05T10:00:00+00:00>" in said
    assert "legal latest <2026-01-05T11:00:00+00:00>" in said
    assert "pin" not in said
