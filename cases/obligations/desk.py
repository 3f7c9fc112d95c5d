"""The desk of an obligation: a turn is settled or extended by a signed act, and by nothing else."""

from datetime import datetime

from cases.acts import Extend, Settle
from cases.envelope import Act
from cases.file import INCIDENT_MANAGER, Tell
from cases.journal import Kind
from cases.notice import Purpose
from cases.obligations.answers import Answer, answers_of, extends, roles_of
from cases.obligations.schedule import move_due, next_after, open_turn
from cases.obligations.state import KEPT_ANSWERS, ObligationFile, TurnAnswer
from cases.receipts import Outcome, Reason
from cases.reception import Reception
from cases.refusal import Refusal, not_yours, refused
from cases.values import spoken
from runbooks.plan import OwedKind


class ObligationDesk(Reception):
    """Takes acts for one obligation and trusts one root key."""

    def __init__(self, file: ObligationFile, *, root: bytes) -> None:
        super().__init__(file, root=root)
        self._owed = file

    def apply(self, act: Act, *, key: str, commitment: str, at: datetime) -> None:
        """The turn is settled or extended; Refusal says why not."""
        del key
        body = act.body
        if not isinstance(body, Settle | Extend):
            raise refused(Reason.MALFORMED, f"{body.verb} is for the case")
        self._must_be_the_turn(act, body)
        if isinstance(body, Settle):
            self._settle(act, body, commitment=commitment, at=at)
        else:
            self._extend(act, body, commitment=commitment, at=at)

    def record_ended(self, *, at: datetime) -> None:
        """The last entry is written: it says how many there are."""
        state = self._owed.state
        self.count_refusals(at=at, ending=True)
        state.ended_at = at
        self._owed.note(
            Kind.OBLIGATION_ENDED,
            at,
            obligation=state.plan.name,
            answer=state.settled_by.answer if state.settled_by is not None else None,
            turns=state.turn,
            entries=state.journal.sequence + 1,
        )

    def _must_be_the_turn(self, act: Act, body: Settle | Extend) -> None:
        state = self._owed.state
        if body.obligation != state.plan.name:
            raise refused(Reason.NO_SUCH_OBLIGATION, body.obligation)
        allowed = roles_of(state.plan)
        if act.role not in allowed:
            raise not_yours(Reason.ROLE, f"this is for {' or '.join(allowed)}")
        if act.actor.person in state.conflicts:
            raise not_yours(Reason.CONFLICTED)
        if state.settled_by is not None:
            raise Refusal(Outcome.ALREADY_DECIDED, Reason.DECIDED, state.settled_by.answer)
        if body.turn != state.turn:
            raise Refusal(Outcome.SUPERSEDED, Reason.OLD_TURN, f"turn {state.turn} is asked now")

    def _settle(self, act: Act, body: Settle, *, commitment: str, at: datetime) -> None:
        state = self._owed.state
        plan = state.plan
        known = answers_of(plan)
        answer = known.get(body.answer)
        if answer is None:
            raise refused(Reason.BAD_ANSWER, f"one of: {', '.join(known)}")
        if answer.confirms and act.role != plan.confirm:
            raise not_yours(Reason.ROLE, f"this is for {plan.confirm}")
        self._must_hold(answer, body, at=act.signed_at)
        given = TurnAnswer(
            turn=state.turn,
            due_at=state.due_at,
            answer=body.answer,
            by=act.actor.person,
            role=act.role,
            at=act.signed_at,
            reference=body.reference,
            note=body.note,
        )
        state.answers = [*state.answers, given][-KEPT_ANSWERS:]
        self._owed.note(
            Kind.OBLIGATION_SETTLED,
            at,
            obligation=plan.name,
            turn=state.turn,
            answer=body.answer,
            reference=body.reference or None,
            note=body.note or None,
            **_signed(act),
            input=commitment,
        )
        if answer.raises:
            self._owed.wishes.append(Tell(Purpose.RAISED, INCIDENT_MANAGER, step=body.answer))
        if answer.at_once:
            open_turn(self._owed, due_at=at, at=at)
        elif answer.again and plan.every is not None:
            state.renewals += 1
            following = next_after(state.due_at, every=plan.every, at=at)
            open_turn(self._owed, due_at=following, at=at)
        else:
            state.settled_by = given

    def _must_hold(self, answer: Answer, body: Settle, *, at: datetime) -> None:
        state = self._owed.state
        if answer.when_due and at < state.due_at:
            raise refused(Reason.NOT_DUE, f"not before {spoken(state.due_at)}")
        told = body.note.strip() or (answer.receipt and body.reference.strip())
        if answer.needs_note and not told:
            raise refused(Reason.REASON_REQUIRED)
        most = state.plan.renewals
        full = most is not None and state.renewals >= most
        if answer.again and state.plan.kind is OwedKind.HOLD and full:
            raise refused(Reason.NO_RENEWAL, f"renewed {state.renewals} times already")

    def _extend(self, act: Act, body: Extend, *, commitment: str, at: datetime) -> None:
        state = self._owed.state
        if not body.reason.strip():
            raise refused(Reason.REASON_REQUIRED)
        if not extends(state.plan):
            raise refused(Reason.TOO_FAR, "an interim rule is confirmed or replaced, not extended")
        if body.until <= max(state.due_at, at):
            raise refused(Reason.UNCHANGED, f"it is due {spoken(state.due_at)}")
        latest = state.first_due + state.plan.extend
        if body.until > latest:
            raise refused(Reason.TOO_FAR, f"at the latest {spoken(latest)}")
        self._owed.note(
            Kind.OBLIGATION_EXTENDED,
            at,
            obligation=state.plan.name,
            turn=state.turn,
            before=state.due_at.isoformat(),
            due=body.until.isoformat(),
            reason=body.reason,
            **_signed(act),
            input=commitment,
        )
        move_due(state, until=body.until, at=at)


def _signed(act: Act) -> dict[str, str]:
    return {
        "by": act.actor.person,
        "role": act.role,
        "act": act.act,
        "assurance": act.assurance.value,
        "door": act.door.value,
        "signed": act.signed_at.isoformat(),
    }
