"""Acts about a decision that has been given, or that nobody is there to give."""

from datetime import datetime

from cases.acts_at_gates import BreakGlass, Revoke
from cases.call_back import must_be_called_back
from cases.correction import can_be_revoked, carried, take_back
from cases.drafts.standing import must_be_complete
from cases.dual_control import must_be_orderable
from cases.envelope import Act
from cases.file import DUTY_MANAGER, CaseFile
from cases.gate import GlassHand, Revoked, Round, RoundKind, RoundState
from cases.handlers.approval import LEVELS, bound_round, rule_at
from cases.handlers.checks import body_of, must_give_reason, must_have_role, must_not_be_held
from cases.journal import Kind
from cases.notice import Purpose
from cases.outcomes import break_the_glass
from cases.people import human
from cases.receipts import Outcome, Reason
from cases.refusal import Refusal, not_yours, refused
from cases.rules import may_decide
from runbooks.plan import Assurance

GLASS_NEEDS = Assurance.L2
"""Whoever breaks the glass proves themselves with a second factor, whatever the gate asks."""


def revoke(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The decision the person's verdict carried does not stand any more; the gate decides anew."""
    del key
    body = body_of(act, Revoke)
    rule_at(file, body.gate)
    round_ = _decided(file, act, body.gate)
    must_not_be_held(file)
    who = act.actor.person
    principal = act.actor.acting_for
    vote = round_.vote_under(act.actor.names)
    if vote is None:
        raise refused(Reason.NO_VOTE)
    if vote.role != act.role:
        raise not_yours(Reason.ROLE, f"you voted as {vote.role}")
    if not carried(round_, vote):
        raise refused(Reason.NOT_CARRIED, round_.state.value)
    must_give_reason(body.reason)
    file.note(
        Kind.DECISION_REVOKED,
        at,
        gate=round_.gate,
        round=round_.number,
        was=round_.state.value,
        who=who,
        role=act.role,
        acting_for=principal.person if principal is not None else None,
        reason=body.reason,
        act=act.act,
        signed=act.signed_at.isoformat(),
        input=commitment,
    )
    take_back(file, round_, taken_back_by(act, body.reason), at=at)


def break_glass(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The first person waits for a second one; with the second the gate is passed."""
    del key
    body = body_of(act, BreakGlass)
    rule = rule_at(file, body.gate)
    glass = rule.break_glass
    if glass is None:
        raise refused(Reason.NO_BREAK_GLASS)
    round_ = bound_round(file, body.gate, act.binding, rule)
    if round_.kind is not RoundKind.ASK:
        raise refused(Reason.NO_BREAK_GLASS, "this question is for one role, or corrects another")
    if round_.expires_at is not None and act.signed_at > round_.expires_at:
        raise Refusal(Outcome.TOO_LATE, Reason.AFTER_DEADLINE, round_.expires_at.isoformat())
    must_not_be_held(file)
    must_have_role(file, act, of=glass.by)
    names = human(file.state, act.actor.own_names)
    barred = may_decide(file, body.gate, names)
    if barred:
        raise not_yours(Reason(barred))
    needed = max(LEVELS.index(rule.assurance.value), LEVELS.index(GLASS_NEEDS.value))
    if LEVELS.index(act.assurance.value) < needed:
        raise refused(Reason.ASSURANCE, f"breaking the glass needs {LEVELS[needed]}")
    must_give_reason(body.reason)
    stage = file.pathway.stage(body.gate)
    must_be_called_back(file.state, stage, "approved")
    must_be_complete(file, body.gate)
    must_be_orderable(file, stage, "approved", at=act.signed_at)
    waiting = [hand for hand in round_.glass if act.signed_at <= hand.until]
    if any(names & hand.names for hand in waiting):
        raise not_yours(Reason.SAME_PERSON, "a second person must say the same")
    hand = GlassHand(
        person=act.actor.person,
        role=act.role,
        reason=body.reason,
        at=act.signed_at,
        until=waiting[0].until if waiting else act.signed_at + glass.within,
        act=act.act,
        also=tuple(sorted(act.actor.own_names - {act.actor.person})),
    )
    # A first hand whose time is over is nobody's word any more.
    round_.glass = [*waiting, hand]
    file.note(
        Kind.GLASS_BEGUN,
        at,
        gate=round_.gate,
        round=round_.number,
        who=act.actor.person,
        role=act.role,
        also=list(hand.also) or None,
        until=hand.until.isoformat(),
        assurance=act.assurance.value,
        reason=body.reason,
        act=act.act,
        signed=act.signed_at.isoformat(),
        input=commitment,
    )
    if waiting:
        break_the_glass(file, round_, at=at)
        return
    for role in dict.fromkeys((*glass.by, DUTY_MANAGER)):
        file.tell(Purpose.RAISED, role, stage=round_.gate, round_=round_.number, step="glass")


def _decided(file: CaseFile, act: Act, gate: str) -> Round:
    """The decided round the act is about, if it is the gate's last word and was shown as such."""
    binding = act.binding
    if binding is None or binding.gate != gate:
        raise refused(Reason.MALFORMED, "the act names another gate's round")
    round_ = next(
        (item for item in file.state.rounds if (item.gate, item.number) == (gate, binding.round)),
        None,
    )
    if round_ is None:
        raise refused(Reason.NO_ROUND, f"round {binding.round}")
    if round_.nonce != binding.nonce:
        raise refused(Reason.WRONG_NONCE)
    if round_.state is RoundState.OPEN:
        raise refused(Reason.NOT_CARRIED, "it is still open: take your verdict back")
    if not can_be_revoked(file, round_):
        raise Refusal(Outcome.SUPERSEDED, Reason.OLD_ROUND)
    return round_


def taken_back_by(act: Act, reason: str) -> Revoked:
    """That a decision was taken back by the act, and why."""
    return Revoked(by=act.actor.person, role=act.role, reason=reason, at=act.signed_at, act=act.act)
