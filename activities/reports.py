"""A report is handed in as it was approved, or becomes a person's task with the draft to send."""

import hashlib
import hmac

from pydantic import JsonValue
from temporalio.exceptions import ApplicationError

from activities.outside import Outside
from cases.drafts.dsa_json import items_of
from cases.drafts.record import Draft
from integrations.errors import FieldsRefusedError
from integrations.ports.reporting import Submission
from store import Store
from workflows.effects import EffectOrder, EffectResult, EffectState, ReportOrder

BY = "report"
OTHER_DRAFT = "OtherDraft"
NOT_SWITCHED_ON = "no connector is switched on: hand in the draft, then record the receipt"


class KeptSteps:
    """Steps of one submission, sealed in the store under keys of their own."""

    def __init__(self, store: Store, order: EffectOrder) -> None:
        self._store = store
        self._order = order

    async def taken(self) -> list[dict[str, JsonValue]]:
        """Every step on record, oldest first."""
        steps: list[dict[str, JsonValue]] = []
        while (step := await self._store.effects.recall(self._key(len(steps)))) is not None:
            steps.append(step)
        return steps

    async def take(self, step: dict[str, JsonValue]) -> None:
        """The step is on record."""
        number = len(await self.taken())
        order = self._order
        await self._store.effects.remember(
            self._key(number), case=order.case, result=step, at=order.at
        )

    def _key(self, number: int) -> str:
        return f"{self._order.key}/step/{number}"


async def hand_in(outside: Outside, order: EffectOrder, report: ReportOrder) -> EffectResult:
    """The authority has the report, or a person is to hand it in; never another than approved."""
    draft = Draft(form=report.form, version=report.version, fields=report.fields)
    if draft.digest != report.digest:
        raise ApplicationError(OTHER_DRAFT, type=OTHER_DRAFT, non_retryable=True)
    connector = outside.reporting.get(report.form)
    if connector is None:
        detail = NOT_SWITCHED_ON if draft.rules.submitted else ""
        return EffectResult(state=EffectState.MANUAL, detail=detail)
    keys = await outside.store.vault.keys(order.case)
    submission = Submission(
        draft=draft,
        case_number=order.number,
        names=_names(keys.salt, order.key, items_of(draft)),
        ordered_at=order.at,
    )
    try:
        receipt = await connector.submit(submission, KeptSteps(outside.store, order))
    except FieldsRefusedError as error:
        # Names of fields are ours to say; what stands in them is not (I13).
        return EffectResult(
            state=EffectState.FAILED, detail=f"not taken as filled in: {', '.join(error.fields)}"
        )
    return EffectResult(state=EffectState.DONE, reference=receipt.reference, detail=receipt.detail)


def _names(salt: bytes, key: str, items: tuple[str, ...]) -> tuple[str, ...]:
    """A name for each item, or one for the report: nobody can guess the case from it."""
    return tuple(
        hmac.new(salt, f"report|{key}|{item}".encode(), hashlib.sha256).hexdigest()[:40]
        for item in items or ("",)
    )
