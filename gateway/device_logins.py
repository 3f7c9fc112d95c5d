"""Log-ins for a terminal without a browser, where the provider offers them (RFC 8628)."""

from datetime import datetime, timedelta
from typing import Any

from cases.values import Instant, Value
from gateway.doors import Doors
from gateway.provider_logins import ProviderLogIns
from integrations.errors import IdentityError, IdentityReason
from integrations.ports.identity import Pending
from store import NewSession, NotTaken

DEVICE = "device"


class Asked(Value):
    """A log-in that somebody is finishing elsewhere."""

    code: str
    asked_at: Instant
    every: int


class DeviceLogIns:
    """Begins them and asks the provider how they stand, no oftener than it allows."""

    def __init__(self, doors: Doors, provider: ProviderLogIns) -> None:
        self._doors = doors
        self._provider = provider
        self._asked: dict[str, datetime] = {}

    async def begin(self) -> dict[str, Any] | None:
        """What the terminal shows, and the handle it asks with; None if none is offered."""
        identity = self._provider.identity
        now = await self._doors.clock.now()
        device = await identity.begin_device()
        if device is None:
            return None
        asked = Asked(code=device.code, asked_at=now, every=device.every)
        handle = await self._doors.store.sign_ins.begin(
            purpose=DEVICE,
            secret="",
            content=asked.model_dump_json().encode(),
            at=now,
            expires_at=device.expires_at,
        )
        return {
            "handle": handle,
            "user_code": device.user_code,
            "url": device.complete_url or device.url,
            "every": device.every,
            "expires_at": device.expires_at.isoformat(),
        }

    async def ask(self, handle: str) -> NewSession | Pending:
        """The session, once the person has finished; IdentityError when they cannot any more."""
        store, now = self._doors.store, await self._doors.clock.now()
        kept = await store.sign_ins.look(handle, purpose=DEVICE, secret="", at=now)
        if isinstance(kept, NotTaken):
            raise IdentityError(IdentityReason.STATE_UNKNOWN, "no such log-in is under way")
        asked = Asked.model_validate_json(kept)
        last = self._asked.get(handle)
        if last is not None and now < last + timedelta(seconds=asked.every) * 0.8:
            return Pending(slow_down=True)
        self._asked = {h: at for h, at in self._asked.items() if now < at + timedelta(hours=1)}
        self._asked[handle] = now
        proof = await self._provider.identity.redeem_device(asked.code, asked_at=asked.asked_at)
        if isinstance(proof, Pending):
            return proof
        taken = await store.sign_ins.take(handle, purpose=DEVICE, secret="", at=now)
        if isinstance(taken, NotTaken):
            raise IdentityError(IdentityReason.STATE_USED, "the log-in was finished already")
        person = await self._provider.person_of(proof)
        return await self._provider.open_for(person, proof, door="cli")
