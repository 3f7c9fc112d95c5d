"""A round's votes, one by one: whose they are, which replaces which, and who may still be asked."""

from datetime import UTC, datetime

import pytest

from cases.acts import Verdict
from cases.gate import GlassHand, Round, RoundKind, RoundState, Vote, answers_to, roles_of, tally
from runbooks.plan import Assurance, GateRule
from runbooks.plan.gates import Silence, StandIn
from runbooks.quorums import (
    Result,
    Standing,
    any_of,
    enough_against,
    owed,
    result,
    roles_named,
    standing,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)
SIDES = (Verdict.APPROVE, Verdict.REJECT)
RULE = GateRule(
    ask="Disclose?",
    approve={"legal": 1},
    reject={"policy": 1},
    veto=("safety", "legal"),
    silence=Silence(stand_in=StandIn(allow={"im": 2, "dm": 1}, instead_of="legal")),
)


def vote(person: str, role: str, verdict: Verdict = Verdict.APPROVE, **said: object) -> Vote:
    """A vote with this about it."""
    whole = {
        "person": person,
        "role": role,
        "verdict": verdict,
        "at": AT,
        "act": person,
        "assurance": Assurance.L1,
        "door": "web",
        "key": "k",
        **said,
    }
    return Vote.model_validate(whole)


def asked(*votes: Vote, **said: object) -> Round:
    """A round in which these votes were cast."""
    whole = {
        "gate": "review",
        "number": 1,
        "revision": 1,
        "content_hash": "",
        "nonce": "",
        "asked_at": AT,
        "approve": {"legal": 1},
        "reject": {"policy": 1},
        "votes": list(votes),
        **said,
    }
    return Round.model_validate(whole)


LENA, PIA = vote("lena", "legal"), vote("pia", "policy", also=("pia2",))
FOR_LENA = vote("dan", "legal", acting_for="lena", also=("lena",))


def test_a_vote_replaces_the_persons_own_and_no_other() -> None:
    """Who votes again has one vote, the later one; it is told which one counts no more."""
    round_ = asked(LENA, PIA)
    later = vote("lena", "legal", Verdict.REJECT)

    assert round_.vote_of("pia") == PIA
    assert round_.vote_of("nobody") is None
    assert round_.cast(later) == LENA
    assert round_.votes == [PIA, later]
    assert round_.cast(vote("lars", "legal")) is None
    assert [each.person for each in round_.votes] == ["pia", "lena", "lars"]


def test_who_is_back_replaces_the_vote_of_their_delegate() -> None:
    """The delegate's vote was theirs; one that somebody cast for nobody is nobody else's."""
    round_ = asked(PIA, FOR_LENA)

    assert round_.replaced_by(LENA) == FOR_LENA
    assert round_.replaced_by(vote("lars", "legal")) is None
    assert round_.cast(LENA) == FOR_LENA
    assert round_.votes == [PIA, LENA]
    # Their own goes first, where both are there.
    assert asked(FOR_LENA, LENA).replaced_by(LENA) == LENA


def test_a_vote_is_taken_back_from_whoever_cast_it_or_for_whom() -> None:
    """Nobody's else goes with it."""
    own, delegated = asked(LENA, PIA), asked(PIA, FOR_LENA)

    assert own.take_back("lena") == LENA
    assert own.votes == [PIA]
    assert delegated.take_back("lena") == FOR_LENA
    assert delegated.votes == [PIA]
    assert delegated.take_back("lena") is None
    assert delegated.votes == [PIA]


def test_whoever_has_one_of_a_votes_names_has_voted() -> None:
    """Other accounts, and who is away, are names of the vote."""
    round_ = asked(LENA, PIA)

    assert PIA.names == {"pia", "pia2"}
    assert round_.vote_under(frozenset({"pia2", "x"})) == PIA
    assert round_.vote_under(frozenset({"x"})) is None
    round_.drop(frozenset({"pia2"}))
    assert round_.votes == [LENA]


