"""An action is carried out by its connected system, or becomes a person's task (I9)."""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failing import told_to_temporal
from activities.on_record import speaking_for
from activities.outside import Outside
from activities.permitted import permitted
from activities.reports import hand_in
from integrations.ports.access import Decision
from integrations.ports.actions import ActionOrder
from workflows.effects import PERFORM, EffectOrder, EffectResult, EffectState, ReportOrder

MANUAL = "manual"
WEBHOOK = "webhook"
NOT_CONNECTED = "NotConnected"


def asked(result: EffectResult, decision: Decision | None) -> EffectResult:
    """The result, with the policies that were asked about it."""
    if decision is None:
        return result
    return result.model_copy(update={"policies": decision.policies, "policy": decision.digest})


class Performing:
    """Orders actions from connectors."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    @activity.defn(name=PERFORM.name)
    async def perform_effect(self, order: EffectOrder) -> EffectResult:
        """The action is done, or handed to a person. The same key is never ordered twice knowingly.

        An attempt after a crash sends the same key again: the receiver keeps its ids. What must be
        in the transparency log before is in it by then, and the result carries its proof.
        """
        with told_to_temporal():
            decision = await permitted(self._outside, order)
        if decision is not None and not decision.allowed:
            why = "; ".join(decision.says) or "no policy permits it"
            result = EffectResult(state=EffectState.FAILED, detail=f"kept back by a policy: {why}")
            return asked(result, decision)
        logged = ""
        if order.entry:
            with told_to_temporal():
                logged = await self._outside.intents.logged(order.case, order.entry, at=order.at)
        result = asked(await self._perform(order), decision)
        return result.model_copy(update={"logged": logged}) if logged else result

    async def _perform(self, order: EffectOrder) -> EffectResult:
        if order.report is not None:
            return await self._report(order, order.report)
        how, _, connector = order.by.partition(":")
        if how == MANUAL:
            return EffectResult(state=EffectState.MANUAL)
        actions = self._outside.connectors.get(connector)
        if how != WEBHOOK or actions is None:
            # Never a quiet manual task: a runbook that counts on a connector must hear of it.
            raise ApplicationError(NOT_CONNECTED, type=NOT_CONNECTED, non_retryable=True)
        effects = self._outside.store.effects
        with told_to_temporal(), speaking_for(self._outside.store, order):
            attempt = await effects.begin(order.key, case=order.case, at=order.at)
            if attempt.result is not None:
                return EffectResult.model_validate(attempt.result)
            receipt = await actions.act(
                ActionOrder(
                    name=order.name,
                    title=order.title,
                    case_number=order.number,
                    key=order.key,
                    facts=order.facts,
                    part=order.part,
                    set_for=order.set_for,
                    ordered_at=order.at,
                )
            )
            result = EffectResult(
                state=EffectState.DONE,
                reference=receipt.reference,
                detail=receipt.detail,
                found=receipt.found,
            )
            kept = await effects.remember(
                order.key, case=order.case, result=result.model_dump(mode="json"), at=order.at
            )
        return EffectResult.model_validate(kept)

    async def _report(self, order: EffectOrder, report: ReportOrder) -> EffectResult:
        """The report is handed in once: an attempt after a success finds its receipt (I9)."""
        effects = self._outside.store.effects
        with told_to_temporal(), speaking_for(self._outside.store, order):
            attempt = await effects.begin(order.key, case=order.case, at=order.at)
            if attempt.result is not None:
                return EffectResult.model_validate(attempt.result)
            result = await hand_in(self._outside, order, report)
            if result.state is not EffectState.DONE:
                return result
            kept = await effects.remember(
                order.key, case=order.case, result=result.model_dump(mode="json"), at=order.at
            )
        return EffectResult.model_validate(kept)
