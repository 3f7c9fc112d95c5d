"""What votes at a gate can come to, counted by role: the gate's arithmetic, played to its end.

It says of numbers what `cases.gate.tally` says of signed votes; a test compares the two.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from runbooks.plan import GateRule, Role

_MOST = 50_000


class Result(StrEnum):
    """What the votes amount to."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    SPLIT = "split"


@dataclass(frozen=True)
class Ballot:
    """One more person of a role has voted."""

    role: Role
    approves: bool

    def __str__(self) -> str:
        """The vote as a person reads it: `legal approves`."""
        return f"{self.role} {'approves' if self.approves else 'rejects'}"


Ballots = tuple[Ballot, ...]


def result(rule: GateRule, ballots: Ballots) -> Result:
    """What these votes amount to, before anybody stands in or breaks the tie."""
    approvals: dict[Role, int] = {}
    rejections: dict[Role, int] = {}
    for ballot in ballots:
        side = approvals if ballot.approves else rejections
        side[ballot.role] = side.get(ballot.role, 0) + 1
    if any(rejections.get(role) for role in rule.veto):
        return Result.REJECTED
    if rule.reject and _holds(rule.reject, rejections):
        return Result.REJECTED
    opposed = any(rejections.get(role) for role in (*rule.approve, *rule.reject))
    opposed = opposed and not rule.approval_prevails
    if rule.approve and _holds(rule.approve, approvals) and not opposed:
        return Result.APPROVED
    cast = {
        role: approvals.get(role, 0) + rejections.get(role, 0)
        for role in (*rule.approve, *rule.reject)
    }
    if approvals and rejections and _holds(needed(rule), cast):
        return Result.SPLIT
    return Result.OPEN


def needed(rule: GateRule) -> dict[Role, int]:
    """How many people of each role the gate can ask before every quorum has been heard."""
    return {
        role: max(rule.approve.get(role, 0), rule.reject.get(role, 0))
        for role in (*rule.approve, *rule.reject)
    }


class TooManyVotesError(Exception):
    """The gate asks so many people that its votes are not played to their end."""


def stalemate(rule: GateRule, *, most: int = _MOST) -> Ballots | None:
    """The fewest votes after which everybody has been heard and nothing is decided.

    TooManyVotesError when that cannot be told from the first `most` ways to vote.
    """
    asked = {role: needed(rule).get(role, 1) for role in rule.roles}
    begin: tuple[tuple[int, int], ...] = tuple((0, 0) for _ in asked)
    seen = {begin}
    queue: deque[tuple[tuple[tuple[int, int], ...], Ballots]] = deque([(begin, ())])
    while queue:
        if len(seen) > most:
            raise TooManyVotesError
        counts, ballots = queue.popleft()
        outcome = result(rule, ballots)
        heard = all(sum(count) >= asked[role] for role, count in zip(asked, counts, strict=True))
        if outcome is Result.SPLIT or (outcome is Result.OPEN and heard):
            return ballots
        if outcome is not Result.OPEN:
            continue
        for index, role in enumerate(asked):
            approvals, rejections = counts[index]
            if approvals + rejections >= asked[role]:
                continue
            for approves in (True, False):
                more = (approvals + approves, rejections + (not approves))
                after = (*counts[:index], more, *counts[index + 1 :])
                if after not in seen:
                    seen.add(after)
                    queue.append((after, (*ballots, Ballot(role=role, approves=approves))))
    return None


def _holds(quorum: Mapping[Role, int], counted: Mapping[Role, int]) -> bool:
    return all(counted.get(role, 0) >= number for role, number in quorum.items())