def test_a_hand_on_the_glass_is_bound_to_every_name() -> None:
    """Two accounts of one human are not two people."""
    hand = GlassHand(
        person="ines", role="im", reason="now", at=AT, until=AT, act="a", also=("ines2",)
    )

    assert hand.names == {"ines", "ines2"}


def test_whom_a_round_asks() -> None:
    """Everybody whom a quorum names; it waits for the approval of those that approve."""
    assert asked().asked == ("legal", "policy")
    assert asked().approving == ("legal",)


@pytest.mark.parametrize("kind", [RoundKind.ASK, RoundKind.CORRECTION])
def test_who_may_vote_when_the_whole_gate_is_asked(kind: RoundKind) -> None:
    """Those asked, vetoes, backups, and stand-ins once their time has come; each once."""
    backups = {"deputy": "legal"}
    early = asked(kind=kind, backups=backups)
    late = asked(kind=kind, backups=backups, stand_in_from=AT)

    assert roles_of(early, RULE) == ("legal", "policy", "safety", "deputy")
    assert roles_of(late, RULE) == ("legal", "policy", "safety", "deputy", "im", "dm")
    plain = RULE.model_copy(update={"silence": Silence()})
    assert roles_of(late, plain) == ("legal", "policy", "safety", "deputy")
    assert roles_of(late, None) == ("legal", "policy")


@pytest.mark.parametrize("kind", [RoundKind.SPLIT, RoundKind.DISSENT, RoundKind.RATIFY])
def test_a_question_to_one_role_is_only_its_own(kind: RoundKind) -> None:
    """No veto, no backup and no stand-in of the gate has a voice in it."""
    round_ = asked(kind=kind, backups={"deputy": "legal"}, stand_in_from=AT)

    assert roles_of(round_, RULE) == ("legal", "policy")


def test_what_can_be_answered_to_which_question() -> None:
    """A correction gets its answer, a tie-breaker takes a side, and who ratifies sets no terms."""
    terms, asks, abstains = Verdict.CONDITIONS, Verdict.MORE_INFORMATION, Verdict.ABSTAIN

    assert {kind: answers_to(asked(kind=kind)) for kind in RoundKind} == {
        RoundKind.ASK: (*SIDES, terms, asks, abstains),
        RoundKind.SPLIT: (*SIDES, terms),
        RoundKind.DISSENT: (*SIDES, terms),
        RoundKind.RATIFY: SIDES,
        RoundKind.CORRECTION: (*SIDES, terms, abstains),
    }


def test_conditions_count_as_an_approval_and_a_backup_as_the_role_it_votes_for() -> None:
    """So does the stand-in's, once there are enough, and only those of its own role."""
    one = {"legal": 1}
    kind_words = vote("l", "legal", Verdict.CONDITIONS)
    backup = vote("d", "deputy", on_behalf_of="legal")
    stand_in = vote("i", "im", instead_of="legal")

    assert tally([kind_words], approve=one, reject=one) is RoundState.APPROVED
    assert tally([backup], approve=one, reject=one) is RoundState.APPROVED
    assert tally([stand_in], approve=one, reject=one, stand_in={"im": 1}) is RoundState.APPROVED
    assert tally([stand_in], approve=one, reject=one, stand_in={"dm": 1}) is RoundState.OPEN
    assert tally([stand_in], approve=one, reject=one) is RoundState.OPEN
    # One vote of the absent role, and not as many as stand in.
    two = {"legal": 2}
    several = [stand_in, vote("j", "im", instead_of="legal")]
    assert tally(several, approve=two, reject=two, stand_in={"im": 1}) is RoundState.OPEN
    both = [stand_in, vote("d", "dm", instead_of="legal")]
    assert tally(both, approve=two, reject=two, stand_in={"im": 1, "dm": 1}) is RoundState.APPROVED


