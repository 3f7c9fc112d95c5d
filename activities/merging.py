"""A case asks another one, with a person's signed act, to become part of it, or tells it so."""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failing import told_to_temporal
from activities.other_cases import asked, envelope_of
from activities.outside import Outside
from cases.merging import BackAnswer, BackRequest, MergeAnswer, MergeRequest
from cases.merging_away import contributions
from cases.other_cases import update_key
from cases.receipts import Reason
from cases.state import CasePicture
from workflows.effects import GIVE_BACK, MERGE_AWAY, GiveBackOrder, MergeOrder
from workflows.messages import BACK_UPDATE, MERGE_UPDATE


class Merging:
    """Hands a signed act of one case to another, once; a case that has ended is read instead."""

    def __init__(self, outside: Outside) -> None:
        self._store = outside.store

    @activity.defn(name=MERGE_AWAY.name)
    async def merge_away(self, order: MergeOrder) -> MergeAnswer:
        """The other case's answer, the same however often it is asked."""
        request = MergeRequest(
            envelope=await envelope_of(self._store, order.act),
            number=order.number,
            clocks=order.clocks,
            need_to_know=order.need_to_know,
            shadow=order.shadow,
        )
        answer = await asked(
            order.loser,
            MERGE_UPDATE,
            request,
            key=update_key("merge", order.act),
            gives=MergeAnswer,
        )
        return answer if answer is not None else await self._ended(order)

    @activity.defn(name=GIVE_BACK.name)
    async def give_back(self, order: GiveBackOrder) -> BackAnswer:
        """The other case knows; one that has ended keeps its sealed record as it is."""
        request = BackRequest(envelope=await envelope_of(self._store, order.act))
        answer = await asked(
            order.winner, BACK_UPDATE, request, key=update_key("merge", order.act), gives=BackAnswer
        )
        return answer if answer is not None else BackAnswer(became="closed")

    async def _ended(self, order: MergeOrder) -> MergeAnswer:
        """No workflow answers: what the case's own record says of the act."""
        with told_to_temporal():
            view = await self._store.views.get(order.loser)
        if view is None:
            return MergeAnswer(accepted=False, reason=Reason.NO_SUCH_CASE)
        state = CasePicture.of(view.state)
        if state.merged is not None and state.merged.act == order.act:
            return contributions(state)
        if state.closed:
            return MergeAnswer(accepted=False, reason=Reason.CLOSED)
        # Its last entries are still being written, or it is about to start: soon it is clear.
        kind = "CaseNotRunning"
        raise ApplicationError(kind, type=kind)
