"""A gate's rounds and how votes become an outcome: pure, so that it can be proved (I3)."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from cases.acts import Verdict
from cases.acts_at_gates import Condition
from cases.values import Instant, Mutable, Value
from runbooks.plan import Assurance, GateRule, Role
from runbooks.quorums import Party, Quorum, owed, result, roles_named


class RoundKind(StrEnum):
    """Which question a round asks."""

    ASK = "ask"
    SPLIT = "split"
    """The named tie-breaker decides."""
    DISSENT = "dissent"
    """Somebody objected: the named role decides, whatever was decided before."""
    RATIFY = "ratify"
    """A stand-in's approval is confirmed afterwards."""
    CORRECTION = "correction"
    """Somebody took back the verdict that had decided the gate: the whole gate decides anew."""


WHOLE = frozenset({RoundKind.ASK, RoundKind.CORRECTION})
"""Questions that are put to the whole gate, and not to one named role."""


class RoundState(StrEnum):
    """Where a round stands; only `open` takes votes."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    SPLIT = "split"
    MORE_INFORMATION = "more-information"
    SILENT = "silent"
    SUPERSEDED = "superseded"
    """The facts changed, or the signing key was revoked: a newer round asks again."""
    VOIDED = "voided"
    """The question fell away: the case moved, closed or was cancelled."""


class Vote(Value):
    """One person's verdict in one round; a later one of the same person replaces it."""

    person: str
    role: Role
    verdict: Verdict
    reason: str = ""
    at: Instant
    """When it was signed."""
    act: str
    assurance: Assurance
    door: str
    key: str
    """The key the act was signed with."""
    instead_of: Role | None = None
    """The role a stand-in votes for; counts once there are enough of them."""
    on_behalf_of: Role | None = None
    """The role a backup votes for, as if it had voted itself."""
    acting_for: str | None = None
    """The person in whose place a delegate voted."""
    also: tuple[str, ...] = ()
    """Every other name the vote is bound to: accounts of the same human, and of who is away."""
    conditions: tuple[Condition, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Every name of which this is the vote: whoever has one of them has voted."""
        return frozenset((self.person, *self.also))


class Revoked(Value):
    """The decision of a round was taken back, after its gate had closed."""

    by: str
    role: Role
    reason: str
    at: Instant
    act: str


class GlassHand(Value):
    """One of the two people who pass a gate without those it asks."""

    person: str
    role: Role
    reason: str
    at: Instant
    until: Instant
    """By then a second person must have said the same."""
    act: str
    also: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Every name of the human."""
        return frozenset((self.person, *self.also))


class Change(Value):
    """What is different from the round before."""

    what: str
    was: str
    now: str


class Round(Mutable):
    """One asking of a gate."""

    gate: str
    number: int
    kind: RoundKind = RoundKind.ASK
    revision: int
    content_hash: str
    nonce: str
    asked_at: Instant
    expires_at: Instant | None = None
    approve: dict[Party, int]
    reject: dict[Party, int]
    votes: list[Vote] = []
    state: RoundState = RoundState.OPEN
    closed_at: Instant | None = None
    changed: list[Change] = []
    stand_in_from: Instant | None = None
    """From here on the rule's stand-in may vote."""
    backups: dict[Role, Role] = {}
    """Roles that were paged in place of a silent one, and that one."""
    corrects: int | None = None
    """The round whose decision was taken back, where this one corrects it."""
    revoked: Revoked | None = None
    """Set once its decision was taken back: a later round decides anew, this one stays on record.
    """
    glass: list[GlassHand] = []
    """Who began to pass the gate without a quorum; two of them have passed it."""

    @property
    def asked(self) -> tuple[Role, ...]:
        """Every role its quorums name."""
        return roles_named(self.approve, self.reject)

    @property
    def approving(self) -> tuple[Role, ...]:
        """Every role whose approval it waits for."""
        return roles_named(self.approve)

    def vote_of(self, person: str) -> Vote | None:
        """The person's current vote."""
        return next((vote for vote in self.votes if vote.person == person), None)

    def cast(self, vote: Vote) -> Vote | None:
        """The vote counts, in place of the person's earlier one, which is returned."""
        earlier = self.replaced_by(vote)
        self.votes = [kept for kept in self.votes if kept is not earlier] + [vote]
        return earlier

    def replaced_by(self, vote: Vote) -> Vote | None:
        """The vote that does not count beside this one: the person's own, or their delegate's."""
        own = self.vote_of(vote.person)
        if own is not None:
            return own
        return next((kept for kept in self.votes if kept.acting_for == vote.person), None)

    def vote_under(self, names: frozenset[str]) -> Vote | None:
        """The vote that is bound to one of these names."""
        return next((vote for vote in self.votes if names & vote.names), None)

    def drop(self, names: frozenset[str]) -> None:
        """No vote is bound to any of these names any more."""
        self.votes = [kept for kept in self.votes if not names & kept.names]

    def take_back(self, person: str) -> Vote | None:
        """The person has no vote any more, nor a delegate one for them; it is returned."""
        earlier = self.vote_of(person) or next(
            (kept for kept in self.votes if kept.acting_for == person), None
        )
        self.votes = [kept for kept in self.votes if kept is not earlier]
        return earlier


def tally(
    votes: Iterable[Vote],
    *,
    approve: Quorum,
    reject: Quorum,
    veto: Iterable[Role] = (),
    stand_in: Mapping[Role, int] | None = None,
    approval_prevails: bool = False,
) -> RoundState:
    """What the votes amount to, `open` while they do not yet amount to anything.

    Somebody who asks for more information gets it at once; all else is counted as
    `runbooks.quorums` says: an approval with conditions is one, an abstention is nothing.

    One person has one vote, so a quorum is always of distinct people. Votes of stand-ins count once
    there are as many of their role as `stand_in` asks for, and then as one vote of the absent role.
    """
    cast = _with_stand_ins(list(votes), stand_in or {})
    if any(vote.verdict is Verdict.MORE_INFORMATION for vote in cast):
        return RoundState.MORE_INFORMATION
    counted = result(
        approve=approve,
        reject=reject,
        veto=veto,
        approvals=_approvals(cast),
        rejections=_rejections(cast),
        approval_prevails=approval_prevails,
    )
    return RoundState(counted.value)


def answers_to(round_: Round) -> tuple[Verdict, ...]:
    """What can be answered to the question of this round.

    A correction is decided and not asked about: its gate must have its answer before the case goes
    on. Who breaks a tie, decides over an objection or ratifies takes a side.
    """
    match round_.kind:
        case RoundKind.ASK:
            return (
                Verdict.APPROVE,
                Verdict.REJECT,
                Verdict.CONDITIONS,
                Verdict.MORE_INFORMATION,
                Verdict.ABSTAIN,
            )
        case RoundKind.CORRECTION:
            return (Verdict.APPROVE, Verdict.REJECT, Verdict.CONDITIONS, Verdict.ABSTAIN)
        case RoundKind.RATIFY:
            return (Verdict.APPROVE, Verdict.REJECT)
        case _:
            return (Verdict.APPROVE, Verdict.REJECT, Verdict.CONDITIONS)


def still_needed(round_: Round) -> dict[Party, int]:
    """How many more approvals each party owes, those that owe none left out.

    What a stand-in has approved so far is counted for the absent role.
    """
    return owed(
        round_.approve,
        approvals=_approvals(round_.votes),
        rejections=_rejections(round_.votes),
    )


def roles_of(round_: Round, rule: GateRule | None) -> tuple[Role, ...]:
    """Every role that may vote in this round now."""
    roles = dict.fromkeys(round_.asked)
    if rule is not None and round_.kind in WHOLE:
        roles.update(dict.fromkeys(rule.veto))
        roles.update(dict.fromkeys(round_.backups))
        if rule.silence.stand_in is not None and round_.stand_in_from is not None:
            roles.update(dict.fromkeys(rule.silence.stand_in.allow))
    return tuple(roles)


def _with_stand_ins(votes: list[Vote], needed: Mapping[Role, int]) -> list[Vote]:
    counted = [vote for vote in votes if vote.instead_of is None]
    for role, number in needed.items():
        standing = [vote for vote in votes if vote.instead_of is not None and vote.role == role]
        if len(standing) >= number:
            counted.append(standing[0])
    return counted


def _approvals(votes: Iterable[Vote]) -> dict[Role, int]:
    return _count(vote for vote in votes if vote.verdict.approves)


def _rejections(votes: Iterable[Vote]) -> dict[Role, int]:
    return _count(vote for vote in votes if vote.verdict is Verdict.REJECT)


def _count(votes: Iterable[Vote]) -> dict[Role, int]:
    counted: dict[Role, int] = {}
    for vote in votes:
        role = vote.instead_of or vote.on_behalf_of or vote.role
        counted[role] = counted.get(role, 0) + 1
    return counted
