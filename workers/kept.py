"""The store as small adapters want it: mails, ticket notes, and the keys of cases."""

from pydantic import JsonValue

from cases.report import TicketRef
from integrations.local_outbox import StoredMail
from integrations.ports.clock import Clock
from store import Store, UnknownCase


class StoreKeyring:
    """The data key of a case, out of the vault."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def key(self, case: str) -> tuple[str, bytes]:
        """The key's id and its 32 bytes; KeyError when the case has none."""
        try:
            keys = await self._store.vault.keys(case)
        except UnknownCase as error:
            raise KeyError(case) from error
        return keys.key_id, keys.key


class StoreMails:
    """The local outbox's messages, kept sealed in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, mail: StoredMail) -> StoredMail:
        """The mail is kept; the first one of its Message-ID stays and is returned."""
        case = None
        if mail.message.case_number is not None:
            row = await self._store.cases.by_number(mail.message.case_number)
            case = row.id if row is not None else None
        kept = await self._store.messages.put(
            message_id=mail.message.message_id,
            to=mail.message.to,
            body=mail.model_dump(mode="json"),
            at=mail.accepted_at,
            case=case,
        )
        return StoredMail.model_validate(kept.body)

    async def mails(self, *, to: str | None = None) -> list[StoredMail]:
        """All mails, or those to one address, oldest first."""
        kept = await self._store.messages.list(to=to)
        return [
            StoredMail.model_validate(message.body) for message in kept if "message" in message.body
        ]


class StoreNotes:
    """The local tracker's notes, kept sealed in the store beside the mails."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def put_note(self, *, key: str, ticket: TicketRef, text: str) -> bool:
        """The note is kept once a key; whether it was new."""
        at = await self._clock.now()
        body: dict[str, JsonValue] = {
            "ticket": ticket.model_dump(mode="json"),
            "text": text,
            "at": at.isoformat(),
        }
        kept = await self._store.messages.put(
            message_id=f"note/{key}", to=f"ticket:{ticket.system}/{ticket.id}", body=body, at=at
        )
        return kept.body == body

    async def notes(self, ticket: TicketRef) -> list[tuple[str, str]]:
        """Key and text of every note of the ticket, the oldest first."""
        kept = await self._store.messages.list(to=f"ticket:{ticket.system}/{ticket.id}")
        return [
            (message.message_id.removeprefix("note/"), str(message.body["text"]))
            for message in kept
        ]
