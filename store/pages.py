"""Pages: which were sent to a pager, how each stands, and what the pager said of them."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from cases.journal import Kind
from cases.values import Instant, Value
from store.cases import Cases
from store.database import Database, uninterrupted
from store.journal import Journal
from store.paging_tables import pager_events, pages
from store.vault import Vault


class PageState(StrEnum):
    """How a page stands at the pager."""

    WANTED = "wanted"
    """The pager has not taken it over yet; it is tried again while it is needed."""
    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    SUPERSEDED = "superseded"
    """It was answered before the pager took it over: it never rang."""
    REFUSED = "refused"
    """The pager will not have it."""


STANDING = (PageState.WANTED, PageState.TRIGGERED, PageState.ACKNOWLEDGED)
"""There is something left to tell the pager."""


class PageRow(Value):
    """One page: a step of a case that gets somebody up."""

    key: str
    """The pager's dedup key: the same for the same step, whoever computes it."""
    case: str
    service: str
    """Which of the pager's services it went to, by our name for it."""
    stage: str | None = None
    round: int | None = None
    role: str
    severity: str
    summary: str
    link: str
    state: PageState = PageState.WANTED
    incident: str | None = None
    """The pager's own id for it."""
    failure: str = ""
    """The error's type while it could not be told; never content."""
    attempts: int = 0
    at: Instant
    """When the case asked for it; this and the next two are instants of the case's own time."""
    changed_at: Instant
    next_at: Instant
    """The gateway tells the pager nothing of it before."""


class PagerEvent(Value):
    """Something the pager said of an incident; the id is the pager's, and comes once."""

    id: str
    body_digest: str
    kind: str
    incident: str
    page: str | None = None
    """The dedup key it names."""
    who: str | None = None
    """The pager's id of the person; None when no person did it."""
    received_at: Instant
    times: int = 1
    handled_at: Instant | None = None
    outcome: str = ""


