"""Releases of runbooks: the shelf that `runbooks.release` decides every step of."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from runbooks.errors import ReleaseRefusedError
from runbooks.release import (
    Release,
    ReleaseState,
    approved,
    may_run_beside,
    over,
    proposed,
    retired,
    same_bytes,
    walked,
)
from store.database import Database, uninterrupted
from store.objects import Objects
from store.side_tables import releases

RUNBOOK = "runbook"
"""The kind under which a runbook's source is kept as an object."""


@uninterrupted
class Releases:
    """Implements `runbooks.release.ReleaseShelf`."""

    def __init__(self, database: Database, *, objects: Objects) -> None:
        self._database = database
        self._objects = objects

    async def propose(
        self,
        *,
        runbook: str,
        version: str,
        digest: str,
        source: bytes,
        by: str,
        at: datetime,
        shadow: bool = False,
    ) -> None:
        """The version is proposed, its source kept; ReleaseRefusedError if the number is taken."""

        def step(standing: Release | None) -> Release:
            return proposed(
                standing,
                runbook=runbook,
                version=version,
                digest=digest,
                by=by,
                at=at,
                shadow=shadow,
            )

        async with self._database.write() as connection:
            kept = await self._objects.put_in(connection, kind=RUNBOOK, data=source, at=at)
            if kept != digest:
                raise ReleaseRefusedError(f"{runbook} {version}: the digest is not the source's")
            shelf = await self._of(connection, runbook)
            same_bytes(shelf, runbook=runbook, version=version, digest=digest)
            if shadow:
                may_run_beside(shelf, runbook=runbook)
            await self._step(connection, (runbook, version, shadow), step)

    async def approve(
        self, *, runbook: str, version: str, by: str, at: datetime, shadow: bool = False
    ) -> None:
        """The version is live; ReleaseRefusedError when `by` proposed it.

        What ran in the shadow until now is over: new cases of the runbook are live ones.
        """
        async with self._database.write() as connection:
            shelf = await self._of(connection, runbook)
            if shadow:
                may_run_beside(shelf, runbook=runbook)
            place = (runbook, version, shadow)
            await self._step(connection, place, lambda it: approved(it, by=by, at=at))
            for each in [] if shadow else over(shelf, runbook=runbook):
                place = (runbook, each.version, True)
                await self._step(connection, place, lambda it: retired(it, by=by, at=at))

    async def retire(
        self, *, runbook: str, version: str, by: str, at: datetime, shadow: bool = False
    ) -> None:
        """No new case walks the version; running cases keep it."""
        async with self._database.write() as connection:
            place = (runbook, version, shadow)
            await self._step(connection, place, lambda it: retired(it, by=by, at=at))

    async def released(self) -> list[Release]:
        """Every release, live or not, in the order they were proposed."""
        async with self._database.read() as connection:
            return await self._of(connection)

    async def active(self, runbook: str) -> Release | None:
        """The version new cases of the runbook walk; its source is `objects.get(digest)`.

        It says whether they walk it in the shadow.
        """
        return walked(await self.released(), runbook=runbook)

    async def runbooks(self) -> dict[str, Release]:
        """Every runbook that has a version which new cases walk, with it."""
        shelf = await self.released()
        found = {name: walked(shelf, runbook=name) for name in {each.runbook for each in shelf}}
        return {name: each for name, each in sorted(found.items()) if each is not None}

    async def _of(self, connection: AsyncConnection, runbook: str | None = None) -> list[Release]:
        query = sa.select(releases).order_by(releases.c.position)
        if runbook is not None:
            query = query.where(releases.c.runbook == runbook)
        return [_read(row) for row in await connection.execute(query)]

    async def _step(
        self,
        connection: AsyncConnection,
        place: tuple[str, str, bool],
        step: Callable[[Release | None], Release],
    ) -> None:
        runbook, version, shadow = place
        here = sa.and_(
            releases.c.runbook == runbook,
            releases.c.version == version,
            releases.c.shadow.is_(shadow),
        )
        query = self._database.locking(sa.select(releases).where(here))
        row = (await connection.execute(query)).one_or_none()
        standing = None if row is None else _read(row)
        after = step(standing)
        if after == standing:
            return
        if standing is not None:
            await connection.execute(releases.update().where(here).values(**after.model_dump()))
            return
        written = await connection.execute(
            self._database.insert(releases)
            .values(**after.model_dump())
            .on_conflict_do_nothing(index_elements=["runbook", "version", "shadow"])
            .returning(releases.c.position)
        )
        if written.scalar_one_or_none() is None:
            # Somebody proposed the same version a moment earlier: theirs is the standing one now.
            await self._step(connection, place, step)


def _read(row: Any) -> Release:
    fields = dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name
    return Release.model_validate({**fields, "state": ReleaseState(fields["state"])})
