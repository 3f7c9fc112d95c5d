"""The store as a whole: opened once by a process, then reached by idea."""

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.journal import Entry, Kind
from cases.values import Instant, Value
from store.absences import Absences
from store.acts import Acts
from store.arrivals import Arrivals
from store.backup import Backup
from store.belonging import Belonging
from store.bulk_orders import BulkOrders
from store.calls import Calls
from store.cases import Cases
from store.channels import Channels
from store.claimed import ClaimedPeople
from store.comments import Comments
from store.database import Database
from store.deliveries import Deliveries
from store.digests import Digests
from store.door_record import DoorRecord
from store.effects import Effects, Tickets
from store.emergencies import Emergencies
from store.erasures import Erasures
from store.errors import JournalGap
from store.events import Events
from store.grants import Grants
from store.health import Health
from store.incoming import Incoming
from store.journal import Appended, Journal
from store.key_encryption import HeldKeys, KeyEncryptionKey, KeyRing
from store.legal_holds import LegalHolds
from store.locators import Locators
from store.log import Log
from store.log_glass import LogGlass
from store.log_spool import LogSpool
from store.log_tiles import Tiles
from store.looks import Looks
from store.notices import Messages, Notices
from store.objects import Objects
from store.obligations import Obligations
from store.paces import Paces
from store.pages import Pages
from store.passkeys import Passkeys
from store.prompts import Prompts
from store.releases import Releases
from store.rotation import Rotation
from store.rounds import DoorRound, Rounds
from store.schema import check_schema
from store.seals import Seals
from store.sessions import Sessions
from store.shredding import Shredding
from store.sign_ins import SignIns
from store.splitting import Splitting
from store.subscriptions import Subscriptions
from store.suppression import Suppression
from store.ticket_drift import TicketDrift
from store.ticket_keeping import TicketKeeping
from store.vault import Vault
from store.view_rows import CaseHeading
from store.views import Views
from store.vouched import Vouching
from store.worker_keys import WorkerKeys


class CaseBatch(Value):
    """Entries of the case stream, and what they changed in the case's picture."""

    case: str
    original_run: str
    run: str
    """The run that writes now; after a reset it is not the original one."""
    entries: tuple[Entry, ...]
    heading: CaseHeading
    changes: dict[str, JsonValue]
    """Top-level fields of the picture that changed since the last batch."""
    rounds: tuple[DoorRound, ...] = ()
    at: Instant


