"""The desk of a case: an act that holds is handed to the handler of its verb."""

from datetime import datetime

from cases import leases
from cases.acts import BOUND_VERBS, DELEGABLE_VERBS, ENDED_VERBS, OBLIGATION_VERBS
from cases.claims import renew
from cases.envelope import Act, ActEnvelope, RefusedEnvelope, verify_envelope
from cases.file import CaseFile
from cases.handlers import HANDLERS
from cases.merging_away import unmerge
from cases.people import remember
from cases.receipts import ActReceipt, Outcome, Reason
from cases.reception import Reception
from cases.refusal import Refusal, not_yours, refused
from cases.reopening import must_be_of_this_life, reopen


class Desk(Reception):
    """Takes acts for one case and trusts one root key."""

    def __init__(self, file: CaseFile, *, root: bytes) -> None:
        super().__init__(file, root=root)
        self._case = file

    def apply(self, act: Act, *, key: str, commitment: str, at: datetime) -> None:
        """The act has taken effect on the case; Refusal says why not."""
        must_be_of_this_life(self._case.state, act)
        if act.body.verb in ENDED_VERBS:
            raise refused(Reason.NOT_CLOSED)
        ending = self._case.state.closing_act
        if ending is not None:
            # Accepted and on its way: the case ends by that act and takes no other.
            raise Refusal(Outcome.ALREADY_DECIDED, Reason.DECIDED, ending.disposition)
        if act.body.verb in BOUND_VERBS and act.binding is None:
            raise Refusal(Outcome.REFUSED, Reason.MALFORMED, "the act names no round")
        if act.body.verb in OBLIGATION_VERBS:
            # What is owed has a workflow of its own; while the case runs there is none.
            raise refused(Reason.NO_SUCH_OBLIGATION)
        if act.actor.acting_for is not None and act.body.verb not in DELEGABLE_VERBS:
            raise not_yours(Reason.NOT_DELEGABLE)
        HANDLERS[act.body.verb](self._case, act, key=key, commitment=commitment, at=at)
        remember(self._case, act.actor)
        renew(self._case.state, act.actor.person, at=at)
        leases.renew(self._case, act, at=at)

    def reopen(
        self, envelope: ActEnvelope, *, owed: tuple[str, ...], start: str, at: datetime
    ) -> None:
        """The case goes on if the act proves that it may; otherwise it is as closed as before.

        Nothing is recorded of what proves nothing: the journal of a closed case is sealed. The
        same act comes again as an update, and has this answer.
        """
        state = self._case.state
        commitment = self._case.record.commit(envelope)
        try:
            act = verify_envelope(
                envelope, case=state.case, root=self._root, revoked=frozenset(state.revoked_keys)
            )
            again = unmerge if act.body.verb == "unmerge" else reopen
            again(self._case, act, owed=owed, commitment=commitment, start=start, at=at)
        except (RefusedEnvelope, Refusal):
            return
        state.receipts[act.act] = ActReceipt(
            act=act.act,
            outcome=Outcome.ACCEPTED,
            signed_at=act.signed_at,
            applied_at=at,
            sequence=state.journal.sequence,
        )
