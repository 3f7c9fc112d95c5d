"""What votes amount to: the truth table of a gate."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.acts import Verdict
from cases.gate import Round, RoundState, Vote, still_needed, tally
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


SEVERAL = "privacy or counsel or security"
SOME = {SEVERAL: 2}
LEAD = {"lead": 1, **SOME}


@pytest.mark.parametrize(
    "approve,reject,cast,state",
    [
        (SOME, SOME, "a:privacy+", RoundState.OPEN),
        (SOME, SOME, "a:privacy+ b:counsel+", RoundState.APPROVED),
        (SOME, SOME, "a:privacy+ b:privacy+", RoundState.OPEN),
        (SOME, SOME, "a:privacy+ b:counsel-", RoundState.OPEN),
        (SOME, SOME, "a:privacy+ b:counsel- c:security+", RoundState.APPROVED),
        (SOME, SOME, "a:privacy+ b:counsel- c:security-", RoundState.REJECTED),
        (SOME, SOME, "a:privacy? b:counsel+ c:security+", RoundState.MORE_INFORMATION),
        # A role that contradicts itself counts for neither side.
        (SOME, SOME, "a:privacy+ b:privacy- c:counsel+", RoundState.OPEN),
        (SOME, SOME, "a:privacy+ b:privacy- c:counsel+ d:security+", RoundState.APPROVED),
        (SOME, SOME, "a:privacy+ b:privacy- c:counsel+ d:security-", RoundState.SPLIT),
        # All three must agree, so the first against settles that they do not.
        ({SEVERAL: 3}, {SEVERAL: 3}, "a:privacy+ b:counsel-", RoundState.SPLIT),
        ({SEVERAL: 3}, SOME, "a:privacy+ b:counsel-", RoundState.OPEN),
        ({SEVERAL: 3}, SOME, "a:privacy+ b:counsel+ c:security-", RoundState.SPLIT),
        # Beside a role of its own: that role has to be heard, and may stand in the way.
        (LEAD, SOME, "a:privacy+ b:counsel+", RoundState.OPEN),
        (LEAD, SOME, "l:lead+ a:privacy+ b:counsel- c:security+", RoundState.APPROVED),
        (LEAD, SOME, "l:lead+ a:privacy- b:counsel-", RoundState.REJECTED),
        (LEAD, SOME, "l:lead- a:privacy+", RoundState.OPEN),
        (LEAD, SOME, "l:lead- a:privacy+ b:counsel+", RoundState.SPLIT),
        (LEAD, {"lead": 1}, "l:lead- a:privacy+ b:counsel+", RoundState.REJECTED),
        # Somebody stands in for one of them.
        (SOME, SOME, "i:im+counsel a:privacy+", RoundState.APPROVED),
    ],
)
def test_several_roles_have_one_voice_each(
    approve: dict[str, int], reject: dict[str, int], cast: str, state: RoundState
) -> None:
    """So many of several roles agree: different people of different roles, by majority."""
    found = tally(votes(cast), approve=approve, reject=reject, stand_in={"im": 1})

    assert found is state


@given(
    st.permutations([("privacy", "p"), ("counsel", "c"), ("security", "s")]),
    st.lists(st.sampled_from("+-"), min_size=3, max_size=3),
)
def test_two_of_three_always_decide_and_the_order_does_not(
    order: list[tuple[str, str]], verdicts: list[str]
) -> None:
    """Two and two of three roles can neither be split nor both be reached."""
    said = dict(zip(("privacy", "counsel", "security"), verdicts, strict=True))
    cast = votes(" ".join(f"{person}:{role}{said[role]}" for role, person in order))
    wanted = RoundState.APPROVED if verdicts.count("+") > 1 else RoundState.REJECTED

    assert tally(cast, approve=SOME, reject=SOME) is wanted


@pytest.mark.parametrize(
    "cast,owed",
    [
        ("", {"lead": 1, SEVERAL: 2}),
        ("a:privacy+", {"lead": 1, "counsel or security": 1}),
        ("a:privacy+ b:counsel+", {"lead": 1}),
        ("l:lead+ a:privacy+ b:counsel-", {"security": 1}),
        ("l:lead+ a:privacy- b:counsel-", {"security": 1}),
        ("l:lead+ a:privacy+ b:counsel- c:security-", {}),
    ],
)
def test_who_is_still_needed_is_named(cast: str, owed: dict[str, int]) -> None:
    """Of several roles only those that are silent, and no more of them than there are."""
    round_ = Round(
        gate="sign-off",
        number=1,
        revision=1,
        content_hash="",
        nonce="",
        asked_at=AT,
        approve=LEAD,
        reject=SOME,
        votes=votes(cast),
    )

    assert still_needed(round_) == owed


def test_a_veto_rejects_at_once() -> None:
    """One rejection of the role with the veto is enough, whoever else approved."""
    cast = votes("a:legal+ b:policy+ v:safety-")

    assert tally(cast, approve=BOTH, reject=BOTH, veto=("safety",)) is RoundState.REJECTED


def test_stand_ins_count_once_there_are_enough_of_them() -> None:
    """Where two must stand in, one is not enough, and two count as the absent role's one vote."""
    one, two = votes("c:im+legal b:policy+"), votes("c:im+legal d:im+legal b:policy+")

    assert tally(one, approve=BOTH, reject=BOTH, stand_in={"im": 2}) is RoundState.OPEN
    assert tally(two, approve=BOTH, reject=BOTH, stand_in={"im": 2}) is RoundState.APPROVED