class Store:
    """Everything durable. One a process; `async with` closes it."""

    def __init__(
        self,
        database: Database,
        *,
        kek: KeyEncryptionKey | KeyRing,
        earlier_keks: Iterable[KeyEncryptionKey] = (),
        ticks: Callable[[], float] = time.monotonic,
        tiles: Tiles | None = None,
    ) -> None:
        self.database = database
        self.vault = Vault(database, ring=_ring_of(kek, earlier_keks), ticks=ticks)
        self.epochs = self.vault.epochs
        self.rotation = Rotation(database, vault=self.vault)
        self.cases = Cases(database, vault=self.vault)
        self.health = Health(database)
        self.channels = Channels(database, health=self.health)
        self.paces = Paces(database)
        self.rounds = Rounds(database)
        self.views = Views(database, vault=self.vault)
        self.objects = Objects(database)
        self.releases = Releases(database, objects=self.objects)
        self.notices = Notices(database)
        self.messages = Messages(database, vault=self.vault)
        self.comments = Comments(database, vault=self.vault)
        self.prompts = Prompts(database)
        self.effects = Effects(database, vault=self.vault)
        self.tickets = Tickets(database)
        self.ticket_keeping = TicketKeeping(database, vault=self.vault)
        self.ticket_drift = TicketDrift(database)
        self.locators = Locators(database)
        self.door_record = DoorRecord(database)
        self._know_people(database)
        self.calls = Calls(database, vault=self.vault)
        self.arrivals = Arrivals(database, vault=self.vault)
        self.subscriptions = Subscriptions(database, vault=self.vault)
        self.events = Events(database, health=self.health)
        self.journal = Journal(database, vault=self.vault, cases=self.cases, health=self.health)
        self.legal_holds = LegalHolds(
            database,
            vault=self.vault,
            cases=self.cases,
            journal=self.journal,
            record=self.door_record,
        )
        self.shredding = Shredding(
            database,
            vault=self.vault,
            cases=self.cases,
            journal=self.journal,
            holds=self.legal_holds,
        )
        self.erasures = Erasures(
            database,
            vault=self.vault,
            cases=self.cases,
            journal=self.journal,
            holds=self.legal_holds,
            shredding=self.shredding,
        )
        self.incoming = Incoming(database, vault=self.vault, cases=self.cases, journal=self.journal)
        self.obligations = Obligations(
            database, vault=self.vault, cases=self.cases, journal=self.journal
        )
        self.looks = Looks(database, vault=self.vault, cases=self.cases, journal=self.journal)
        self.emergencies = Emergencies(
            database,
            vault=self.vault,
            cases=self.cases,
            journal=self.journal,
            health=self.health,
        )
        self.grants = Grants(
            database,
            vault=self.vault,
            cases=self.cases,
            journal=self.journal,
            health=self.health,
        )
        self.seals = Seals(database, vault=self.vault, cases=self.cases, journal=self.journal)
        self.digests = Digests(database, vault=self.vault, cases=self.cases, journal=self.journal)
        self.pages = Pages(database, vault=self.vault, cases=self.cases, journal=self.journal)
        self.log = Log(database, vault=self.vault, health=self.health, tiles=tiles)
        self.log_spool = LogSpool(database)
        self.log_glass = LogGlass(database, vault=self.vault, record=self.door_record)
        self.vouching = Vouching(database)
        self.belonging = Belonging(database, cases=self.cases)
        self.deliveries = Deliveries(
            database,
            vault=self.vault,
            cases=self.cases,
            belonging=self.belonging,
            journal=self.journal,
            health=self.health,
        )
        self.suppression = Suppression(database, vault=self.vault, deliveries=self.deliveries)
        self.splitting = Splitting(
            database,
            vault=self.vault,
            cases=self.cases,
            belonging=self.belonging,
            journal=self.journal,
        )
        self.acts = Acts(
            database,
            vault=self.vault,
            cases=self.cases,
            rounds=self.rounds,
            journal=self.journal,
            health=self.health,
        )
        self.bulk_orders = BulkOrders(database, vault=self.vault, acts=self.acts)
        self.backup = Backup(database, journal=self.journal)

    def _know_people(self, database: Database) -> None:
        """Who is known, logged in, away, and by which keys of their own; workers among them."""
        self.absences = Absences(database, record=self.door_record)
        self.sessions = Sessions(database, record=self.door_record)
        self.sign_ins = SignIns(database)
        self.passkeys = Passkeys(database, record=self.door_record)
        self.claimed = ClaimedPeople(database)
        self.worker_keys = WorkerKeys(database, record=self.door_record)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        kek: KeyEncryptionKey | KeyRing,
        earlier_keks: Iterable[KeyEncryptionKey] = (),
        ticks: Callable[[], float] = time.monotonic,
        tiles: Tiles | None = None,
    ) -> Self:
        """The store, once its schema fits: StoreOutdated or StoreUnavailable otherwise.

        `tiles` keeps the log's tiles where they are not kept in the store.
        """
        database = Database(url)
        try:
            await check_schema(database)
        except BaseException:
            await database.close()
            raise
        return cls(database, kek=kek, earlier_keks=earlier_keks, ticks=ticks, tiles=tiles)

    async def check(self) -> None:
        """The database answers and has the right schema; says what is wrong otherwise."""
        await self.database.finish(check_schema(self.database))

    async def append_case(self, batch: CaseBatch) -> Appended:
        """Entries, picture and rounds are durable together; the same batch again changes nothing.

        A batch that the journal has keeps the picture as it is; a batch without entries publishes
        nothing.
        """
        return await self.database.finish(self._append_case(batch))

    async def _append_case(self, batch: CaseBatch) -> Appended:
        await self.vault.keys(batch.case)
        async with self.database.write() as connection:
            await self.cases.lock_in(connection, batch.case)
            result = await self.journal.append_in(
                connection,
                case=batch.case,
                original_run=batch.original_run,
                run=batch.run,
                entries=batch.entries,
                at=batch.at,
            )
            if batch.entries and not isinstance(result, JournalGap):
                await self._publish(connection, batch, result)
        return await self.journal.settled(result, at=batch.at)

    async def _publish(
        self, connection: AsyncConnection, batch: CaseBatch, result: Appended
    ) -> None:
        keys = await self.vault.keys_in(connection, batch.case)
        newer = await self.views.publish_in(
            connection,
            keys,
            branch=result.branch,
            sequence=result.sequence,
            heading=batch.heading,
            changes=batch.changes,
            as_of=batch.at,
        )
        for entry in batch.entries:
            if entry.kind is Kind.LEGAL_HOLD:
                await self.legal_holds.set_by_runbook_in(
                    connection, batch.case, role=str(entry.body.get("role", "")), at=entry.at
                )
        if newer:
            await self.rounds.publish_in(connection, batch.case, batch.rounds)

    async def close(self) -> None:
        """No connection is open."""
        await self.database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        """Where it is, without its password."""
        return f"Store({self.database.url.render_as_string(hide_password=True)})"


def _ring_of(kek: KeyEncryptionKey | KeyRing, earlier: Iterable[KeyEncryptionKey]) -> KeyRing:
    return HeldKeys(kek, earlier) if isinstance(kek, KeyEncryptionKey) else kek
