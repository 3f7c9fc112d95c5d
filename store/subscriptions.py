"""Who is sent events of cases: an address, a secret, and which kinds; the first two are sealed."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pydantic import Field

from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.errors import UnknownRow
from store.ledger_tables import events, subscriptions
from store.vault import INSTALLATION, Vault


class SubscriptionState(StrEnum):
    """Whether events are sent."""

    ACTIVE = "active"
    GONE = "gone"
    """The receiver asked never to be called again; a person may resume it."""


class Subscription(Value):
    """A receiver of events."""

    name: str
    shown: str
    """Its address, without what may be secret in it."""
    kinds: tuple[str, ...] = ()
    """Kinds of journal entries or their beginnings (`gate`, `gate:round`); none means all."""
    state: SubscriptionState = SubscriptionState.ACTIVE
    because: str = ""
    by: str
    at: Instant


class Address(Value):
    """Where a subscription's events go, and what they are signed with."""

    url: str = Field(repr=False)
    secret: str = Field(repr=False)


@uninterrupted
class Subscriptions:
    """Keeps receivers."""

    def __init__(self, database: Database, *, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def subscribe(
        self,
        *,
        name: str,
        url: str,
        secret: str,
        shown: str,
        kinds: Sequence[str],
        by: str,
        at: datetime,
    ) -> Subscription:
        """Events from now on go there; a subscription of that name is changed to it."""
        keys = await self._vault.installation()
        values = {
            "url": keys.seal(url.encode(), aad=_place(name, "url")),
            "secret": keys.seal(secret.encode(), aad=_place(name, "secret")),
            "shown": shown,
            "kinds": list(kinds),
            "state": SubscriptionState.ACTIVE,
            "because": "",
            "by": by,
            "at": at,
        }
        async with self._database.write() as connection:
            insert = self._database.insert(subscriptions).values(name=name, **values)
            await connection.execute(
                insert.on_conflict_do_update(index_elements=["name"], set_=values)
            )
        return await self.show(name)

    async def unsubscribe(self, name: str) -> None:
        """The receiver, its address and every event for it are gone."""
        async with self._database.write() as connection:
            await connection.execute(events.delete().where(events.c.subscription == name))
            gone = await connection.execute(
                subscriptions.delete().where(subscriptions.c.name == name)
            )
        if not gone.rowcount:
            raise UnknownRow("subscription", name)

    async def gone(self, name: str, *, because: str, at: datetime) -> bool:
        """Nothing is sent there until a person resumes it; False if that was so before."""
        return await self._turn(
            name, SubscriptionState.ACTIVE, SubscriptionState.GONE, because=because, at=at
        )

    async def resume(self, name: str, *, by: str, at: datetime) -> bool:
        """What waits is sent, and what happens from now on; False if it was active."""
        return await self._turn(
            name, SubscriptionState.GONE, SubscriptionState.ACTIVE, because="", at=at, by=by
        )

    async def show(self, name: str) -> Subscription:
        """The subscription; UnknownRow if there is none."""
        query = sa.select(subscriptions).where(subscriptions.c.name == name)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise UnknownRow("subscription", name)
        return _read(row)

    async def address(self, name: str) -> Address:
        """Where its events go; UnknownRow if there is none of that name."""
        query = sa.select(subscriptions).where(subscriptions.c.name == name)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise UnknownRow("subscription", name)
        keys = await self._vault.keys(INSTALLATION)
        return Address(
            url=keys.open_sealed(row.url, aad=_place(name, "url")).decode(),
            secret=keys.open_sealed(row.secret, aad=_place(name, "secret")).decode(),
        )

    async def list(self) -> list[Subscription]:
        """Every subscription, by name."""
        query = sa.select(subscriptions).order_by(subscriptions.c.name)
        async with self._database.read() as connection:
            return [_read(row) for row in await connection.execute(query)]

    async def _turn(
        self, name: str, was: SubscriptionState, becomes: SubscriptionState, **values: Any
    ) -> bool:
        async with self._database.write() as connection:
            changed = await connection.execute(
                subscriptions.update()
                .where(subscriptions.c.name == name, subscriptions.c.state == was)
                .values(state=becomes, **values)
            )
        if changed.rowcount:
            return True
        await self.show(name)
        return False


def _place(name: str, what: str) -> str:
    return f"subscription|{name}|{what}"


def _read(row: Any) -> Subscription:
    fields = dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name
    return Subscription.model_validate(
        {name: value for name, value in fields.items() if name not in ("url", "secret")}
    )
