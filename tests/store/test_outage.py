"""Schema, restart, full disks, lost databases, backups: nothing half done, always said."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event
from sqlalchemy.engine import Connection

from cases.envelope import ActEnvelope
from cases.journal import Stream
from store import (
    DEMO_KEK,
    BackupFailed,
    Store,
    StoreMisconfigured,
    StoreOutdated,
    StoreUnavailable,
    restore,
    schema,
    upgrade,
)
from store.columns import metadata
from store.database import PATIENCE, Database
from store.schema import wanted
from store.tables import views
from tests.servers.postgres import PostgresCluster
from tests.store.building import (
    CANARY,
    START,
    accept,
    accepted,
    batch,
    chain,
    later,
    open_round,
    receipt,
    recorded,
)


async def test_empty_store_is_refused_until_it_is_migrated(empty_url: str) -> None:
    """A process says what to run instead of failing at its first query."""
    with pytest.raises(StoreOutdated, match="escalate up") as caught:
        await Store.open(empty_url, kek=DEMO_KEK)

    assert (caught.value.found, caught.value.wanted) == (None, wanted())
    assert await upgrade(empty_url) == wanted()
    async with await Store.open(empty_url, kek=DEMO_KEK) as store:
        await store.check()


async def test_refused_store_leaves_no_file(tmp_path: Path) -> None:
    """A mistyped path does not create an empty database."""
    with pytest.raises(StoreOutdated):
        await Store.open(f"sqlite:///{tmp_path / 'typo.db'}", kek=DEMO_KEK)

    assert list(tmp_path.iterdir()) == []


async def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    """Whoever comes second finds the work done."""
    assert await asyncio.gather(*(upgrade(empty_url) for _ in range(3))) == [wanted()] * 3


async def test_whoever_comes_second_waits_for_its_turn(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large store is migrated for longer than a transaction otherwise waits for another."""
    assert schema.IN_TURN > 10 * PATIENCE
    first = Database(url)
    async with first.write() as connection:
        if not first.sqlite:
            lock = sa.func.pg_advisory_xact_lock(schema.TURN)
            await connection.execute(sa.select(lock))
        with monkeypatch.context() as hurried:
            hurried.setattr(schema, "IN_TURN", timedelta(milliseconds=200))
            with pytest.raises(StoreUnavailable):
                await upgrade(url)
        second = asyncio.create_task(upgrade(url))
        done, _ = await asyncio.wait([second], timeout=0.5)
        assert not done
    await first.close()

    assert await second == wanted()


async def test_newer_schema_is_refused(store: Store, url: str) -> None:
    """An old release does not touch what a newer one has written."""
    async with store.database.write() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StoreOutdated, match="9999"):
        await Store.open(url, kek=DEMO_KEK)
    with pytest.raises(StoreOutdated):
        await store.check()
    with pytest.raises(StoreOutdated):
        await upgrade(url)


async def test_migrations_make_the_tables_of_the_code(store: Store) -> None:
    """A table that is changed without a migration is noticed here."""

    def difference(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, metadata))

    async with store.database.read() as connection:
        assert await connection.run_sync(difference) == []


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://a@b/c", "nonsense"])
async def test_url_that_cannot_be_used_is_refused(url: str) -> None:
    """A store that would lose everything, or that nobody tested, is not opened."""
    with pytest.raises(StoreMisconfigured):
        await Store.open(url, kek=DEMO_KEK)


async def test_password_is_never_shown() -> None:
    """Neither an error nor a log line repeats the store's password."""
    with pytest.raises(StoreMisconfigured) as caught:
        await Store.open("mysql://user:hunter2@host/db", kek=DEMO_KEK)

    assert "hunter2" not in str(caught.value)


async def test_unreachable_postgres_is_unavailable() -> None:
    """A database that is down is an outage with a type, not a driver's exception."""
    with pytest.raises(StoreUnavailable):
        await Store.open("postgresql://user:hunter2@127.0.0.1:9/none", kek=DEMO_KEK)


