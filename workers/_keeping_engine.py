"""The engine's own database, copied and put back: a SQLite file, or two Postgres databases."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL

from store import BackupFailed
from store.postgres_copy import check_dump, dump, must_be_empty, put_back
from workers import _engine_postgres
from workers._engine_config import Postgres
from workers.settings import Settings

FILE = "engine.db"
DUMPS = {"database": "engine.dump", "visibility": "engine-visibility.dump"}
"""In this order: a list that knows of a case too many is corrected, one too few is not."""
MARK = "schema_version"
"""The table that both of Temporal's databases have."""


async def copy_engine(settings: Settings, folder: Path) -> bool:
    """The engine's database stands in `folder`, as far as it is ours and there is one yet."""
    if settings.engine.postgres_url is not None:
        for name, url in _databases(settings):
            await dump(url, folder / DUMPS[name], marked=MARK)
        return True
    if not settings.engine_database.exists():
        return False
    await asyncio.to_thread(_online_copy, settings.engine_database, folder / FILE)
    return True


async def check_engine(settings: Settings, folder: Path) -> None:
    """The copy in `folder` fits the engine of the settings, which is not there yet."""
    on_postgres = settings.engine.postgres_url is not None
    wanted = (*DUMPS.values(),) if on_postgres else (FILE,)
    missing = [name for name in wanted if not (folder / name).is_file()]
    if missing:
        raise BackupFailed(
            f"the backup holds no {' and no '.join(missing)}: ESCALATE_ENGINE__POSTGRES_URL must "
            "be set as it was when the backup was made"
        )
    for name, url in _databases(settings):
        await check_dump(folder / DUMPS[name], marked=MARK)
        await _engine_postgres.create(_postgres(settings), url.database or "")
        await must_be_empty(url)


async def put_engine_back(settings: Settings, folder: Path) -> None:
    """The engine's database is the one that was copied; `check_engine` found its place free."""
    if settings.engine.postgres_url is None:
        settings.engine_database.parent.mkdir(parents=True, exist_ok=True)
        settings.engine_database.touch(mode=0o600, exist_ok=False)
        shutil.copyfile(folder / FILE, settings.engine_database)
        return
    for name, url in _databases(settings):
        await put_back(folder / DUMPS[name], url, marked=MARK)
        await _engine_postgres.renamed(_postgres(settings), url.database or "")


def _postgres(settings: Settings) -> Postgres:
    url = settings.engine.postgres_url
    return Postgres.from_url(url.get_secret_value() if url is not None else "")


def _databases(settings: Settings) -> Iterator[tuple[str, URL]]:
    if settings.engine.postgres_url is None:
        return
    postgres = _postgres(settings)
    for name in DUMPS:
        yield (
            name,
            URL.create(
                "postgresql",
                username=postgres.user,
                password=postgres.password,
                host=postgres.host,
                port=postgres.port,
                database=getattr(postgres, name),
            ),
        )


def _online_copy(file: Path, path: Path) -> None:
    """SQLite's own online backup: one moment of the file, while its server goes on writing."""
    try:
        with (
            closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as source,
            closing(sqlite3.connect(path)) as target,
        ):
            source.backup(target)
            (answer,) = target.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        path.unlink(missing_ok=True)
        raise BackupFailed(f"the engine's file could not be copied: {error}") from error
    if answer != "ok":
        raise BackupFailed(f"the copy of the engine's file is damaged: {answer}")
    path.chmod(0o600)
