"""What activities and doors call outside is written into the store's ledger."""

from contextlib import AbstractContextManager
from typing import Protocol

import structlog
from pydantic import JsonValue
from temporalio import activity

from integrations.ledger import speaking
from integrations.ports.ledger import Begun, Behalf, Ended, Said
from store import Store, StoreUnavailable

log = structlog.get_logger(__name__)


class StoreLedger:
    """The ledger, kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(self, call: Begun) -> str:
        """The call is on record before it is made; without its record it is not made."""
        behalf = call.behalf
        return await self._store.calls.begin(
            case=behalf.case,
            key=behalf.key,
            attempt=behalf.attempt,
            vendor=call.vendor,
            operation=call.operation,
            method=call.method,
            url=call.url,
            request=_shown(call.request),
            body=call.request.body,
            workflow=behalf.workflow,
            run=behalf.run,
            activity=behalf.activity,
            at=call.at,
        )

    async def end(self, call: str, ended: Ended) -> None:
        """Its end is on record; a store that is down by now leaves it under way.

        Failing here would have the engine make a call again that was answered.
        """
        try:
            await self._store.calls.end(
                call,
                outcome=ended.outcome.value,
                status=ended.status,
                answer=_shown(ended.answer),
                body=ended.answer.body,
                error=ended.error,
                mend=ended.mend,
                at=ended.at,
            )
        except StoreUnavailable as error:
            log.warning("a call's end is not on record", error=type(error).__name__)


class Order(Protocol):
    """What an activity is asked to do, for a case and under a key."""

    @property
    def case(self) -> str:
        """The case's id."""
        ...

    @property
    def key(self) -> str:
        """The same in every try."""
        ...


def speaking_for(store: Store, order: Order) -> AbstractContextManager[None]:
    """What the running activity calls inside is on record, on behalf of what it was ordered."""
    where: dict[str, str | int] = {}
    if activity.in_activity():
        info = activity.info()
        where = {
            "attempt": info.attempt,
            "workflow": info.workflow_id or "",
            "run": info.workflow_run_id or "",
            "activity": info.activity_id,
        }
    behalf = Behalf.model_validate({"case": order.case, "key": order.key, **where})
    return speaking(StoreLedger(store), behalf)


def _shown(said: Said) -> dict[str, JsonValue]:
    return {"headers": dict(said.headers), "summary": dict(said.summary)}
