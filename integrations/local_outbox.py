"""Messages kept where people of the demo can read them, instead of being sent."""

from typing import Protocol

from cases.values import Instant, Value
from integrations.ports.clock import Clock
from integrations.ports.messaging import Message, Sent


class StoredMail(Value):
    """One message in the outbox."""

    message: Message
    accepted_at: Instant


class MailStore(Protocol):
    """Where the outbox keeps its messages."""

    async def put(self, mail: StoredMail) -> StoredMail:
        """The mail is kept; when its Message-ID is known, the first one is, and is returned."""
        ...

    async def mails(self, *, to: str | None = None) -> list[StoredMail]:
        """All mails, or those to one address, oldest first."""
        ...


class MemoryMailStore:
    """Mails in memory: gone with the process."""

    def __init__(self) -> None:
        self._mails: dict[str, StoredMail] = {}

    async def put(self, mail: StoredMail) -> StoredMail:
        """The mail is kept, once a Message-ID."""
        return self._mails.setdefault(mail.message.message_id, mail)

    async def mails(self, *, to: str | None = None) -> list[StoredMail]:
        """All mails, or those to one address, oldest first."""
        return [m for m in self._mails.values() if to is None or m.message.to == to]


class LocalOutbox:
    """Messaging into a store: unlike mail, really exactly once."""

    def __init__(self, store: MailStore, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def send(self, message: Message) -> Sent:
        """The message is in the outbox."""
        mail = StoredMail(message=message, accepted_at=await self._clock.now())
        kept = await self._store.put(mail)
        return Sent(
            message_id=kept.message.message_id,
            accepted_at=kept.accepted_at,
            detail="kept in the local outbox",
        )
