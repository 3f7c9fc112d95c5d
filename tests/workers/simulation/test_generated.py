"""What is drawn is what the model says: marginals, truth, and nothing harmful."""

import re
from collections import Counter
from math import log
from statistics import NormalDist

import pytest

from cases.drafts.draft import reports_of
from runbooks import assess, compile_runbook, library
from runbooks.forms import FORMS
from runbooks.forms.sources import origin
from runbooks.plan import Severity
from tests.workers.simulation.orders import DEFAULT, ORDERS, books, model_with
from tests.workers.simulation.statistics import (
    chi_square,
    chi_square_limit,
    kolmogorov_smirnov,
    kolmogorov_smirnov_limit,
)
from workers.simulation import oracle, words
from workers.simulation.arrivals import DAY, HOUR, Arrival, arrivals, rate
from workers.simulation.chance import P95, Chance
from workers.simulation.generator import Generator, nearest
from workers.simulation.model import Spread, load_model
from workers.simulation.synthetic import Synthetic

SEED = 20
NUMBER = 2000
MODEL = load_model()


@pytest.fixture(scope="module")
def drawn() -> list[Synthetic]:
    """Two thousand cases of the whole library within a week."""
    return Generator(MODEL, books(), seed=SEED).cases(NUMBER, days=7)


def test_same_seed_draws_the_same_cases(drawn: list[Synthetic]) -> None:
    """Every case is the same case again, and another seed draws others."""
    again = Generator(MODEL, books(), seed=SEED).cases(NUMBER, days=7)
    others = Generator(MODEL, books(), seed=SEED + 1).cases(NUMBER, days=7)

    assert drawn == again
    assert drawn != others


def test_every_runbook_has_its_share(drawn: list[Synthetic]) -> None:
    """Shares are kept exactly, and a rare runbook still has a case."""
    counted = Counter(case.runbook for case in drawn)
    shares = {name: MODEL.profile(name).share for name in books()}

    for name, share in shares.items():
        assert abs(counted[name] - NUMBER * share / sum(shares.values())) < len(shares) + 1
    assert all(Generator(MODEL, books(), seed=SEED).shares(len(shares)).values())


def test_severities_come_as_configured(drawn: list[Synthetic]) -> None:
    """True severities follow the runbook's profile, on the severities its table can give."""
    counted = Counter(c.truth.severity.value for c in drawn if c.runbook == DEFAULT)
    there = list(oracle.attainable(books(DEFAULT)[DEFAULT].document, chance=Chance("any")))
    weights = nearest(MODEL.profile(DEFAULT).severity, there)

    found = chi_square(counted, {severity.value: weight for severity, weight in weights.items()})
    assert found < chi_square_limit(len(weights) - 1)


def test_regions_come_as_configured() -> None:
    """Without bursts the regions' rates over the week decide where reports come from."""
    profile = MODEL.profile(DEFAULT).model_copy(update={"branching": 0.0})
    found = arrivals(MODEL, profile, number=NUMBER, days=7, chance=Chance("regions"))
    counted = Counter(arrival.region for arrival in found)

    weights = {name: region.share for name, region in MODEL.regions.items()}
    assert chi_square(counted, weights) < chi_square_limit(len(weights) - 1)


def test_arrivals_follow_the_hours_of_the_week() -> None:
    """One region's arrivals have the distribution that its hours and weekdays weigh."""
    profile = MODEL.profile(DEFAULT).model_copy(update={"branching": 0.0})
    found = arrivals(MODEL, profile, number=NUMBER, days=7, chance=Chance("hours"))
    minutes = [float(arrival.minute) for arrival in found if arrival.region == "emea"]
    running = [0.0]
    for hour in range(7 * 24):
        running.append(running[-1] + rate(MODEL, profile, "emea", hour * HOUR))

    def cumulative(minute: float) -> float:
        hour, rest = divmod(minute, HOUR)
        begun = running[int(hour)]
        return (begun + (running[int(hour) + 1] - begun) * rest / HOUR) / running[-1]

    flat = kolmogorov_smirnov(minutes, lambda minute: minute / (7 * DAY))
    limit = kolmogorov_smirnov_limit(len(minutes))
    assert kolmogorov_smirnov(minutes, cumulative) < limit
    assert flat > kolmogorov_smirnov(minutes, cumulative)


