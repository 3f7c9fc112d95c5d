"""A consistent copy of the store, its return, and what does not fit afterwards."""

import asyncio
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from pydantic import ValidationError

from cases.journal import GENESIS, BrokenChain, Entry, check_chain
from cases.values import Value
from store.database import Database, normal_url, uninterrupted
from store.errors import BackupFailed, BrokenSeal, UnknownKey
from store.journal import Journal
from store.postgres_copy import PROGRAMS, Programs, dump, put_back
from store.tables import cases, views

_KEYS = sa.table(
    "case_keys",
    sa.column("case", sa.Text),
    sa.column("key_id", sa.Text),
    sa.column("wrapped", sa.LargeBinary),
)
"""What every version of the schema has of it."""


class Finding(Value):
    """Something that does not fit together."""

    case: str
    what: str
    mend: str


@uninterrupted
class Backup:
    """Copies and checks the store."""

    def __init__(self, database: Database, *, journal: Journal) -> None:
        self._database = database
        self._journal = journal

    async def copy_to(self, path: Path, *, programs: Programs = PROGRAMS) -> None:
        """A consistent copy stands at `path`, which did not exist; writers were not held up."""
        file = self._database.file
        if file is None:
            await dump(self._database.url, path, programs=programs)
        else:
            await asyncio.to_thread(_vacuum_into, file, path)

    async def reconcile(self) -> list[Finding]:
        """Everything in the store that contradicts itself; empty if nothing does."""
        query = (
            sa.select(cases.c.id, cases.c.erased, views.c.branch, views.c.sequence)
            .outerjoin(views, views.c.case == cases.c.id)
            .order_by(cases.c.opened_at, cases.c.id)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        findings: list[Finding] = []
        for row in rows:
            if row.erased:
                findings.extend(await self._unlinked(row.id))
                continue
            for branch in await self._journal.branches(row.id):
                what = await self._broken(row.id, branch.stream, branch.branch)
                if what:
                    findings.append(
                        Finding(
                            case=row.id,
                            what=f"{branch.stream} stream, {branch.branch}: {what}",
                            mend="`escalate audit replay` derives the journal from its history",
                        )
                    )
            head = await self._journal.head(row.id)
            if (row.branch or head.branch, row.sequence or 0) != (head.branch, head.sequence):
                findings.append(
                    Finding(
                        case=row.id,
                        what=f"its picture is as of entry {row.sequence or 0}, "
                        f"its journal ends at {head.sequence}",
                        mend="the case's next batch mends it; `escalate case explain` tells more",
                    )
                )
            findings.extend(
                Finding(
                    case=row.id,
                    what=f"entry {fork.sequence} of {fork.branch} was said twice, differently",
                    mend="`escalate audit replay` shows which of the two its history supports",
                )
                for fork in await self._journal.forks(row.id)
            )
        return findings

    async def _unlinked(self, case: str) -> list[Finding]:
        """Where an erased case's entries do not follow one another: what they say is gone."""
        hashes: dict[tuple[str, int], set[str]] = {}
        links = await self._journal.links(case)
        for link in links:
            hashes.setdefault((link.stream, link.sequence), set()).add(link.hash)
        return [
            Finding(
                case=case,
                what=f"{link.stream} stream, {link.branch}: entry {link.sequence} follows nothing",
                mend="compare it with the case's last bundle: somebody changed the journal",
            )
            for link in links
            if link.previous not in (hashes.get((link.stream, link.sequence - 1)) or {GENESIS})
        ]

    async def _broken(self, case: str, stream: str, branch: str) -> str:
        try:
            entries: list[Entry] = await self._journal.entries(case, stream=stream, branch=branch)
            end = check_chain(entries, previous=GENESIS)
        except BrokenChain as error:
            return str(error)
        except (BrokenSeal, UnknownKey, ValidationError) as error:
            return f"an entry does not open ({type(error).__name__})"
        head = await self._journal.head(case, stream=stream, branch=branch)
        return "" if head.hash == end else "its last entry is not the head on record"


async def restore(
    path: Path,
    *,
    url: str,
    gone: Sequence[tuple[str, str]] = (),
    programs: Programs = PROGRAMS,
) -> None:
    """The copy at `path` is the store at `url`, where there was none before.

    A file must not exist; a Postgres database must, and be empty. The keys that are `gone`, each
    named by case and id, are not in it: they were destroyed since the copy was made.
    """
    target = normal_url(url)
    if target.get_backend_name() == "sqlite":
        await asyncio.to_thread(_put_in_place, path, Path(target.database or ""), gone)
    else:
        await put_back(path, target, programs=programs)
        await _destroy(url, gone)


async def _destroy(url: str, gone: Sequence[tuple[str, str]]) -> None:
    """The wrapped keys are overwritten, with no key at hand and whatever the schema's version."""
    database = Database(url)
    try:
        async with database.write() as connection:
            for case, key_id in gone:
                await connection.execute(
                    _KEYS.update()
                    .where(_KEYS.c.case == case, _KEYS.c.key_id == key_id)
                    .values(wrapped=b"")
                )
    finally:
        await database.close()


def _vacuum_into(file: Path, path: Path) -> None:
    if path.exists():
        raise BackupFailed(f"{path} exists already")
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        connection = sqlite3.connect(file)
        try:
            connection.execute("VACUUM INTO ?", (str(part),))
        finally:
            connection.close()
        _check(part)
        part.chmod(0o600)
        part.rename(path)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise BackupFailed(f"the copy could not be written: {error}") from error


def _put_in_place(path: Path, target: Path, gone: Sequence[tuple[str, str]]) -> None:
    if target.exists():
        raise BackupFailed(f"{target} exists already: move it away first")
    try:
        _check(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        shutil.copyfile(path, part)
        part.chmod(0o600)
        _overwrite(part, gone)
        part.rename(target)
    except (sqlite3.Error, OSError) as error:
        raise BackupFailed(f"{path} cannot be restored: {error}") from error


def _overwrite(file: Path, gone: Sequence[tuple[str, str]]) -> None:
    """Before the file is anything that somebody could open by mistake."""
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        connection.execute("PRAGMA secure_delete=ON")
        connection.executemany(
            "UPDATE case_keys SET wrapped = X'' WHERE \"case\" = ? AND key_id = ?", gone
        )
    finally:
        connection.close()


def _check(path: Path) -> None:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        (answer,) = connection.execute("PRAGMA integrity_check").fetchone()
        if answer != "ok":
            raise BackupFailed(f"{path} is damaged: {answer}")
        connection.execute("SELECT version_num FROM alembic_version").fetchone()
    finally:
        connection.close()
