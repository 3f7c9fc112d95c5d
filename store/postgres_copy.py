"""A Postgres database is copied and brought back by its own programs, `pg_dump` and `pg_restore`.

They are looked for on the PATH and where Debian puts them. The password reaches them in a file
that only its owner can read: arguments can be listed by every user of the machine.
"""

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import URL

from store.errors import BackupFailed, ProgramMissing

MARK = "alembic_version"
"""The table that every store has, whatever else its schema holds."""

_EMPTY = """
    SELECT NOT EXISTS (
        SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
    )
"""


@dataclass(frozen=True)
class Programs:
    """Where Postgres's own programs are looked for."""

    path: str | None = None
    """Folders in the PATH's writing; None = the PATH of this process."""
    usual: Path = Path("/usr/lib/postgresql")
    """Debian's folder: each version has a folder of its own in it."""

    def find(self, name: str) -> Path:
        """The program on the PATH, else Debian's newest; ProgramMissing says what to install."""
        if on_path := shutil.which(name, path=self.path):
            return Path(on_path)
        versions = sorted(self.usual.glob(f"*/bin/{name}"), key=_version)
        if not versions:
            raise ProgramMissing(name)
        return versions[-1]


PROGRAMS = Programs()


async def dump(url: URL, path: Path, *, marked: str = MARK, programs: Programs = PROGRAMS) -> None:
    """One moment of the database stands at `path`, in pg_dump's custom format."""
    if path.exists():
        raise BackupFailed(f"{path} exists already")
    program = programs.find("pg_dump")
    programs.find("pg_restore")
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    try:
        async with _connection_to(url) as connection:
            await _run(program, "--format=custom", *_ANYBODYS, f"--file={part}", connection)
        await check_dump(part, marked=marked, programs=programs)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    part.rename(path)


async def check_dump(path: Path, *, marked: str = MARK, programs: Programs = PROGRAMS) -> None:
    """The file can be read by pg_restore and holds the table `marked`; BackupFailed otherwise."""
    if not path.is_file():
        raise BackupFailed(f"{path} is missing")
    listed = await _run(programs.find("pg_restore"), "--list", str(path))
    if not re.search(rf"\bTABLE \S+ {re.escape(marked)}\b", listed):
        raise BackupFailed(f"{path} holds another database: it has no table {marked}")


async def put_back(
    path: Path, url: URL, *, marked: str = MARK, programs: Programs = PROGRAMS
) -> None:
    """The database, which was empty, is the one that was dumped: as a whole or not at all."""
    await check_dump(path, marked=marked, programs=programs)
    await must_be_empty(url)
    program = programs.find("pg_restore")
    async with _connection_to(url) as connection:
        await _run(program, "--single-transaction", *_ANYBODYS, connection, str(path))


async def must_be_empty(url: URL) -> None:
    """The database is there and holds no table; BackupFailed otherwise."""
    try:
        async with (
            _conninfo(url) as conninfo,
            await psycopg.AsyncConnection.connect(conninfo) as connection,
        ):
            row = await (await connection.execute(_EMPTY)).fetchone()
    except psycopg.Error as error:
        raise BackupFailed(
            f"the database {url.database} cannot be restored into: {error}".strip()
        ) from error
    if row is None or not row[0]:
        raise BackupFailed(f"the database {url.database} is not empty: name a new one")


_ANYBODYS = ("--no-owner", "--no-privileges", "--no-password")
"""What comes back belongs to whoever restores it, and nobody is asked for a password."""


@asynccontextmanager
async def _connection_to(url: URL) -> AsyncIterator[str]:
    async with _conninfo(url) as conninfo:
        yield f"--dbname={conninfo}"


@asynccontextmanager
async def _conninfo(url: URL) -> AsyncIterator[str]:
    """What libpq must know to connect; it reads the password from a file that is gone after."""
    said = {name: value for name, value in url.query.items() if isinstance(value, str)}
    named = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database}
    said |= {name: str(value) for name, value in named.items() if value is not None}
    with tempfile.TemporaryDirectory(prefix="escalate-") as folder:
        if url.password:
            secret = Path(folder) / "pgpass"
            secret.touch(mode=0o600)
            escaped = str(url.password).replace("\\", "\\\\").replace(":", "\\:")
            secret.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
            said["passfile"] = str(secret)
        yield make_conninfo(**said)


async def _run(program: Path, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        str(program),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, failed = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        tail = failed.decode(errors="replace").strip()[-600:]
        raise BackupFailed(f"{program.name} failed: {tail}")
    return said.decode(errors="replace")


def _version(program: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", program.parent.parent.name))