def test_a_rejection_stands_in_the_way_unless_approval_prevails() -> None:
    """Where nobody can veto, as many as the rule asks for are enough."""
    cast = [LENA, vote("luca", "legal"), vote("pia", "policy", Verdict.REJECT)]
    quorum = {"legal": 2}
    against = {"legal": 1, "policy": 1}

    prevails = tally(cast, approve=quorum, reject=against, approval_prevails=True)

    assert prevails is RoundState.APPROVED
    assert tally(cast, approve=quorum, reject=against) is RoundState.SPLIT


def test_parties_are_roles_joined_by_or() -> None:
    """One voice each, in the order they were named, and nobody named twice."""
    assert any_of(["privacy", "ciso"]) == "privacy or ciso"
    assert roles_named({"privacy or ciso": 1, "lead": 1}, {"ciso": 1}) == (
        "privacy",
        "ciso",
        "lead",
    )
    assert enough_against({"lead": 3, "a or b or c": 2, "d or e": 1, "f or g": 3}) == {
        "lead": 1,
        "a or b or c": 2,
        "d or e": 2,
        "f or g": 1,
    }


def test_how_a_party_stands() -> None:
    """Of one role so many people are heard at most; of several each that is of one mind."""
    approvals, rejections = {"lead": 1, "a": 2, "b": 1}, {"lead": 1, "b": 1, "c": 1}

    def stands(party: str, number: int) -> Standing:
        return standing(party, number, approvals=approvals, rejections=rejections)

    assert stands("lead", 3) == Standing(approves=1, rejects=1, unheard=1)
    assert stands("lead", 1) == Standing(approves=1, rejects=1, unheard=0)
    assert stands("nobody", 2) == Standing(approves=0, rejects=0, unheard=2)
    assert stands("a or b or c or d", 2) == Standing(approves=1, rejects=1, unheard=1)


@pytest.mark.parametrize(
    "approve,reject,approvals,rejections,found",
    [
        ({}, {}, {}, {}, Result.OPEN),
        # Nothing to reach is not reached.
        ({}, {"legal": 1}, {"legal": 1}, {}, Result.OPEN),
        ({"legal": 1}, {}, {}, {"legal": 1}, Result.OPEN),
        ({"legal": 2}, {}, {"legal": 1}, {"legal": 1}, Result.SPLIT),
        # Whoever has not been heard may still tip it.
        ({"legal": 3}, {"legal": 2}, {"legal": 1}, {"legal": 1}, Result.OPEN),
        ({"legal": 2, "a or b": 1}, {"legal": 2}, {"legal": 1}, {"legal": 1}, Result.SPLIT),
        ({"a or b or c": 2}, {}, {"a": 1}, {"b": 1}, Result.OPEN),
        ({"a or b or c": 3}, {"a or b or c": 2}, {"a": 1}, {"b": 1}, Result.OPEN),
        ({"a or b or c": 3}, {}, {"a": 1}, {"b": 1}, Result.SPLIT),
        # A rejection of nobody who is asked opposes nothing.
        ({"legal": 1}, {"legal": 1}, {"legal": 1}, {"visitor": 1}, Result.APPROVED),
    ],
)
def test_what_counts_amount_to(
    approve: dict[str, int],
    reject: dict[str, int],
    approvals: dict[str, int],
    rejections: dict[str, int],
    found: Result,
) -> None:
    """The corners that gates of the library do not have."""
    amounts = result(approve=approve, reject=reject, approvals=approvals, rejections=rejections)

    assert amounts is found


def test_what_is_owed_is_never_more_than_can_still_come() -> None:
    """Of several roles that have all been heard nobody is asked again."""
    quorum = {"lead": 2, "a or b": 2}

    assert owed(quorum, approvals={"lead": 2}, rejections={"a": 1}) == {"b": 1}
    assert owed(quorum, approvals={"a": 1, "b": 1}, rejections={"lead": 1}) == {"lead": 2}
    assert owed({"a or b": 2}, approvals={}, rejections={"a": 1, "b": 1}) == {}
