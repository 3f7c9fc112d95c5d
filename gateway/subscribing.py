"""Subscriptions are made, ended and resumed by a person who answers for the installation."""

import base64
import secrets
from collections.abc import Sequence
from typing import Any

import structlog

from cases.journal import Kind
from gateway.doors import Doors
from gateway.event_dispatcher import GONE
from gateway.wording import Wording
from integrations.errors import IntegrationError
from store import Subscription
from store.events import wanted

log = structlog.get_logger(__name__)

_SECRET_BYTES = 32
NO_EVENTS = Wording(
    "This gateway sends no events.", "Start it with `escalate gateway` or `escalate up`."
)


class RefusedSubscriptionError(Exception):
    """Nothing can be sent there, or nothing of that kind exists."""

    def __init__(self, wording: Wording) -> None:
        super().__init__(wording.says)
        self.wording = wording


class Subscribing:
    """The four verbs, for page and API."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def subscribe(
        self, name: str, *, url: str, kinds: Sequence[str], by: str
    ) -> tuple[Subscription, str]:
        """Events from now on go there, signed with a new secret that is said this once."""
        doors = self._doors
        if doors.events is None:
            raise RefusedSubscriptionError(NO_EVENTS)
        for kind in kinds:
            if not any(wanted(each.value, [kind]) for each in Kind):
                raise RefusedSubscriptionError(
                    Wording(
                        "No entry is of one of these kinds.",
                        "Name kinds as `escalate case timeline --json` does, or how they begin: "
                        "gate, gate:round, gate:round:opened.",
                    )
                )
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        try:
            shown = doors.events.check(name=name, url=url, secret=secret)
        except IntegrationError as error:
            raise RefusedSubscriptionError(
                Wording(
                    "Nothing can be sent to this address.",
                    f"{error.mend} Ports 443 and 8443 are allowed.",
                )
            ) from error
        at = await doors.clock.now()
        made = await doors.store.subscriptions.subscribe(
            name=name, url=url, secret=secret, shown=shown, kinds=tuple(kinds), by=by, at=at
        )
        await doors.store.health.clear(kind=GONE, key=name, at=at)
        log.info("a receiver of events is subscribed", count=len(kinds))
        return made, secret

    async def remove(self, name: str) -> None:
        """The receiver and what waits for it are gone; UnknownRow if there is none."""
        await self._doors.store.subscriptions.unsubscribe(name)
        await self._doors.store.health.clear(kind=GONE, key=name, at=await self._doors.clock.now())
        log.info("a receiver of events is gone")

    async def resume(self, name: str, *, by: str) -> bool:
        """It is sent what waits and what happens from now on; False if it was not stopped."""
        at = await self._doors.clock.now()
        resumed = await self._doors.store.subscriptions.resume(name, by=by, at=at)
        await self._doors.store.health.clear(kind=GONE, key=name, at=at)
        self._doors.events_due.set()
        return resumed

    async def listed(self) -> list[dict[str, Any]]:
        """Every receiver with how many of its events are in which state."""
        counts = await self._doors.store.events.counts()
        return [
            {
                **each.model_dump(mode="json"),
                "events": {
                    state: count for (name, state), count in counts.items() if name == each.name
                },
            }
            for each in await self._doors.store.subscriptions.list()
        ]
