"""An auditor counts so many of several roles again, and finds a round closed on too few."""

import pytest

from audit.quorum import Count
from cases.acts import Decide, Memo, Verdict
from cases.journal import Entry, Kind
from cases.waiting import next_step, waiting_on
from tests.cases.house import House
from tests.workflows.runbooks import TWO_OF_THREE


def asked() -> House:
    """The gate of two of three is open."""
    house = House.of("two-of-three", text=TWO_OF_THREE)
    house.act(Memo(gate="review", fields={"facts": "known"}), person="lena", role="legal")
    return house


def voted(*roles: str) -> House:
    """These roles have approved, each by another person."""
    house = asked()
    for number, role in enumerate(roles):
        decide = Decide(gate="review", verdict=Verdict.APPROVE)
        assert house.act(decide, person=f"person-{number}", role=role).accepted
    return house


def forged(house: House, **body: str) -> list[Entry]:
    """The journal, with an entry that closes the round whatever its votes say."""
    entries = list(house.state.journal.pending)
    opened = next(entry for entry in entries if entry.kind is Kind.ROUND_OPENED)
    said = {"gate": "review", "round": opened.body["round"], **body}
    return [*entries, entries[-1].model_copy(update={"kind": Kind.ROUND_CLOSED, "body": said})]


@pytest.mark.parametrize(
    "roles",
    [("executive", "privacy"), ("executive", "privacy", "privacy"), ("privacy", "legal", "policy")],
)
def test_a_round_closed_on_too_few_voices_is_found(roles: tuple[str, ...]) -> None:
    """Two people of one role are one voice, and three voices do not stand in for the executive."""
    entries = forged(voted(*roles), state="approved")

    found = list(Count(House.of("two-of-three", text=TWO_OF_THREE).file.pathway).check(entries))

    assert [each.partition(": ")[2] for each in found] == [
        "recorded as approved, the votes say open"
    ]


def test_a_round_that_asks_other_roles_is_found() -> None:
    """The roles of the round are those of the runbook, in number and in name."""
    house = asked()
    entries = [
        entry.model_copy(update={"body": {**entry.body, "approve": {"privacy or legal": 1}}})
        if entry.kind is Kind.ROUND_OPENED
        else entry
        for entry in house.state.journal.pending
    ]

    found = list(Count(house.file.pathway).check(entries))

    assert [each.partition(": ")[2] for each in found] == [
        "the round asks others than the runbook names"
    ]


@pytest.mark.parametrize(
    "roles,says,owing",
    [
        (
            (),
            "1 verdict of executive and 2 verdicts of privacy or legal or policy",
            {"executive", "privacy", "legal", "policy"},
        ),
        (
            ("privacy",),
            "1 verdict of executive and 1 verdict of legal or policy",
            {"executive", "legal", "policy"},
        ),
        (
            ("executive", "policy"),
            "1 verdict of privacy or legal",
            {"privacy", "legal"},
        ),
    ],
)
def test_a_case_says_who_is_still_needed(
    roles: tuple[str, ...], says: str, owing: set[str]
) -> None:
    """In a sentence, and in the inbox of everybody whose voice would help."""
    house = voted(*roles)
    state, pathway = house.state, house.file.pathway

    assert next_step(state, pathway, at=house.now) == f"Review: waits for {says}."
    assert {owed.role for owed in waiting_on(state, pathway, at=house.now)} == owing
