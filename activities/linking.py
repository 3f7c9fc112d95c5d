"""A case goes on as another one: through the same door as any report, so it cannot be lost."""

import json

from temporalio import activity

from activities.failing import told_to_temporal
from activities.outside import Outside
from cases.answers import FIELD
from cases.report import Source
from store import DeliveryConflict, UnknownRow
from store.cases import ENDED
from workflows.effects import (
    LOOK_AT_CHILDREN,
    OPEN_LINKED,
    SPLIT_OFF,
    Children,
    ChildrenOrder,
    Linked,
    LinkOrder,
    SplitOrder,
)

INSTANCE = "escalate"
OPENED = "escalate.report.opened"


class Linking:
    """Puts a delivery of our own making into the door's book."""

    def __init__(self, outside: Outside) -> None:
        self._store = outside.store

    @activity.defn(name=OPEN_LINKED.name)
    async def open_linked_case(self, order: LinkOrder) -> Linked:
        """The other case is in the store under its number; the dispatcher starts or tells it."""
        with told_to_temporal():
            if order.attach_to is not None:
                return await self._attach(order, order.attach_to)
            return await self._open(order, order.runbook or "")

    @activity.defn(name=SPLIT_OFF.name)
    async def split_off_report(self, order: SplitOrder) -> Linked:
        """The report has a case of its own, with all its deliveries; the dispatcher starts it."""
        with told_to_temporal():
            try:
                row = await self._store.splitting.split(
                    order.delivery, because="a person took it out", at=order.at
                )
            except UnknownRow:
                return Linked(failed="no-such-report")
            return Linked(case=row.id, number=row.number)

    @activity.defn(name=LOOK_AT_CHILDREN.name)
    async def look_at_sub_cases(self, order: ChildrenOrder) -> Children:
        """Which of the sub-cases have not ended."""
        with told_to_temporal():
            rows = [await self._store.cases.by_number(number) for number in order.sub_cases]
        return Children(
            open=tuple(row.number for row in rows if row is not None and row.status not in ENDED)
        )

    async def _open(self, order: LinkOrder, runbook: str) -> Linked:
        known = {f"{FIELD}{name}": value for name, value in sorted(order.answers.items())}
        fields = {"move-to": runbook, "moved-from": order.number, **known}
        body = self._body(order, fields=fields)
        accepted = await self._store.deliveries.accept(
            key=f"linked/{order.key}",
            source=Source.LINKED.value,
            instance=INSTANCE,
            external_id=order.key,
            body=body,
            at=order.at,
        )
        if isinstance(accepted, DeliveryConflict):
            return Linked(failed="delivery-conflict")
        return Linked(case=accepted.case, number=accepted.number, runbook=runbook)

    async def _attach(self, order: LinkOrder, number: str) -> Linked:
        target = await self._store.cases.by_number(number)
        if target is None:
            return Linked(number=number, failed="no-such-case")
        accepted = await self._store.deliveries.accept(
            key=f"attached/{order.key}",
            source=target.source,
            instance=target.instance,
            external_id=target.external_id,
            body=self._body(order, fields={"attached-from": order.number}),
            at=order.at,
        )
        if isinstance(accepted, DeliveryConflict):
            return Linked(number=number, failed="delivery-conflict")
        return Linked(case=target.id, number=number)

    def _body(self, order: LinkOrder, *, fields: dict[str, str]) -> bytes:
        event = {
            "id": order.key,
            "source": INSTANCE,
            "type": OPENED,
            "data": {"fields": {**fields, "severity": order.severity.value}},
        }
        return json.dumps(event, sort_keys=True).encode()
