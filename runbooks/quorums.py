"""What a quorum counts: people of one role, or one voice of each of several roles.

A quorum maps a party to a number. A party is a role, `legal`, or several roles of which so many
must agree, `privacy or general-counsel or ciso`. Votes are given as how many people of each role
approved and how many rejected; whose votes they are is the business of `cases.gate`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

_OR = " or "

Party = str
"""A role, or several roles joined by `or`."""

Quorum = Mapping[Party, int]
"""How many of each party."""

Counted = Mapping[str, int]
"""How many people of each role gave one of the two verdicts."""


class Result(StrEnum):
    """What votes amount to."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    SPLIT = "split"


def any_of(roles: Iterable[str]) -> Party:
    """The party of these roles."""
    return _OR.join(roles)


def roles_in(party: Party) -> tuple[str, ...]:
    """The roles of the party, in the order they were named."""
    return tuple(party.split(_OR))


def roles_named(*quorums: Quorum) -> tuple[str, ...]:
    """Every role of these quorums once, in the order they were named."""
    return tuple(
        dict.fromkeys(role for quorum in quorums for party in quorum for role in roles_in(party))
    )


def enough_against(approve: Quorum) -> dict[Party, int]:
    """The rejection a gate has where nothing else is said.

    One person of each role; of several roles as many as leave too few to approve.
    """
    return {
        party: 1 if len(roles) == 1 else max(1, len(roles) - number + 1)
        for party, number in approve.items()
        for roles in [roles_in(party)]
    }


@dataclass(frozen=True)
class Standing:
    """What of one party is for, what is against, and what has not been heard."""

    approves: int
    rejects: int
    unheard: int


def standing(party: Party, asked: int, *, approvals: Counted, rejections: Counted) -> Standing:
    """How the party stands, `asked` being how many people of a single role are heard at most.

    Of several roles each has one voice, however many of its people vote; a role whose people
    contradict one another has been heard, and counts for neither side.
    """
    roles = roles_in(party)
    if len(roles) == 1:
        yes, no = approvals.get(party, 0), rejections.get(party, 0)
        return Standing(yes, no, max(asked - yes - no, 0))
    voices = [(bool(approvals.get(role)), bool(rejections.get(role))) for role in roles]
    return Standing(
        voices.count((True, False)), voices.count((False, True)), voices.count((False, False))
    )


def result(
    *,
    approve: Quorum,
    reject: Quorum,
    veto: Iterable[str] = (),
    approvals: Counted,
    rejections: Counted,
    approval_prevails: bool = False,
) -> Result:
    """What the votes amount to, `open` while they do not yet amount to anything.

    - a role with a veto rejects → rejected, at once;
    - every party of `reject` has its number → rejected;
    - every party of `approve` has its number, and no role that is asked by itself has rejected, or
      nobody can veto it (`approval_prevails`) → approved: of several roles a minority does not
      stand in the way;
    - there are votes of both kinds, every role that is asked by itself has been heard, and of
      several roles those still silent could bring about neither → split.
    """
    if any(rejections.get(role) for role in veto):
        return Result.REJECTED
    parties = {
        party: standing(
            party,
            max(approve.get(party, 0), reject.get(party, 0)),
            approvals=approvals,
            rejections=rejections,
        )
        for party in (*approve, *reject)
    }
    if reject and all(parties[party].rejects >= number for party, number in reject.items()):
        return Result.REJECTED
    alone = [party for party in parties if len(roles_in(party)) == 1]
    opposed = not approval_prevails and any(rejections.get(party) for party in alone)
    agreed = all(parties[party].approves >= number for party, number in approve.items())
    if approve and agreed and not opposed:
        return Result.APPROVED
    both = any(approvals.values()) and any(rejections.values())
    if not both or any(parties[party].unheard for party in alone):
        return Result.OPEN
    approvable = not opposed and all(
        parties[party].approves + parties[party].unheard >= number
        for party, number in approve.items()
    )
    rejectable = bool(reject) and all(
        parties[party].rejects + parties[party].unheard >= number
        for party, number in reject.items()
    )
    return Result.OPEN if approvable or rejectable else Result.SPLIT


def owed(approve: Quorum, *, approvals: Counted, rejections: Counted) -> dict[Party, int]:
    """How many more approvals each party owes; of several roles only those not heard are named."""
    missing: dict[Party, int] = {}
    for party, number in approve.items():
        stands = standing(party, number, approvals=approvals, rejections=rejections)
        roles = roles_in(party)
        left = number - stands.approves
        if len(roles) > 1:
            left = min(left, stands.unheard)
            roles = tuple(r for r in roles if not approvals.get(r) and not rejections.get(r))
        if left > 0:
            missing[any_of(roles)] = left
    return missing