def test_a_runbook_can_keep_its_own_hours() -> None:
    """What comes by office hours comes on weekdays from nine to five; what comes at night, then."""
    local = [
        (arrival.minute + MODEL.regions[arrival.region].utc * HOUR) % (7 * DAY)
        for arrival in _arrivals_with(office=True)
    ]
    office = [m for m in local if m // DAY < 5 and 9 <= m % DAY // HOUR < 17]
    nights = sum(
        MODEL.is_night((a.minute + MODEL.regions[a.region].utc * HOUR) % DAY // HOUR)
        for a in _arrivals_with(night=3.0)
    )
    usual = sum(
        MODEL.is_night((a.minute + MODEL.regions[a.region].utc * HOUR) % DAY // HOUR)
        for a in _arrivals_with()
    )

    assert len(office) > 0.85 * len(local)
    assert nights > 1.5 * usual


def _arrivals_with(**changed: object) -> list[Arrival]:
    profile = MODEL.profile(DEFAULT).model_copy(update={"branching": 0.0, **changed})
    return arrivals(MODEL, profile, number=NUMBER, days=7, chance=Chance("own hours"))


def test_a_report_draws_others_as_often_as_configured() -> None:
    """Of a process that feeds on itself, the share of echoes is its branching."""
    profile = MODEL.profile(DEFAULT).model_copy(update={"branching": 0.5, "echo": 5.0})
    found = arrivals(MODEL, profile, number=NUMBER, days=7, chance=Chance("bursts"))
    echoes = sum(arrival.cause == "burst" for arrival in found) / NUMBER

    assert abs(echoes - 0.5) < 0.05


@pytest.mark.parametrize("median,p95", [(3, 12), (240, 1440)])
def test_times_are_lognormal_as_configured(median: float, p95: float) -> None:
    """Median and 95th percentile are the configured ones, and so is everything between."""
    spread = Spread(median=median, p95=p95)
    times = [Chance("time", turn).minutes(spread) for turn in range(NUMBER)]
    normal = NormalDist(log(median), log(p95 / median) / P95)

    distance = kolmogorov_smirnov(times, lambda time: normal.cdf(log(time)))
    assert distance < kolmogorov_smirnov_limit(NUMBER)


def test_a_wrong_distribution_is_noticed() -> None:
    """The tests used here can fail: other medians and other weights are found out."""
    times = [Chance("time", turn).minutes(Spread(median=10, p95=40)) for turn in range(NUMBER)]
    normal = NormalDist(log(12), log(4) / P95)

    assert kolmogorov_smirnov(times, lambda time: normal.cdf(log(time))) > (
        kolmogorov_smirnov_limit(NUMBER)
    )
    assert chi_square({"a": 1200, "b": 800}, {"a": 1, "b": 1}) > chi_square_limit(1)


@pytest.mark.parametrize("trait", ["duplicate", "severity-up", "severity-down", "late-evidence"])
def test_what_happens_on_the_way_is_as_frequent_as_configured(
    drawn: list[Synthetic], trait: str
) -> None:
    """Each trait has its share of the cases."""
    share = MODEL.dynamics.model_dump(by_alias=True)[trait]
    with_it = sum(trait in case.traits for case in drawn)

    counted = {"with": with_it, "without": NUMBER - with_it}
    assert chi_square(counted, {"with": share, "without": 1 - share}) < chi_square_limit(1)


@pytest.mark.parametrize("name", list(library()))
def test_the_truth_is_worked_out_twice(name: str) -> None:
    """The oracle's own reading of the severity table agrees with the engine's on every answer."""
    book = books(name)[name]

    for severity, answers in oracle.attainable(book.document, chance=Chance("any")).items():
        for each in answers:
            assert assess(book, each).severity is severity


def test_what_is_settled_by_an_answer_is_true_to_it(drawn: list[Synthetic]) -> None:
    """A gagged order is never truly told, one without a gag never truly kept back."""
    for case in drawn:
        steps = [s.outcome for s in case.truth.way.steps if s.stage == "provider-notice"]
        if steps and case.truth.answers["gagged"] in ("yes", "no"):
            assert steps[0] == ("gagged" if case.truth.answers["gagged"] == "yes" else "notify")


def test_no_case_opens_too_late_unless_it_says_so() -> None:
    """A clock has run out before the door only in a case that is labelled as born late."""
    model = model_with(born_late=0.3)
    cases = Generator(model, books(ORDERS), seed=SEED).cases(300, days=7)

    late = {
        case.index
        for case in cases
        if any(due is not None and due < 0 for due in case.truth.clocks.values())
    }
    assert late == {case.index for case in cases if case.born_late}
    assert 0.2 < len(late) / len(cases) < 0.4


def test_a_storm_comes_on_top_and_at_once() -> None:
    """So many orders more, within the configured minutes, on the configured runbook."""
    calm = Generator(MODEL, books(), seed=SEED).cases(200, days=7)
    stormy = Generator(MODEL, books(), seed=SEED).cases(
        200, days=7, faults=frozenset({"order-storm"})
    )
    storm = [case for case in stormy if case.arrival.cause == "order-storm"]

    (rule,) = MODEL.scenarios["order-storm"]
    minutes = [case.arrival.minute for case in storm]
    assert len(stormy) == len(calm) + len(storm) == len(calm) + round(200 * rule.share)
    assert {case.runbook for case in storm} == {ORDERS}
    assert max(minutes) - min(minutes) <= rule.within


@pytest.mark.parametrize("scenario", [name for name, waves in MODEL.scenarios.items() if waves])
def test_a_scenario_brings_its_waves_and_leaves_the_rest(scenario: str) -> None:
    """So many more on each runbook as it says, later than its cause, and true to it."""
    scenarios = frozenset({scenario})
    calm = Generator(MODEL, books(), seed=SEED).cases(300, days=7)
    cases = Generator(MODEL, books(), seed=SEED).cases(300, days=7, faults=scenarios)
    brought = [case for case in cases if case.arrival.cause == scenario]

    waves = MODEL.scenarios[scenario]
    assert len(cases) - len(calm) == len(brought) == sum(round(300 * w.share) for w in waves)
    for case in brought:
        (wave,) = (each for each in waves if each.runbook == case.runbook)
        assert case.wave == wave
        assert case.arrival.minute >= wave.at * 7 * DAY - 1
        assert {n: case.truth.answers[n] for n in wave.answers} == wave.answers
    assert [c.arrival.minute for c in cases] == sorted(c.arrival.minute for c in cases)
    assert sorted(case.index for case in cases) == list(range(1, len(cases) + 1))


def test_a_campaign_of_fake_requests_is_fake() -> None:
    """What it brings is found out where it is verified; ordinary requests mostly are genuine."""
    faults = frozenset({"fake-requests"})
    cases = Generator(MODEL, books(), seed=SEED).cases(2000, days=7, faults=faults)
    verified: dict[bool, list[str]] = {True: [], False: []}
    for case in cases:
        for step in case.truth.way.steps:
            if step.stage in ("verification", "urgent-verification"):
                verified[case.wave is not None].append(step.outcome)

    assert len(verified[True]) > 30
    assert verified[True].count("fake") > 0.9 * len(verified[True])
    assert verified[False].count("fake") < 0.6 * len(verified[False])


def test_more_comes_in_a_peak() -> None:
    """Ten times as often while a crisis lasts, and as ever where there is none."""
    (peak,) = MODEL.profile("policy-precedent").peaks
    profile = MODEL.profile("policy-precedent").model_copy(update={"branching": 0.0})

    def inside(*scenarios: str) -> float:
        found = arrivals(
            MODEL,
            profile,
            number=NUMBER,
            days=7,
            chance=Chance("peak"),
            scenarios=frozenset(scenarios),
        )
        since = [arrival.minute - peak.at * 7 * DAY for arrival in found]
        return sum(0 <= each < peak.hours * HOUR for each in since) / NUMBER

    usual, crisis = inside(), inside("crisis")
    assert abs(usual - peak.hours / (7 * 24)) < 0.1
    odds = usual / (1 - usual)
    assert 8 < crisis / (1 - crisis) / odds < 12.5


def test_cases_bring_others_of_another_kind(drawn: list[Synthetic]) -> None:
    """A severe case draws the press so often as it says; the number of the runbook stays."""
    rule = MODEL.profile("visible-escalation").drawn_by
    assert rule is not None
    counts = Generator(MODEL, books(), seed=SEED).shares(NUMBER)
    parents = [c for c in drawn if c.truth.severity is rule.severity]
    visible = [c for c in drawn if c.runbook == "visible-escalation"]
    brought = [c for c in visible if c.arrival.cause == "drawn"]

    assert len(visible) == counts["visible-escalation"]
    assert 0 < len(brought) <= len(parents) * rule.share * 3
    assert all(
        any(p.arrival.region == c.arrival.region and p.arrival.minute < c.arrival.minute
            for p in parents)
        for c in brought
    )  # fmt: skip


def test_profiles_move_to_what_a_table_can_give() -> None:
    """What a table cannot give counts for the nearest severity it can, the milder of two."""
    weights = dict.fromkeys(Severity, 1.0)

    assert nearest(weights, [Severity.SEV1, Severity.SEV3]) == {
        Severity.SEV1: 2.0,
        Severity.SEV3: 3.0,
    }


def test_words_are_codes_and_neutral_sentences() -> None:
    """Generated prose has no more than a few known words, so nothing harmful can be in it."""
    said = " ".join((*words.REASONS.values(), words.RECORD, words.LESSONS))

    assert len(said) < 1200
    assert not re.search(r"\b(kill|bomb|blood|nude|drug|weapon|threat)\w*", said, re.IGNORECASE)


@pytest.mark.parametrize("name", list(library()))
def test_what_is_written_fills_the_forms_of_the_runbook(name: str) -> None:
    """Whatever a memo fills in a report, the form takes; else no case would get past its gate."""
    pathway = compile_runbook(books(name)[name])
    for plan in reports_of(pathway):
        fields = FORMS[plan.by.partition(":")[2]].by_name
        for field, source in plan.fill.items():
            came = origin(source.of)
            if came.area != "memo":
                continue
            said = words.memo_field(came.field, came.name, pathway, case="c-1")
            text = source.words.get(said, said)
            assert fields[field].read(text) if text else not fields[field].required