async def test_everything_survives_a_restart(store: Store, url: str) -> None:
    """What was answered is there after the process is gone."""
    answer = await accepted(store)
    entries = chain(answer.case, "a", "b")
    await store.append_case(
        batch(answer.case, entries, changes={"note": CANARY}, rounds=(open_round(),))
    )
    act = await recorded(store, answer.case, "act-1")
    await store.acts.answered("act-1", receipt=receipt("act-1"), at=START)
    await store.close()

    async with await Store.open(url, kek=DEMO_KEK) as again:
        assert (await accepted(again)).known
        assert await again.journal.entries(answer.case) == entries
        assert (await again.acts.show("act-1")).envelope == act.envelope
        assert await again.acts.receipt("act-1") == receipt("act-1")
        view = await again.views.by_number(answer.number)
        assert view is not None
        assert view.state == {"note": CANARY}
        (delivery,) = await again.deliveries.list()
        assert delivery.received_at == START


async def test_instants_keep_their_microseconds_and_their_zone(store: Store) -> None:
    """What comes back is the same instant, aware and in UTC, on both databases."""
    at = datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=UTC)
    await store.health.heartbeat(kind="k", id="i", at=at)

    (beat,) = await store.health.beats()

    assert beat.at == at
    assert beat.at.utcoffset() == UTC.utcoffset(None)


async def test_naive_instant_is_refused(store: Store) -> None:
    """A time without a zone is a mistake, and nothing is written for it."""
    with pytest.raises(sa.exc.StatementError, match="must be aware"):
        await store.health.heartbeat(kind="k", id="i", at=START.replace(tzinfo=None))


