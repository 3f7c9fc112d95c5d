"""Samples: a share of the cases, drawn by nobody, known to nobody before they close."""

from datetime import timedelta

import pytest

from cases.recording import Record
from cases.sampling import drawn
from cases.suppression import owed_after
from runbooks import RunbookProblems, library
from runbooks.plan import FollowUp, Severity
from tests.cases.house import House
from tests.runbooks.texts import load

CHILD = "child-safety-report"
NUMBER = 3000


def cases(plan: FollowUp) -> list[bool]:
    """Whether each of so many cases, each with a secret of its own, is in the sample."""
    house = House.of(CHILD)
    found = []
    for number in range(NUMBER):
        house.file.record = Record(house.state, salt=number.to_bytes(32, "big"))
        found.append(drawn(house.file, plan))
    return found


def plan(sample: str, name: str = "quality") -> FollowUp:
    """Something owed in that share of the cases."""
    return FollowUp(name=name, owner="quality", after=timedelta(days=1), sample=sample)


@pytest.mark.parametrize("sample,share", [("10%", 0.1), ("0.5%", 0.005), ("60%", 0.6)])
def test_a_sample_has_its_share(sample: str, share: float) -> None:
    """Of many cases about that share is drawn, within four standard deviations."""
    number = sum(cases(plan(sample)))

    assert abs(number - NUMBER * share) < 4 * (NUMBER * share * (1 - share)) ** 0.5


def test_all_of_them_are_all_of_them() -> None:
    """A hundred of a hundred, and what is no sample, leave no case out."""
    assert all(cases(plan("100%")))
    assert all(cases(plan("")))


def test_two_samples_draw_apart() -> None:
    """Who is in one sample is not in the other for that; the same one is drawn again the same."""
    one, other = cases(plan("50%")), cases(plan("50%", "scope"))

    assert one == cases(plan("50%"))
    assert 0.4 < sum(a == b for a, b in zip(one, other, strict=True)) / NUMBER < 0.6


def test_what_is_not_drawn_is_not_owed() -> None:
    """A mild case owes the review only where it is drawn; a grave one always."""
    house = House.of(CHILD)
    owed: dict[Severity, set[bool]] = {Severity.SEV2: set(), Severity.SEV0: set()}
    for severity, found in owed.items():
        house.state.severity = house.state.severity.model_copy(update={"current": severity})
        for number in range(100):
            house.file.record = Record(house.state, salt=number.to_bytes(32, "big"))
            names = {due.name for due, _ in owed_after(house.file, "reported", at=house.now)}
            found.add(bool(names & {"quality-review", "quality-sample"}))

    assert owed == {Severity.SEV2: {True, False}, Severity.SEV0: {True}}


@pytest.mark.parametrize(
    "line",
    [
        "{follow-ups: lessons, sample: 0%}",
        "{follow-ups: lessons, sample: 101%}",
        "{follow-ups: lessons, sample: one in ten}",
        "{hold: 30d, sample: 10%}",
    ],
)
def test_a_sample_is_a_share_of_what_can_be_left_out(line: str) -> None:
    """No share of nothing or more than all; and no data is kept by chance."""
    base = library()["user-safety-escalation"].decode()
    last = "after-closing: [{recheck: [7d]}, {follow-ups: lessons}]"
    assert base.count(last) == 1

    good = load(base.replace(last, "after-closing: [{follow-ups: lessons, sample: 10%}]"))

    assert good.document.after_closing[0].sample == "10%"
    with pytest.raises(RunbookProblems):
        load(base.replace(last, f"after-closing: [{line}]"))
