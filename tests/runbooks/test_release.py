"""A release takes two people, and a version means the same bytes for ever."""

from datetime import UTC, datetime, timedelta

import pytest

from runbooks import ReleaseRefusedError
from runbooks.release import Release, ReleaseState, approved, live, proposed, retired

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def proposal(version: str = "1.0.0", *, digest: str = "d1") -> Release:
    """A release that one person proposed."""
    return proposed(None, runbook="base", version=version, digest=digest, by="person-a", at=AT)


def test_nothing_is_live_before_two_people_have_said_so() -> None:
    """A proposed version is walked by no case."""
    standing = proposal()

    assert standing.state is ReleaseState.PROPOSED
    assert live([standing], runbook="base") is None


def test_the_second_person_makes_it_live() -> None:
    """Another person approves, and both stay on record."""
    released = approved(proposal(), by="person-b", at=LATER)

    assert live([released], runbook="base") == released
    assert (released.proposed_by, released.approved_by) == ("person-a", "person-b")
    assert released.approved_at == LATER


def test_nobody_approves_what_they_proposed() -> None:
    """The proposer is told that a second person is needed."""
    with pytest.raises(ReleaseRefusedError, match="second person"):
        approved(proposal(), by="person-a", at=LATER)


def test_a_version_is_never_used_for_other_bytes() -> None:
    """A change needs a new version, also while the old one is only proposed."""
    with pytest.raises(ReleaseRefusedError, match="other bytes"):
        proposed(proposal(), runbook="base", version="1.0.0", digest="d2", by="person-b", at=LATER)


def test_proposing_the_same_bytes_again_changes_nothing() -> None:
    """The second identical proposal returns the first, so it cannot swap the proposer."""
    again = proposed(
        proposal(), runbook="base", version="1.0.0", digest="d1", by="person-b", at=LATER
    )

    assert again == proposal()


def test_approving_twice_changes_nothing() -> None:
    """The second identical approval returns the first; another approver is told it is live."""
    released = approved(proposal(), by="person-b", at=LATER)

    assert approved(released, by="person-b", at=LATER + timedelta(hours=1)) == released
    with pytest.raises(ReleaseRefusedError, match="live already"):
        approved(released, by="person-c", at=LATER)


def test_a_retired_version_stays_retired() -> None:
    """No new case walks it, it is not approved or proposed again, and retiring twice is once."""
    gone = retired(approved(proposal(), by="person-b", at=AT), by="person-a", at=LATER)

    assert live([gone], runbook="base") is None
    assert retired(gone, by="person-c", at=LATER) == gone
    with pytest.raises(ReleaseRefusedError, match="retired"):
        approved(gone, by="person-b", at=LATER)
    with pytest.raises(ReleaseRefusedError, match="retired"):
        proposed(gone, runbook="base", version="1.0.0", digest="d1", by="person-a", at=LATER)


@pytest.mark.parametrize("step", [approved, retired])
def test_what_was_never_proposed_does_not_move(step: object) -> None:
    """A version nobody proposed is neither approved nor retired."""
    with pytest.raises(ReleaseRefusedError):
        step(None, by="person-b", at=AT)  # type: ignore[operator]  # one of two functions


def test_new_cases_walk_the_highest_live_version() -> None:
    """1.10.0 comes after 1.9.0, and other runbooks do not count."""
    releases = [
        approved(proposal(version), by="person-b", at=LATER) for version in ("1.9.0", "1.10.0")
    ] + [proposal("2.0.0")]

    newest = live(releases, runbook="base")

    assert newest is not None
    assert newest.version == "1.10.0"
    assert live(releases, runbook="other") is None