def _no_more_pages(store: Store) -> None:
    # SQLite then answers exactly as it does on a full disk.
    @event.listens_for(store.database.engine.sync_engine, "begin")
    def limit(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


async def test_full_disk_is_unavailable_and_leaves_nothing_half_done(sqlite_store: Store) -> None:
    """A delivery that does not fit is not there at all, and everything before it still is."""
    store = sqlite_store
    first = await accepted(store)
    await recorded(store, first.case, "act-1")
    before = await store.journal.head(first.case, stream=Stream.DOOR)
    _no_more_pages(store)

    for number in range(5):
        with pytest.raises(StoreUnavailable, match="SQLITE_FULL"):
            await accept(
                store,
                key=f"zendesk:big-{number}",
                external_id=f"big-{number}",
                body=b"x" * 200_000,
            )
    with pytest.raises(StoreUnavailable):
        await store.acts.record(
            act_id="act-2",
            case=first.case,
            person="p",
            verb="hold",
            sign=lambda _at: large_envelope("y" * 200_000),
            at=later(seconds=1),
        )

    assert [row.key for row in await store.deliveries.list()] == ["zendesk:1"]
    assert [row.id for row in await store.acts.list()] == ["act-1"]
    assert await store.cases.by_number("1002") is None
    assert await store.journal.head(first.case, stream="door") == before
    assert await store.backup.reconcile() == []


def large_envelope(words: str) -> ActEnvelope:
    """An envelope too large for what is left of the disk."""
    return ActEnvelope(payload=words, signature="c2ln")


async def test_store_works_again_once_there_is_room(sqlite_store: Store) -> None:
    """An outage ends without a restart."""
    store = sqlite_store
    pages = ["PRAGMA max_page_count=1"]

    @event.listens_for(store.database.engine.sync_engine, "begin")
    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(pages[0])

    with pytest.raises(StoreUnavailable):
        await accept(store, body=b"x" * 500_000)
    pages[0] = "PRAGMA max_page_count=1000000"

    assert (await accepted(store, body=b"x" * 500_000)).number == "1001"


async def test_locked_database_is_unavailable(sqlite_store: Store) -> None:
    """Somebody who holds the file for too long is an outage, not a hang."""
    store = sqlite_store

    @event.listens_for(store.database.engine.sync_engine, "checkout")
    def impatient(connection: Any, *_: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=50")
        cursor.close()

    assert store.database.file is not None
    holder = sqlite3.connect(store.database.file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreUnavailable, match="SQLITE_BUSY"):
            await accept(store)
        assert await store.deliveries.list() == []
    finally:
        holder.close()

    assert (await accepted(store)).number == "1001"


async def test_reading_goes_on_while_somebody_writes(sqlite_store: Store) -> None:
    """Pages do not wait for writers."""
    answer = await accepted(sqlite_store)

    async with sqlite_store.database.write():
        rows = await asyncio.wait_for(sqlite_store.deliveries.list(), timeout=5)

    assert [row.case for row in rows] == [answer.case]


async def test_cancelled_request_leaves_nothing_half_done(store: Store, url: str) -> None:
    """Clients that hang up in the middle neither lose a row nor hold a lock."""
    for number in range(60):
        task = asyncio.create_task(
            accept(store, key=f"zendesk:{number}", external_id=f"ticket-{number}")
        )
        await asyncio.sleep(number / 4000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.wait_for(store.close(), timeout=30)

    async with await Store.open(url, kek=DEMO_KEK) as again:
        stored = {row.case for row in await again.deliveries.list()}
        assert {row.id for row in await again.cases.unstarted()} == stored
        assert await again.backup.reconcile() == []
        answer = await accepted(again, key="zendesk:last", external_id="last")
        assert answer.number == str(1001 + len(stored))


async def _write_on_a_connection_that_is_cut(store: Store) -> None:
    async with store.database.write() as connection:
        await connection.execute(views.delete())
        process = (await connection.execute(sa.text("SELECT pg_backend_pid()"))).scalar_one()
        async with store.database.engine.connect() as other:
            await other.execute(sa.text(f"SELECT pg_terminate_backend({process})"))
        await connection.execute(views.delete())


@pytest.mark.postgres
async def test_postgres_that_goes_away_is_unavailable_and_comes_back(
    postgres_cluster: PostgresCluster,
) -> None:
    """A lost connection is an outage for one call; the next one finds the way again."""
    url = postgres_cluster.fresh_database()
    await upgrade(url)
    async with await Store.open(url, kek=DEMO_KEK) as store:
        await accepted(store)
        with pytest.raises(StoreUnavailable):
            await _write_on_a_connection_that_is_cut(store)

        assert (await accepted(store)).known


async def test_copy_of_a_live_store_is_whole(sqlite_store: Store, tmp_path: Path) -> None:
    """A backup is consistent, restores to an equal store, and nothing contradicts itself."""
    answer = await accepted(sqlite_store)
    entries = chain(answer.case, "a", "b")
    await sqlite_store.append_case(batch(answer.case, entries, changes={"note": CANARY}))
    copy, back = tmp_path / "copy.db", tmp_path / "back" / "escalate.db"

    await sqlite_store.backup.copy_to(copy)
    await accepted(sqlite_store, key="zendesk:2", external_id="after the copy")
    await restore(copy, url=f"sqlite:///{back}")

    async with await Store.open(f"sqlite:///{back}", kek=DEMO_KEK) as again:
        assert [row.key for row in await again.deliveries.list()] == ["zendesk:1"]
        assert await again.journal.entries(answer.case) == entries
        assert await again.backup.reconcile() == []
    assert CANARY.encode() not in copy.read_bytes()


async def test_backup_never_overwrites(sqlite_store: Store, tmp_path: Path) -> None:
    """Neither an earlier copy nor a live store is lost to a slip."""
    file = sqlite_store.database.file
    copy = tmp_path / "copy.db"
    await sqlite_store.backup.copy_to(copy)

    with pytest.raises(BackupFailed, match="exists already"):
        await sqlite_store.backup.copy_to(copy)
    with pytest.raises(BackupFailed, match="exists already"):
        await restore(copy, url=f"sqlite:///{file}")


async def test_damaged_copy_is_refused(tmp_path: Path) -> None:
    """A file that is no store does not become one."""
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"SQLite format 3\x00" + b"\x00" * 5000)

    with pytest.raises(BackupFailed):
        await restore(broken, url=f"sqlite:///{tmp_path / 'new.db'}")
    assert not (tmp_path / "new.db").exists()


async def test_reconcile_names_what_does_not_fit(store: Store) -> None:
    """An altered entry and a picture that is ahead or behind are found."""
    answer = await accepted(store)
    await store.append_case(batch(answer.case, chain(answer.case, "a", "b")))
    assert await store.backup.reconcile() == []
    async with store.database.write() as connection:
        await connection.execute(views.update().values(sequence=1))
        await connection.execute(
            sa.text("UPDATE journal SET entry = :entry WHERE stream = 'case' AND sequence = 1"),
            {"entry": b"\x01\x00" + b"0" * 40},
        )

    findings = await store.backup.reconcile()

    assert [finding.case for finding in findings] == [answer.case, answer.case]
    assert "does not open" in findings[0].what
    assert "its picture is as of entry 1" in findings[1].what
