"""How a case asks another one for something, with a person's signed act that names it."""

from typing import TypeVar

from pydantic import BaseModel
from temporalio import activity
from temporalio.client import RPCError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCStatusCode

from activities.failing import told_to_temporal
from activities.outside import Outside
from cases.cancelling import CancelAnswer, CancelRequest
from cases.envelope import ActEnvelope
from cases.other_cases import update_key
from cases.receipts import Reason
from cases.values import Inbound
from store import Store
from store.cases import ENDED
from workflows.effects import CANCEL_ALONG, CancelOrder
from workflows.messages import CANCEL_UPDATE

Answer = TypeVar("Answer", bound=BaseModel)


class Cancelling:
    """Hands the act that cancels a case to each of its sub-cases, once."""

    def __init__(self, outside: Outside) -> None:
        self._store = outside.store

    @activity.defn(name=CANCEL_ALONG.name)
    async def cancel_along(self, order: CancelOrder) -> CancelAnswer:
        """The sub-case's answer, the same however often it is asked."""
        request = CancelRequest(
            envelope=await envelope_of(self._store, order.act),
            number=order.number,
            shadow=order.shadow,
        )
        answer = await asked(
            order.sub_case,
            CANCEL_UPDATE,
            request,
            key=update_key("cancel", order.act),
            gives=CancelAnswer,
        )
        if answer is not None:
            return answer
        with told_to_temporal():
            row = await self._store.cases.get(order.sub_case)
            opened = await self._store.views.get(order.sub_case)
        if row.status in ENDED:
            return CancelAnswer(accepted=True)
        if opened is None:
            return CancelAnswer(accepted=False, reason=Reason.NO_SUCH_CASE)
        # Its last entries are still being written, or it is about to start: soon it is clear.
        kind = "CaseNotRunning"
        raise ApplicationError(kind, type=kind)


async def envelope_of(store: Store, act: str) -> ActEnvelope:
    """The signed act, as the door stored it."""
    with told_to_temporal():
        return (await store.acts.show(act)).envelope


async def asked(
    case: str, update: str, request: Inbound, *, key: str, gives: type[Answer]
) -> Answer | None:
    """The case's answer; None when no such case runs."""
    handle = activity.client().get_workflow_handle(case)
    try:
        answer: Answer = await handle.execute_update(update, request, id=key, result_type=gives)
    except RPCError as error:
        # Any other answer, also that no worker can go on with it, is no answer of that case yet.
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    except WorkflowUpdateFailedError as error:
        # The run ended, or went on as a new one, under the update: asked again, it is clear.
        kind = "CaseEnding"
        raise ApplicationError(kind, type=kind) from error
    return answer
