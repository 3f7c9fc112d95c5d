"""A Postgres is ready for the Temporal server: both databases, with the pinned build's schemas."""

import asyncio
from pathlib import Path

import psycopg
from psycopg import sql

from workers._engine_build import SCHEMA_TOOL, Progress, build
from workers._engine_config import Postgres
from workers._engine_database import FORGET_HOSTS
from workers._settings_sources import current
from workers.errors import EngineStartError

_SCHEMAS = {"database": "postgresql/v12/temporal", "visibility": "postgresql/v12/visibility"}


async def prepare(postgres: Postgres, *, cache: Path, progress: Progress) -> None:
    """Both databases exist with the schema of the pinned server; a second call changes nothing."""
    tool = await build(SCHEMA_TOOL, cache=cache, progress=progress)
    for name, schema in (
        (postgres.database, _SCHEMAS["database"]),
        (postgres.visibility, _SCHEMAS["visibility"]),
    ):
        await create(postgres, name)
        if not await _has_schema(postgres, name):
            await _tool(tool, postgres, name, "setup-schema", "-v", "0.0")
        await _tool(tool, postgres, name, "update-schema", "--schema-name", schema)
    async with await _connect(postgres, postgres.database) as connection:
        await connection.execute(FORGET_HOSTS)


async def create(postgres: Postgres, name: str) -> None:
    """The database exists, empty if it did not."""
    async with await _connect(postgres, "postgres") as connection:
        found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if await found.fetchone() is None:
            await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


async def renamed(postgres: Postgres, name: str) -> None:
    """The database knows itself by the name it has now: Temporal looks its schema up by it."""
    async with await _connect(postgres, name) as connection:
        await connection.execute("UPDATE schema_version SET db_name = current_database()")


async def _has_schema(postgres: Postgres, name: str) -> bool:
    async with await _connect(postgres, name) as connection:
        found = await connection.execute("SELECT to_regclass('schema_version') IS NOT NULL")
        row = await found.fetchone()
        return bool(row and row[0])


async def _connect(postgres: Postgres, name: str) -> psycopg.AsyncConnection:
    try:
        return await psycopg.AsyncConnection.connect(
            host=postgres.host,
            port=postgres.port,
            user=postgres.user,
            password=postgres.password,
            dbname=name,
            autocommit=True,
        )
    except psycopg.OperationalError as error:
        raise EngineStartError(f"Postgres for Temporal cannot be reached: {error}") from error


async def _tool(tool: Path, postgres: Postgres, name: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        str(tool),
        "--plugin",
        "postgres12",
        "--endpoint",
        postgres.host,
        "--port",
        str(postgres.port),
        "--user",
        postgres.user,
        "--database",
        name,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        # In the environment, not among the arguments: every user of the machine can list those.
        env=dict(current()) | {"SQL_PASSWORD": postgres.password},
    )
    said, _ = await process.communicate()
    if process.returncode != 0:
        tail = said.decode(errors="replace")[-600:]
        raise EngineStartError(f"Temporal's schema tool failed on {name}: {tail}")
