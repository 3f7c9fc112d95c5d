"""One database, SQLite or Postgres: reading and writing transactions, and failures with a type."""

import asyncio
import functools
import inspect
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from store.errors import StoreMisconfigured, StoreUnavailable

Result = TypeVar("Result")
Class = TypeVar("Class")

_WRITING = "escalate_writing"
PATIENCE = timedelta(seconds=10)
"""How long a transaction waits for those that are in its way."""
SYNCHRONOUS = "FULL"
"""What was committed survives the machine's end as well as the process's."""


def normal_url(url: str) -> URL:
    """The URL with the driver this code uses; StoreMisconfigured for anything else."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        # The text may hold a password, so neither it nor the cause is repeated.
        raise StoreMisconfigured("store_url is not a database URL") from None
    name = parsed.get_backend_name()
    if name == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise StoreMisconfigured("store_url: a store in memory would not outlive its process")
        return parsed.set(drivername="sqlite+aiosqlite")
    if name == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreMisconfigured(f"store_url: {name} is neither sqlite nor postgresql")


class Database:
    """Hands out transactions; whatever the driver says about an outage becomes StoreUnavailable."""

    def __init__(self, url: str, *, patience: timedelta = PATIENCE) -> None:
        self.url = normal_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _engine(self.url, is_sqlite=self.sqlite, patience=patience)
        # One writer at a time is SQLite's rule anyway; queueing here spares its blind retries.
        self._turn = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def file(self) -> Path | None:
        """The SQLite file."""
        return Path(self.url.database or "") if self.sqlite else None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads: it sees one moment and blocks nobody."""
        with _typed_failures():
            async with self.engine.connect() as connection, connection.begin():
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes: everything in it holds afterwards, or nothing."""
        if not self.sqlite:
            with _typed_failures():
                async with self.engine.begin() as connection:
                    yield connection
            return
        async with self._turn:
            with _typed_failures():
                async with self.engine.connect() as connection:
                    await connection.execution_options(**{_WRITING: True})
                    async with connection.begin():
                        yield connection

    def insert(self, table: sa.Table) -> Any:
        """An INSERT that knows ON CONFLICT; the dialects spell it alike and share no class."""
        return sqlite.insert(table) if self.sqlite else postgresql.insert(table)

    def claiming(self, query: sa.Select[Any]) -> sa.Select[Any]:
        """The query locks its rows and passes over those another claimer holds."""
        return query if self.sqlite else query.with_for_update(skip_locked=True)

    def locking(self, query: sa.Select[Any]) -> sa.Select[Any]:
        """The query locks its rows, waiting for whoever holds them."""
        return query if self.sqlite else query.with_for_update()

    async def finish(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The work's result; it runs to its end even if whoever waits for it is cancelled."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def scrub(self) -> None:
        """What was overwritten is in no file of the database any more, as far as it lets us.

        SQLite overwrites what it deletes (`secure_delete`), and its write-ahead log is cut here;
        Postgres gives up a row's old versions when the table is vacuumed.
        """
        if self.file is not None:
            await asyncio.to_thread(_cut_the_log, self.file)
            return
        with _typed_failures():
            async with self.engine.connect() as connection:
                plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await plain.execute(sa.text("VACUUM case_keys, views, pictures"))

    async def close(self) -> None:
        """No work is under way and no connection is open."""
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.engine.dispose()


class _Holder(Protocol):
    _database: Database


def uninterrupted(cls: type[Class]) -> type[Class]:
    """Every public call of the class runs to its end, also if its caller is cancelled.

    A client that hangs up cancels its request. Cut off between two statements the SQLite driver
    drops a connection that still holds the write lock (measured), and everybody else waits.
    Methods named `…_in` run inside a call that is protected already.
    """
    for name, method in list(vars(cls).items()):
        public = not name.startswith("_") and not name.endswith("_in")
        if public and inspect.iscoroutinefunction(method):
            setattr(cls, name, _to_its_end(method))
    return cls


def _to_its_end(method: Callable[..., Coroutine[Any, Any, Result]]) -> Any:
    @functools.wraps(method)
    async def protected(self: _Holder, *args: Any, **options: Any) -> Result:
        return await self._database.finish(method(self, *args, **options))

    return protected


class _typed_failures:  # noqa: N801 -- reads as a statement
    """Turns the driver's word for an outage into StoreUnavailable, in one place."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and (what := outage(error)) is not None:
            raise StoreUnavailable(what) from error


def outage(error: BaseException) -> str | None:
    """What is wrong with the database, if that is what the error says; None for any other error."""
    if isinstance(error, exc.TimeoutError):
        return "no free connection"
    if isinstance(error, OSError):
        return f"unreachable ({type(error).__name__})"
    cause: BaseException | None = error
    if isinstance(error, exc.DBAPIError):
        if error.connection_invalidated:
            return "the connection was lost"
        cause = error.orig
    if isinstance(cause, sqlite3.OperationalError) or type(cause) is sqlite3.DatabaseError:
        return cause.sqlite_errorname if hasattr(cause, "sqlite_errorname") else "not usable"
    if isinstance(cause, psycopg.OperationalError):
        return f"{type(cause).__name__} {cause.sqlstate or ''}".strip()
    if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
        return "read-only"
    return None


def milliseconds(patience: timedelta) -> int:
    """That long, as both dialects count it."""
    return int(patience / timedelta(milliseconds=1))


def _engine(url: URL, *, is_sqlite: bool, patience: timedelta) -> AsyncEngine:
    if not is_sqlite:
        waits = f"-c lock_timeout={milliseconds(patience)}"
        options = f"{waits} -c idle_in_transaction_session_timeout=60s"
        return create_async_engine(
            url,
            hide_parameters=True,
            pool_size=10,
            max_overflow=10,
            pool_timeout=10,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, "options": options},
        )
    engine = create_async_engine(url, hide_parameters=True, pool_size=5, pool_timeout=30)
    prepare = functools.partial(_prepare, patience=patience)
    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _entry: ConnectionPoolEntry, *, patience: timedelta) -> None:
    # The driver must not begin transactions by itself: it would begin them deferred, and two
    # deferred readers that both turn to writing fail at once instead of waiting.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={milliseconds(patience)}",
        "journal_mode=WAL",
        f"synchronous={SYNCHRONOUS}",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _cut_the_log(file: Path) -> None:
    connection = sqlite3.connect(file, timeout=PATIENCE.total_seconds())
    try:
        # Readers may hold it back; the next checkpoint of the database's own takes it then.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError:
        pass
    finally:
        connection.close()


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
