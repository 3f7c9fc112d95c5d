"""The desk of a case: an act that holds is handed to the handler of its verb."""

from datetime import datetime

from cases.acts import BOUND_VERBS, DELEGABLE_VERBS, OBLIGATION_VERBS
from cases.envelope import Act
from cases.file import CaseFile
from cases.handlers import HANDLERS
from cases.people import remember
from cases.receipts import Outcome, Reason
from cases.reception import Reception
from cases.refusal import Refusal, not_yours, refused


class Desk(Reception):
    """Takes acts for one case and trusts one root key."""

    def __init__(self, file: CaseFile, *, root: bytes) -> None:
        super().__init__(file, root=root)
        self._case = file

    def apply(self, act: Act, *, key: str, commitment: str, at: datetime) -> None:
        """The act has taken effect on the case; Refusal says why not."""
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
