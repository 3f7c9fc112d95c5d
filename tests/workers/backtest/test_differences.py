"""Two runs are compared by what matters, and what is alike differs in nothing."""

import pytest

from workers.backtest.differences import differences, spoken
from workers.backtest.outcome import Aspect, Outcome

BEFORE = Outcome(
    disposition="actioned",
    severity="SEV3",
    way=("triage: escalate", "legal-review: approved", "closure: actioned"),
    approvers=("legal-review: approve by lena (legal)",),
    effects=("apply-action: done",),
    notices=("ask legal: delivered", "work triage: delivered"),
    breaches=("legal-review#1",),
    statutory=("EU-TCO3-1h",),
    refusals=("role",),
    minutes=90,
)
CHANGED: dict[Aspect, dict[str, object]] = {
    Aspect.DISPOSITION: {"disposition": "not-approved"},
    Aspect.SEVERITY: {"severity": "SEV1"},
    Aspect.STATUTORY: {"statutory": ()},
    Aspect.EFFECTS: {"effects": ("apply-action: failed",)},
    Aspect.APPROVERS: {"approvers": ("legal-review: approve by luca (legal)",)},
    Aspect.WAY: {"way": ("triage: no-violation", "closure: no-violation")},
    Aspect.BREACHES: {"breaches": ("legal-review#1", "triage#1")},
    Aspect.NOTICES: {"notices": ("ask legal: delivered", "page legal: delivered")},
    Aspect.REFUSALS: {"refusals": ()},
    Aspect.DURATION: {"minutes": 95},
}


def test_what_is_alike_differs_in_nothing() -> None:
    """The same outcomes have no differences, whatever they are."""
    found = differences({"1": BEFORE, "2": BEFORE}, {"1": BEFORE, "2": BEFORE})

    assert found.none
    assert found.unchanged == found.cases == 2
    assert found.shifts == ()


@pytest.mark.parametrize("aspect", Aspect)
def test_every_aspect_is_compared(aspect: Aspect) -> None:
    """A case that differs in one thing is a changed case, under that thing's name alone."""
    after = BEFORE.model_copy(update=CHANGED[aspect])
    found = differences({"1": BEFORE, "2": BEFORE}, {"1": after, "2": BEFORE})

    assert found.by_aspect == {aspect: 1}
    assert found.unchanged == 1
    assert [change.case for change in found.changes] == ["1"]


def test_only_what_is_another_is_shown() -> None:
    """A notice both runs sent is in neither list; what changed is counted over all cases."""
    after = BEFORE.model_copy(update=CHANGED[Aspect.NOTICES])
    found = differences({"1": BEFORE}, {"1": after})
    (changed,) = found.changes[0].changed

    assert changed.before == ("work triage: delivered",)
    assert changed.after == ("page legal: delivered",)
    assert [(s.what, s.before, s.after) for s in found.shifts] == [
        ("page legal: delivered", 0, 1),
        ("work triage: delivered", 1, 0),
    ]


def test_a_minute_may_be_forgiven() -> None:
    """Recorded cases are played with other seconds: within the tolerance they took as long."""
    after = BEFORE.model_copy(update={"minutes": BEFORE.minutes + 1})

    assert differences({"1": BEFORE}, {"1": after}, tolerance={"1": 1}).none
    assert not differences({"1": BEFORE}, {"1": after}).none


def test_cases_of_one_run_alone_are_named() -> None:
    """A case that moves on in one run only is in that run's list, and compared with nothing."""
    found = differences({"1": BEFORE, "1+1": BEFORE}, {"1": BEFORE, "2+1": BEFORE})

    assert (found.cases, found.gone, found.appeared) == (1, ("1+1",), ("2+1",))
    assert not found.none


def test_times_are_said_as_people_say_them() -> None:
    """Days, hours and minutes, without those there are none of."""
    assert [spoken(minutes) for minutes in (0, 35, 60, 1500)] == ["0m", "35m", "1h", "1d1h"]
