"""What votes at a gate can come to, counted by role: the gate's arithmetic, played to its end."""

from collections import deque
from dataclasses import dataclass

from runbooks import quorums
from runbooks.plan import GateRule, Role
from runbooks.quorums import Result, roles_in

_MOST = 50_000


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
    return quorums.result(
        approve=rule.approve,
        reject=rule.reject,
        veto=rule.veto,
        approvals=approvals,
        rejections=rejections,
        approval_prevails=rule.approval_prevails,
    )


def needed(rule: GateRule) -> dict[Role, int]:
    """How many people of each role the gate can ask before every quorum has been heard."""
    asked: dict[Role, int] = {}
    for quorum in (rule.approve, rule.reject):
        for party, number in quorum.items():
            roles = roles_in(party)
            for role in roles:
                asked[role] = max(asked.get(role, 0), number if len(roles) == 1 else 1)
    return asked


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