@uninterrupted
class Pages:
    """Keeps pages and what pagers say."""

    def __init__(self, database: Database, *, vault: Vault, cases: Cases, journal: Journal) -> None:
        self._database = database
        self._vault = vault
        self._cases = cases
        self._journal = journal

    async def open(self, row: PageRow) -> PageRow:
        """The page is on record before the pager hears of it; the first of its key stays."""
        async with self._database.write() as connection:
            await connection.execute(
                self._database.insert(pages)
                .values(**row.model_dump())
                .on_conflict_do_nothing(index_elements=["key"])
            )
            query = sa.select(pages).where(pages.c.key == row.key)
            return _page((await connection.execute(query)).one())

    async def get(self, key: str) -> PageRow | None:
        """The page of that dedup key."""
        return await self._one(pages.c.key == key)

    async def of_incident(self, incident: str) -> PageRow | None:
        """The page that the pager made this incident of."""
        return await self._one(pages.c.incident == incident)

    async def of_case(self, case: str) -> list[PageRow]:
        """Every page of the case, in the order they were asked for."""
        return await self._many(pages.c.case == case)

    async def standing(self, *, limit: int = 500) -> list[PageRow]:
        """The pages about which the pager may have to be told something."""
        states = [state.value for state in STANDING]
        return await self._many(pages.c.state.in_(states), limit=limit)

    async def told(self, row: PageRow, state: PageState, *, at: datetime, by: str = "") -> bool:
        """The page stands so now, and the door's record of the case says it; False if it did.

        `by` is who brought it about, where that was not the case itself.
        """
        await self._vault.keys(row.case)
        async with self._database.write() as connection:
            # Always case before page: two that lock both can then never wait for each other.
            await self._cases.lock_in(connection, row.case)
            changed = await connection.execute(
                pages.update()
                .where(pages.c.key == row.key, pages.c.state.not_in([state.value, *_over(state)]))
                .values(state=state, failure="", attempts=0, changed_at=at, next_at=at)
            )
            if changed.rowcount == 0:
                return False
            await self._journal.append_door_in(
                connection,
                row.case,
                Kind.DOOR_PAGE,
                at=at,
                page=row.key,
                service=row.service,
                role=row.role,
                stage=row.stage,
                state=state.value,
                by=by or None,
            )
            return True

    async def failed(self, key: str, *, failure: str, at: datetime, next_at: datetime) -> None:
        """The pager could not be told; it is tried again at `next_at`."""
        async with self._database.write() as connection:
            await connection.execute(
                pages.update()
                .where(pages.c.key == key)
                .values(
                    failure=failure,
                    attempts=pages.c.attempts + 1,
                    changed_at=at,
                    next_at=next_at,
                )
            )

    async def known_as(self, key: str, *, incident: str) -> None:
        """The pager's own id for the page is known."""
        async with self._database.write() as connection:
            await connection.execute(
                pages.update().where(pages.c.key == key).values(incident=incident)
            )

    async def heard(self, event: PagerEvent) -> tuple[PagerEvent, bool]:
        """The event is durable; the first of its id is returned, and whether this one was it."""
        async with self._database.write() as connection:
            fresh = await connection.execute(
                self._database.insert(pager_events)
                .values(**event.model_dump())
                .on_conflict_do_nothing(index_elements=["id"])
                .returning(pager_events.c.id)
            )
            new = fresh.scalar_one_or_none() is not None
            if not new:
                await connection.execute(
                    pager_events.update()
                    .where(pager_events.c.id == event.id)
                    .values(times=pager_events.c.times + 1)
                )
            query = sa.select(pager_events).where(pager_events.c.id == event.id)
            return _event((await connection.execute(query)).one()), new

    async def unhandled(self, *, limit: int = 200) -> list[PagerEvent]:
        """Events that nothing was done about yet, oldest first."""
        return await self._events(pager_events.c.handled_at.is_(None), limit=limit)

    async def events(self, *, page: str | None = None, limit: int = 200) -> list[PagerEvent]:
        """What the pager said, of one page or at all, oldest first."""
        conditions = () if page is None else (pager_events.c.page == page,)
        return await self._events(*conditions, limit=limit)

    async def handled(
        self, event: PagerEvent, *, outcome: str, at: datetime, page: PageRow | None = None
    ) -> None:
        """What came of the event is on record; where it is about a case, in the case's as well."""
        if page is not None:
            await self._vault.keys(page.case)
        async with self._database.write() as connection:
            if page is not None:
                await self._cases.lock_in(connection, page.case)
            done = await connection.execute(
                pager_events.update()
                .where(pager_events.c.id == event.id, pager_events.c.handled_at.is_(None))
                .values(
                    handled_at=at,
                    outcome=outcome,
                    page=page.key if page is not None else event.page,
                )
            )
            if page is None or done.rowcount == 0:
                return
            await self._journal.append_door_in(
                connection,
                page.case,
                Kind.DOOR_PAGER_SAID,
                at=at,
                event=event.id,
                what=event.kind,
                page=page.key,
                who=event.who,
                outcome=outcome,
            )

    async def _one(self, *conditions: sa.ColumnElement[bool]) -> PageRow | None:
        query = sa.select(pages).where(*conditions).order_by(pages.c.at.desc()).limit(1)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _page(row)

    async def _many(self, *conditions: sa.ColumnElement[bool], limit: int = 1000) -> list[PageRow]:
        query = sa.select(pages).where(*conditions).order_by(pages.c.at, pages.c.key).limit(limit)
        async with self._database.read() as connection:
            return [_page(row) for row in await connection.execute(query)]

    async def _events(self, *conditions: sa.ColumnElement[bool], limit: int) -> list[PagerEvent]:
        query = (
            sa.select(pager_events)
            .where(*conditions)
            .order_by(pager_events.c.received_at, pager_events.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [_event(row) for row in await connection.execute(query)]


def _over(state: PageState) -> Iterable[str]:
    """The states that this one does not follow: what was resolved does not ring again."""
    ended = (PageState.RESOLVED.value, PageState.SUPERSEDED.value, PageState.REFUSED.value)
    if state is PageState.TRIGGERED:
        return (PageState.ACKNOWLEDGED.value, *ended)
    return ended


def _page(row: Any) -> PageRow:
    return PageRow.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name


def _event(row: Any) -> PagerEvent:
    return PagerEvent.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name
