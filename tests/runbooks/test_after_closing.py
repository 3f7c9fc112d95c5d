"""What `after-closing` may say, and what it stands for."""

from datetime import timedelta

import pytest

from runbooks import RunbookProblems, compile_runbook, library, load_runbook
from runbooks.plan import FollowUp, OwedKind

DEFAULT = library()["user-safety-escalation"].decode()
SHIPPED = "after-closing: [{recheck: [7d]}, {follow-ups: lessons}]"
DAY = timedelta(days=1)


def owed(items: str) -> dict[str, FollowUp]:
    """What the default pathway owes when its `after-closing` says that."""
    assert SHIPPED in DEFAULT
    text = DEFAULT.replace(SHIPPED, f"after-closing: {items}")
    pathway = compile_runbook(load_runbook(text.encode(), file="runbook.yaml"))
    return {item.name: item for item in pathway.after_closing}


def test_each_recheck_is_an_obligation_of_its_own() -> None:
    """A recheck that is overdue does not keep the next one from being asked."""
    found = owed("[{recheck: [24h, 72h, 7d, 30d], owner: legal}]")

    assert {name: item.after for name, item in found.items()} == {
        "recheck-1d": DAY,
        "recheck-3d": 3 * DAY,
        "recheck-7d": 7 * DAY,
        "recheck-30d": 30 * DAY,
    }
    assert {item.kind for item in found.values()} == {OwedKind.RECHECK}
    assert {item.owner for item in found.values()} == {"legal"}


def test_a_hold_says_how_it_is_renewed_and_reviewed() -> None:
    """Reviews that would lie before its beginning are left out."""
    found = owed(
        "[{hold: 90d, renew: 60d, renewals: 2, minimum: true, name: court-hold},"
        " {hold: 7d, name: short-hold}]"
    )

    long, short = found["court-hold"], found["short-hold"]
    assert (long.every, long.renewals, long.minimum) == (60 * DAY, 2, True)
    assert long.review == (14 * DAY, 3 * DAY)
    assert (short.every, short.minimum, short.review) == (None, False, (3 * DAY,))


def test_what_belongs_to_nobody_belongs_to_the_owner_of_the_closure() -> None:
    """Nothing is owed by nobody."""
    found = owed("[{appeals: 180d}, {periodic: 30d}, {follow-ups: tell-team, title: 'Tell them'}]")

    assert {item.owner for item in found.values()} == {"incident-manager"}
    assert [item.kind for item in found.values()] == [
        OwedKind.APPEAL,
        OwedKind.PERIODIC,
        OwedKind.FOLLOW_UP,
    ]
    assert found["periodic"].every == 30 * DAY


@pytest.mark.parametrize(
    "items,rule",
    [
        ("[{recheck: [7d]}, {recheck: [168h]}]", "RB018"),
        ("[{recheck: [7d], hold: 3d}]", "RB017"),
        ("[{recheck: [7d], minimum: true}]", "RB017"),
        ("[{title: 'something'}]", "RB011"),
        ("[{hold: 7d, renewals: 2}]", "RB011"),
        ("[{follow-ups: tell-team}]", "RB011"),
        ("[{hold: 0d}]", "RB014"),
    ],
)
def test_what_is_not_clear_is_refused(items: str, rule: str) -> None:
    """Two of one name, two things in one line, a key that means nothing there."""
    with pytest.raises(RunbookProblems) as raised:
        owed(items)

    assert {problem.rule for problem in raised.value.problems} == {rule}
