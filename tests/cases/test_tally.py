"""What votes amount to: the truth table of a gate."""

from datetime import UTC, datetime

import pytest

from cases.acts import Verdict
from cases.gate import RoundState, Vote, tally
from runbooks.plan import Assurance

AT = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = {
    "+": Verdict.APPROVE,
    "-": Verdict.REJECT,
    "?": Verdict.MORE_INFORMATION,
    "0": Verdict.ABSTAIN,
}


def votes(text: str) -> list[Vote]:
    """`a:legal+ b:policy-` as votes; `c:im+legal` stands in for legal."""
    cast = []
    for item in text.split():
        person, rest = item.split(":")
        mark = next(mark for mark in WORDS if mark in rest)
        role, instead = rest.split(mark)
        cast.append(
            Vote(
                person=person,
                role=role,
                verdict=WORDS[mark],
                at=AT,
                act=item,
                assurance=Assurance.L1,
                door="web",
                key="k",
                instead_of=instead or None,
            )
        )
    return cast


ONE = {"legal": 1}
TWO = {"legal": 2}
BOTH = {"legal": 1, "policy": 1}


@pytest.mark.parametrize(
    "quorum,cast,state",
    [
        (ONE, "", RoundState.OPEN),
        (ONE, "a:legal+", RoundState.APPROVED),
        (ONE, "a:legal-", RoundState.REJECTED),
        (ONE, "a:legal?", RoundState.MORE_INFORMATION),
        (ONE, "a:legal0", RoundState.OPEN),
        (ONE, "a:policy+", RoundState.OPEN),
        (TWO, "a:legal+", RoundState.OPEN),
        (TWO, "a:legal+ b:legal+", RoundState.APPROVED),
        (TWO, "a:legal+ b:legal-", RoundState.SPLIT),
        (TWO, "a:legal- b:legal-", RoundState.REJECTED),
        (TWO, "a:legal+ b:legal0 c:legal+", RoundState.APPROVED),
        (BOTH, "a:legal+", RoundState.OPEN),
        (BOTH, "a:legal+ b:policy+", RoundState.APPROVED),
        (BOTH, "a:legal+ b:policy-", RoundState.SPLIT),
        (BOTH, "a:legal- b:policy-", RoundState.REJECTED),
        (BOTH, "a:legal+ b:legal+", RoundState.OPEN),
        (BOTH, "a:legal+ b:policy?", RoundState.MORE_INFORMATION),
        (BOTH, "c:im+legal b:policy+", RoundState.APPROVED),
        (BOTH, "c:im+legal", RoundState.OPEN),
    ],
)
def test_votes_amount_to_what_the_rule_says(
    quorum: dict[str, int], cast: str, state: RoundState
) -> None:
    """Quorum per role, of distinct people, with nobody against."""
    found = tally(votes(cast), approve=quorum, reject=quorum, stand_in={"im": 1})

    assert found is state


def test_a_veto_rejects_at_once() -> None:
    """One rejection of the role with the veto is enough, whoever else approved."""
    cast = votes("a:legal+ b:policy+ v:safety-")

    assert tally(cast, approve=BOTH, reject=BOTH, veto=("safety",)) is RoundState.REJECTED


def test_stand_ins_count_once_there_are_enough_of_them() -> None:
    """Where two must stand in, one is not enough, and two count as the absent role's one vote."""
    one, two = votes("c:im+legal b:policy+"), votes("c:im+legal d:im+legal b:policy+")

    assert tally(one, approve=BOTH, reject=BOTH, stand_in={"im": 2}) is RoundState.OPEN
    assert tally(two, approve=BOTH, reject=BOTH, stand_in={"im": 2}) is RoundState.APPROVED
