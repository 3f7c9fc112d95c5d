"""Acts at a gate: a verdict, its withdrawal, an objection."""

from datetime import datetime

from cases.acts import Decide, Dissent, Verdict, Withdraw
from cases.call_back import must_be_called_back
from cases.drafts.standing import must_be_complete
from cases.dual_control import must_be_orderable
from cases.envelope import Act, RoundBinding
from cases.file import INCIDENT_MANAGER, CaseFile
from cases.gate import WHOLE, Round, RoundKind, RoundState, Vote, answers_to
from cases.handlers.checks import body_of, must_give_reason, must_not_be_held
from cases.independence import kept_out
from cases.journal import Kind
from cases.notice import Purpose
from cases.objection import ask_higher_role, can_be_disputed, go_back
from cases.outcomes import settle_round
from cases.people import human, is_conflicted
from cases.receipts import Outcome, Reason
from cases.records import DissentRecord
from cases.refusal import Refusal, not_yours, refused
from cases.rounds import close, memo_missing
from cases.rules import all_roles, dissent_role, may_vote
from runbooks.plan import GateRule

LEVELS = ("L0", "L1", "L2", "L3")


def decide(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The vote counts; if it was the last one needed, the gate has its outcome."""
    body = body_of(act, Decide)
    rule = rule_at(file, body.gate)
    round_ = bound_round(file, body.gate, act.binding, rule)
    _in_time(round_, act)
    must_not_be_held(file)
    principal = act.actor.acting_for
    acting_for = principal.person if principal is not None else None
    barred = may_vote(
        file,
        round_,
        person=act.actor.person,
        role=act.role,
        also=act.actor.names,
        acting_for=acting_for,
    )
    if barred:
        raise not_yours(Reason(barred))
    if body.verdict not in answers_to(round_):
        raise refused(Reason.NO_SUCH_OUTCOME, f"one of: {', '.join(answers_to(round_))}")
    _conditions_stand(file, body, at=act.signed_at)
    if LEVELS.index(act.assurance.value) < LEVELS.index(rule.assurance.value):
        raise refused(Reason.ASSURANCE, f"this gate needs {rule.assurance.value}")
    if rule.device_bound:
        _is_device_bound(act)
    needs_reason = body.verdict is Verdict.MORE_INFORMATION or (
        body.verdict is Verdict.REJECT and rule.reject_reason
    )
    if needs_reason:
        must_give_reason(body.reason)
    stand_in = rule.silence.stand_in
    instead_of = None
    if stand_in is not None and act.role in stand_in.allow and act.role not in round_.approving:
        side = Verdict.APPROVE if body.verdict.approves else body.verdict
        if side.value != stand_in.only:
            raise refused(Reason.ROLE, f"a stand-in may only {stand_in.only}")
        instead_of = stand_in.instead_of
    on_behalf_of = None
    if act.role not in round_.approving and round_.kind in WHOLE:
        on_behalf_of = round_.backups.get(act.role)
    if body.verdict.approves and round_.kind is not RoundKind.RATIFY:
        must_be_called_back(file.state, file.pathway.stage(body.gate), "approved")
        must_be_complete(file, body.gate)
        must_be_orderable(file, file.pathway.stage(body.gate), "approved", at=act.signed_at)
    also = tuple(sorted(act.actor.names - {act.actor.person}))
    earlier = round_.cast(
        Vote(
            person=act.actor.person,
            role=act.role,
            verdict=body.verdict,
            reason=body.reason,
            at=act.signed_at,
            act=act.act,
            assurance=act.assurance,
            door=act.door.value,
            key=key,
            instead_of=instead_of,
            on_behalf_of=on_behalf_of,
            acting_for=acting_for,
            also=also,
            conditions=body.conditions,
        )
    )
    file.note(
        Kind.VOTE_CAST,
        at,
        gate=round_.gate,
        round=round_.number,
        who=act.actor.person,
        role=act.role,
        verdict=body.verdict.value,
        reason=body.reason or None,
        instead_of=instead_of,
        on_behalf_of=on_behalf_of,
        acting_for=acting_for,
        also=list(also) or None,
        conditions=len(body.conditions) or None,
        replaces=earlier.act if earlier is not None else None,
        assurance=act.assurance.value,
        door=act.door.value,
        act=act.act,
        key=key,
        signed=act.signed_at.isoformat(),
        policies=list(act.authorised.policies) if act.authorised is not None else None,
        policy=act.authorised.digest if act.authorised is not None else None,
        input=commitment,
    )
    settle_round(file, round_, at=at)
    if body.verdict is Verdict.ABSTAIN and round_.state is RoundState.OPEN:
        # Whoever else holds the role must know that it is now on them.
        file.tell(Purpose.ASK, act.role, stage=round_.gate, round_=round_.number, step="abstention")


def withdraw(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The person's vote no longer counts; the round is still open."""
    del key
    body = body_of(act, Withdraw)
    round_ = bound_round(file, body.gate, act.binding, rule_at(file, body.gate))
    _in_time(round_, act)
    must_not_be_held(file)
    principal = act.actor.acting_for
    taken = round_.take_back(act.actor.person if principal is None else principal.person)
    if taken is None:
        raise refused(Reason.NO_VOTE)
    file.note(
        Kind.VOTE_WITHDRAWN,
        at,
        gate=round_.gate,
        round=round_.number,
        who=act.actor.person,
        vote=taken.act,
        voter=taken.person if taken.person != act.actor.person else None,
        reason=body.reason or None,
        act=act.act,
        input=commitment,
    )


def dissent(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The objection is on record; where the gate names a higher role, that role decides now."""
    del key
    body = body_of(act, Dissent)
    rule = rule_at(file, body.gate)
    round_ = _disputed(file, act, body.gate) or bound_round(file, body.gate, act.binding, rule)
    must_not_be_held(file)
    who = act.actor.person
    if round_.kind not in WHOLE:
        raise refused(Reason.NO_DISSENT, "somebody has objected, or opinions are split, already")
    if dissent_role(file, round_, person=who, roles=frozenset({act.role})) is None:
        names = human(file.state, act.actor.own_names)
        if names & kept_out(file, file.pathway.stage(body.gate)):
            raise not_yours(Reason.NOT_INDEPENDENT)
        conflicted = is_conflicted(file.state, names)
        raise not_yours(Reason.CONFLICTED if conflicted else Reason.ROLE)
    must_give_reason(body.reason)
    file.state.dissents.append(
        DissentRecord(
            gate=body.gate,
            round=round_.number,
            person=act.actor.person,
            role=act.role,
            reason=body.reason,
            at=act.signed_at,
        )
    )
    file.note(
        Kind.DISSENT_FILED,
        at,
        gate=body.gate,
        round=round_.number,
        who=act.actor.person,
        role=act.role,
        act=act.act,
        input=commitment,
    )
    if rule.dissent is None:
        file.tell(Purpose.INFORMATION, INCIDENT_MANAGER, stage=body.gate)
        return
    if round_.state is not RoundState.OPEN:
        go_back(file, round_, at=at)
        return
    close(file, round_, RoundState.SPLIT, at=at, because="dissent")
    ask_higher_role(file, file.pathway.stage(body.gate), at=at)


def _disputed(file: CaseFile, act: Act, gate: str) -> Round | None:
    """The decided round the act objects to, where it can still be overruled."""
    binding = act.binding
    if binding is None or binding.gate != gate:
        return None
    return next(
        (
            item
            for item in file.state.rounds
            if (item.gate, item.number, item.nonce) == (gate, binding.round, binding.nonce)
            and can_be_disputed(file, item)
        ),
        None,
    )


def rule_at(file: CaseFile, gate: str) -> GateRule:
    """The rule of the gate; refused where the runbook has no such gate."""
    rule = file.gate_rule(gate)
    if rule is None:
        raise refused(Reason.NO_SUCH_STAGE, gate)
    return rule


def bound_round(file: CaseFile, gate: str, binding: RoundBinding | None, rule: GateRule) -> Round:
    """The round the act was shown, if it is still the one that is open (I5)."""
    if binding is None or binding.gate != gate:
        raise refused(Reason.MALFORMED, "the act names another gate's round")
    current = file.state.round_of(gate)
    if current is None:
        missing = memo_missing(file, gate, rule)
        if missing:
            raise refused(Reason.MEMO_INCOMPLETE, ", ".join(missing))
        raise refused(Reason.NO_ROUND)
    round_ = next(
        (item for item in file.state.rounds if item.gate == gate and item.number == binding.round),
        None,
    )
    if round_ is None:
        raise refused(Reason.NO_ROUND, f"round {binding.round}")
    if round_.nonce != binding.nonce:
        raise refused(Reason.WRONG_NONCE)
    match round_.state:
        case RoundState.OPEN:
            if (binding.revision, binding.content_hash) != (round_.revision, round_.content_hash):
                raise Refusal(Outcome.SUPERSEDED, Reason.OLD_ROUND)
            return round_
        case RoundState.SUPERSEDED:
            newer = current.number if current is not round_ else current.number + 1
            raise Refusal(Outcome.SUPERSEDED, Reason.OLD_ROUND, f"round {newer} is asked")
        case RoundState.SILENT:
            raise Refusal(Outcome.TOO_LATE, Reason.AFTER_DEADLINE)
        case _:
            people = ", ".join(vote.person for vote in round_.votes)
            raise Refusal(Outcome.ALREADY_DECIDED, Reason.DECIDED, people)


def _is_device_bound(act: Act) -> None:
    """The key the person signed with cannot leave its device, by a word that is believed."""
    key = act.personal.key if act.personal is not None else None
    if key is None or not key.device_bound:
        raise refused(Reason.SYNCED_KEY)
    if key.unlisted:
        raise refused(Reason.UNLISTED_KEY)


def _conditions_stand(file: CaseFile, body: Decide, *, at: datetime) -> None:
    """An approval with conditions names them, each with a known owner and time; no other does."""
    if (body.verdict is Verdict.CONDITIONS) != bool(body.conditions):
        raise refused(Reason.NO_CONDITIONS)
    roles = all_roles(file.pathway)
    for condition in body.conditions:
        if condition.owner not in roles:
            raise refused(Reason.NO_CONDITIONS, f"this runbook has {', '.join(roles)}")
        if condition.due <= at:
            raise refused(Reason.NO_CONDITIONS, "a condition is due at an instant that lies ahead")


def _in_time(round_: Round, act: Act) -> None:
    """Expiry compares the door's instant, not the moment the act arrived (I18)."""
    if round_.expires_at is not None and act.signed_at > round_.expires_at:
        raise Refusal(Outcome.TOO_LATE, Reason.AFTER_DEADLINE, round_.expires_at.isoformat())
