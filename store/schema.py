"""The schema's version: checked at every start, migrated on purpose."""

from datetime import timedelta
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from store.database import PATIENCE, Database, milliseconds
from store.errors import StoreOutdated

TURN = 0x65736361
"""Postgres advisory lock: two processes that start together migrate once."""
IN_TURN = timedelta(minutes=10)
"""How long whoever comes second waits for the first: a large store takes its time."""


async def upgrade(url: str, *, to: str = "head") -> str:
    """The store at `url` has the schema this code wants, or that version of it; its version."""
    database = Database(url, patience=IN_TURN)
    try:
        if database.file is not None:
            database.file.parent.mkdir(parents=True, exist_ok=True)
        async with database.write() as connection:
            if not database.sqlite:
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(TURN)))
                # Tables that somebody holds are not waited for as long: others wait behind us.
                waits = f"SET LOCAL lock_timeout = {milliseconds(PATIENCE)}"
                await connection.execute(sa.text(waits))
            found = await connection.run_sync(_version)
            if found is not None and found not in _known():
                raise StoreOutdated(found=found, wanted=wanted())
            await connection.run_sync(_upgrade, to)
    finally:
        await database.close()
    return wanted() if to == "head" else to


async def check_schema(database: Database) -> None:
    """The schema is the one this code wants; StoreOutdated otherwise."""
    if database.file is not None and not database.file.exists():
        # Opening would create an empty file where a mistyped path points.
        raise StoreOutdated(found=None, wanted=wanted())
    async with database.read() as connection:
        found = await connection.run_sync(_version)
    if found != wanted():
        raise StoreOutdated(found=found, wanted=wanted())


@cache
def wanted() -> str:
    """The version this code wants."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


@cache
def _known() -> frozenset[str]:
    script = ScriptDirectory.from_config(_config())
    return frozenset(revision.revision for revision in script.walk_revisions())


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection, to: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
