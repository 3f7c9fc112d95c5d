"""The clocks the generator expects, worked out without the engine, are the engine's."""

import csv
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench.acceptance.clocks import Compared, clocks_carried, compare, shipped
from runbooks import Runbook, library, load_runbook
from runbooks.statutes.table import calendars, find
from workers.simulation.chance import Chance
from workers.simulation.counting import ZONES, bounds_of
from workers.simulation.expected import Life, Said, clocks_expected
from workers.simulation.generator import Generator
from workers.simulation.lives import FIRST, even, life_of
from workers.simulation.model import load_model

HERE = Path(__file__).parent
DATED = HERE.parents[1] / "runbooks"
BREACH = "personal-data-breach"
NUMBER, SEED = 210, 11
IN_FORCE = FIRST.replace(year=2026, month=6)
"""A day on which the removal of intimate images is law."""


@pytest.fixture(scope="module")
def compared() -> Compared:
    """A sample of what `make accept-2` compares."""
    return compare(NUMBER, seed=SEED)


def test_both_sides_expect_the_same_clocks(compared: Compared) -> None:
    """Every case carries the same clocks on both sides, each due at the same instant."""
    assert compared.cases == NUMBER
    assert [one.said for one in compared.disagreements] == []


def test_the_sample_is_no_small_one(compared: Compared) -> None:
    """Most clocks of the library are carried by some case, and most cases carry one."""
    known = sum(len(book.document.clocks) for book in shipped().values())

    assert len(compared.kinds) > 0.7 * known
    assert compared.clocks > NUMBER


def edited(name: str, old: str, new: str) -> Runbook:
    """The runbook with one place changed."""
    text = library()[name].decode()
    assert text.count(old) == 1
    return load_runbook(text.replace(old, new).encode(), file=f"{name}.yaml")


@pytest.mark.parametrize(
    "old,new",
    [
        ("EU-NIS2-24h@1, starts-at: aware-at", "EU-NIS2-24h@1, starts-at: fixed-at"),
        ("EU-GDPR33: {use: EU-GDPR33@1,", "EU-GDPR33: {use: EU-NIS2-24h@1,"),
        ('{if: {eu-people: ["yes", unknown]},', '{if: {eu-people: ["yes"]},'),
        ("{if: {californians: {above: 500}},", "{if: {californians: {above: 499}},"),
    ],
    ids=["another event", "another row", "another meaning", "another bound"],
)
def test_a_difference_is_found(old: str, new: str) -> None:
    """One word of the text changed on one side only is a disagreement in some case."""
    engine, document = edited(BREACH, old, new), shipped()[BREACH].document
    generator = Generator(even(load_model()), {BREACH: shipped()[BREACH]}, seed=SEED)
    lives = [
        life_of(document, case, chance=Chance("differs", case.key))
        for case in generator.cases(150, days=7)
    ]

    differ = [clocks_carried(engine, life) != clocks_expected(document, life) for life in lives]
    assert any(differ)
    assert not all(differ)


def test_a_clock_of_grave_cases_waits_for_the_law() -> None:
    """Severity and law together: carried when both ask for it, over questions asked in turn."""
    text = (HERE / "severe-and-lawful.yaml").read_bytes()
    book = load_runbook(text, file="severe-and-lawful.yaml")

    found = compare(150, seed=SEED, runbooks={book.name: book})

    assert [one.said for one in found.disagreements] == []
    assert len(found.kinds) == len(book.document.clocks)


@pytest.mark.parametrize("file", ["by_hand.csv", "dated.csv"])
def test_the_other_way_of_counting_agrees_with_the_dated_examples(file: str) -> None:
    """Both instants, to the minute, of every example worked out by hand or elsewhere."""
    with (DATED / file).open(encoding="utf-8", newline="") as lines:
        examples = list(csv.DictReader(lines))

    assert len(examples) >= 30
    for example in examples:
        statute = find(example["row"])
        assert statute is not None
        assert bounds_of(statute, datetime.fromisoformat(example["begun"])) == (
            datetime.fromisoformat(example["conservative_due"]),
            datetime.fromisoformat(example["legal_latest"]),
        ), example


def test_every_calendar_has_its_zone() -> None:
    """A calendar that is added has to be told where its clocks are."""
    assert ZONES.keys() == calendars().keys()


def test_a_later_instant_gives_no_time_back() -> None:
    """What was said first counts on, unless it was earlier still."""
    document = shipped()["non-consensual-intimate-imagery"].document
    hour = timedelta(hours=1)

    def life(*valid: datetime) -> Life:
        said = [
            Said(IN_FORCE + n * hour, {"valid-since": at.isoformat()}) for n, at in enumerate(valid)
        ]
        return Life(document.runbook, IN_FORCE, IN_FORCE, (Said(IN_FORCE, {}), *said))

    later = clocks_expected(document, life(IN_FORCE - hour, IN_FORCE))
    earlier = clocks_expected(document, life(IN_FORCE, IN_FORCE - hour))

    assert later == earlier
    assert later["US-TIDA"].due == IN_FORCE + 47 * hour
    assert replace(later["US-TIDA"], begun=IN_FORCE) != later["US-TIDA"]
