"""Cases as pages, lists and the watch see them: the picture the journal's last batch left."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.journal import Stream
from store.branches import Branch, Branches
from store.case_keys import CaseKeys
from store.cases import ENDED
from store.database import Database, uninterrupted
from store.errors import StoreError
from store.tables import assigned, case_links, cases, pictures, rounds, views, waiting
from store.vault import Vault
from store.view_queries import conditions, counted, grouped, lines
from store.view_rows import CaseFilter, CaseHeading, CaseLine, CaseView, Counts


@uninterrupted
class Views:
    """Publishes and reads pictures of cases."""

    def __init__(self, database: Database, *, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._branches = Branches(database)

    async def publish_in(
        self,
        connection: AsyncConnection,
        keys: CaseKeys,
        *,
        branch: str,
        sequence: int,
        heading: CaseHeading,
        changes: dict[str, JsonValue],
        as_of: datetime,
    ) -> bool:
        """The picture is what it was with the changed fields; False if it was newer already.

        When a reset has opened a new branch the picture is built again from what the branch took
        over: nothing of the abandoned line stays in it.
        """
        query = sa.select(views).where(views.c.case == keys.case)
        row = (await connection.execute(query)).one_or_none()
        if row is None:
            before: dict[str, JsonValue] = {}
        elif row.branch == branch:
            if sequence <= row.sequence:
                return False
            before = _opened(keys, row.state, "view")
        elif not await self._newer(connection, keys.case, branch, than=row.branch):
            return False
        else:
            before = await self._taken_over(connection, keys, branch)
        state = {**before, **changes}
        fields = heading.model_dump(exclude={"number"})
        values = {
            **fields,
            "waiting_on": list(heading.waiting_on),
            "branch": branch,
            "sequence": sequence,
            "as_of": as_of,
            "state": keys.seal(_json(state), aad="view"),
        }
        insert = self._database.insert(views).values(case=keys.case, **values)
        await connection.execute(insert.on_conflict_do_update(index_elements=["case"], set_=values))
        await self._remember(
            connection,
            keys,
            branch=branch,
            sequence=sequence,
            heading=heading,
            changes=changes,
            as_of=as_of,
        )
        if row is None or row.status != heading.status:
            await connection.execute(
                cases.update().where(cases.c.id == keys.case).values(status=heading.status)
            )
        if row is None or set(row.waiting_on) != set(heading.waiting_on):
            roles = [{"role": role} for role in dict.fromkeys(heading.waiting_on)]
            await _replace(connection, waiting, keys.case, roles)
        if before.get("links") != state.get("links"):
            await _replace(connection, case_links, keys.case, _links(state.get("links")))
        theirs = _theirs(state)
        if _theirs(before) != theirs:
            rows = [{"role": what, "person": person} for what, person in theirs.items()]
            await _replace(connection, assigned, keys.case, rows)
        return True

    async def get(self, case: str) -> CaseView | None:
        """The case as its workflow last described it; None before it has, and once it is erased."""
        return await self._one(views.c.case == case)

    async def heads(self, which: Collection[str]) -> dict[str, tuple[str, int]]:
        """Up to which entry those cases have been described: the branch, and its last entry."""
        query = sa.select(views.c.case, views.c.branch, views.c.sequence)
        async with self._database.read() as connection:
            rows = await connection.execute(query.where(views.c.case.in_(which)))
            return {case: (branch, sequence) for case, branch, sequence in rows}

    async def by_number(self, number: str) -> CaseView | None:
        """The case that people call by that number."""
        return await self._one(cases.c.number == number)

    async def at(self, case: str, *, instant: datetime) -> CaseView | None:
        """The case as it was at a past instant."""
        keys = await self._vault.keys(case)
        async with self._database.read() as connection:
            branch = await self._branches.find_in(connection, case, Stream.CASE, None)
            opened_at = (
                await connection.execute(sa.select(cases.c.opened_at).where(cases.c.id == case))
            ).scalar_one()
            if branch is None:
                return None
            rows = [row for row in await self._patches(connection, branch) if row.as_of <= instant]
        if not rows:
            return None
        last = rows[-1]
        line = CaseLine.model_validate(
            {
                **last.heading,
                "case": case,
                "opened_at": opened_at,
                "as_of": last.as_of,
                "branch": last.branch,
                "sequence": last.sequence,
            }
        )
        return CaseView(line=line, state=_folded(keys, rows))

    async def linked_to(self, number: str) -> list[tuple[str, str]]:
        """The numbers of the cases that say they are linked to that one, and as what."""
        query = (
            sa.select(cases.c.number, case_links.c.kind)
            .join(cases, cases.c.id == case_links.c.case)
            .where(case_links.c.number == number)
            .order_by(cases.c.opened_at, cases.c.id)
        )
        async with self._database.read() as connection:
            return [(row.number, row.kind) for row in await connection.execute(query)]

    async def inbox(self, *, roles: frozenset[str], person: str) -> list[CaseView]:
        """Open cases that wait on one of the roles, or whose work is the person's; due first."""
        query = (
            lines(views.c.state)
            .where(
                views.c.status.not_in(ENDED),
                sa.or_(
                    views.c.case.in_(sa.select(waiting.c.case).where(waiting.c.role.in_(roles))),
                    views.c.case.in_(sa.select(assigned.c.case).where(assigned.c.person == person)),
                ),
            )
            .order_by(views.c.due_at.asc().nulls_last(), cases.c.opened_at, cases.c.id)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [await self._view(row) for row in rows if row.state]

    async def due(self, *, before: datetime) -> list[CaseLine]:
        """Open cases whose next instant has passed without the workflow having said anything.

        A shadow case is none of them: nobody is kept waiting.
        """
        query = (
            lines()
            .where(
                views.c.status.not_in(ENDED),
                views.c.shadow.is_(False),
                views.c.next_at <= before,
                views.c.as_of < views.c.next_at,
            )
            .order_by(views.c.next_at, cases.c.id)
        )
        async with self._database.read() as connection:
            return [_line(row) for row in await connection.execute(query)]

    async def counts(self) -> Counts:
        """How many cases there are of each sort."""
        live = views.c.shadow.is_(False)
        running = sa.and_(views.c.status.not_in(ENDED), live)
        beside = sa.and_(views.c.status.not_in(ENDED), views.c.shadow)
        async with self._database.read() as connection:
            waits = (
                sa.select(waiting.c.role, sa.func.count())
                .join(views, views.c.case == waiting.c.case)
                .where(running)
                .group_by(waiting.c.role)
            )
            breached = sa.select(sa.func.count()).where(running, views.c.breached)
            asked = (
                sa.select(sa.func.count())
                .select_from(rounds)
                .join(views, views.c.case == rounds.c.case)
                .where(rounds.c.open, rounds.c.closed_at_door.is_(None), live)
            )
            shadows = sa.select(sa.func.count()).where(beside)
            return Counts(
                by_status=await grouped(connection, views.c.status, live),
                by_stage=await grouped(connection, views.c.stage, running),
                by_severity=await grouped(connection, views.c.severity, running),
                waiting_on=await counted(connection, waits),
                breached=(await connection.execute(breached)).scalar_one(),
                open_rounds=(await connection.execute(asked)).scalar_one(),
                shadow=(await connection.execute(shadows)).scalar_one(),
            )

    async def _one(self, condition: sa.ColumnElement[bool]) -> CaseView | None:
        async with self._database.read() as connection:
            query = lines(views.c.state).where(condition)
            row = (await connection.execute(query)).one_or_none()
        return None if row is None or not row.state else await self._view(row)

    async def _view(self, row: Any) -> CaseView:
        keys = await self._vault.keys(row.case)
        return CaseView(line=_line(row), state=_opened(keys, row.state, "view"))

    async def _newer(
        self, connection: AsyncConnection, case: str, branch: str, *, than: str
    ) -> bool:
        mine = await self._branches.find_in(connection, case, Stream.CASE, branch)
        theirs = await self._branches.find_in(connection, case, Stream.CASE, than)
        if mine is None or theirs is None:
            raise StoreError(f"{case}: a picture names a branch that is not stored")
        return mine.ordinal > theirs.ordinal

    async def _taken_over(
        self, connection: AsyncConnection, keys: CaseKeys, branch: str
    ) -> dict[str, JsonValue]:
        found = await self._branches.find_in(connection, keys.case, Stream.CASE, branch)
        return {} if found is None else _folded(keys, await self._patches(connection, found))

    async def _patches(self, connection: AsyncConnection, branch: Branch) -> list[Any]:
        query = (
            sa.select(pictures)
            .where(await self._branches.segments_in(connection, branch, table=pictures))
            .order_by(pictures.c.sequence)
        )
        return list((await connection.execute(query)).all())

    async def _remember(
        self,
        connection: AsyncConnection,
        keys: CaseKeys,
        *,
        branch: str,
        sequence: int,
        heading: CaseHeading,
        changes: dict[str, JsonValue],
        as_of: datetime,
    ) -> None:
        insert = self._database.insert(pictures).values(
            case=keys.case,
            branch=branch,
            sequence=sequence,
            as_of=as_of,
            heading=heading.model_dump(mode="json"),
            changes=keys.seal(_json(changes), aad=_place(branch, sequence)),
        )
        await connection.execute(insert.on_conflict_do_nothing())

    async def list(self, which: CaseFilter | None = None) -> list[CaseLine]:
        """Cases that match, the newest first."""
        which = which or CaseFilter()
        query = lines().where(*conditions(which))
        query = query.order_by(cases.c.opened_at.desc(), cases.c.id)
        query = query.limit(which.limit).offset(which.offset)
        async with self._database.read() as connection:
            return [_line(row) for row in await connection.execute(query)]


def _theirs(state: Mapping[str, JsonValue]) -> dict[str, str]:
    """Whose by name the case's work is: by role, by each open task, and by what is offered."""
    given = state.get("assignments")
    theirs = (
        {role: str(person) for role, person in given.items()} if isinstance(given, dict) else {}
    )
    offers = state.get("work_offers")
    for offer in offers if isinstance(offers, list) else []:
        if isinstance(offer, dict):
            theirs[f"hand-over of {offer['role']}"] = str(offer["person"])
    # The list as a whole, or item by item, as the case's batches carry it.
    whole = state.get("tasks")
    items = whole if isinstance(whole, list) else []
    items = items + [item for name, item in state.items() if name.startswith("tasks.")]
    for item in items:
        if isinstance(item, dict):
            person = item.get("person")
            # A field that still has its default is left out of a picture.
            if person is not None and item.get("state", "open") == "open":
                theirs[str(item["id"])] = str(person)
    return theirs


async def _replace(
    connection: AsyncConnection, table: sa.Table, case: str, rows: list[dict[str, Any]]
) -> None:
    await connection.execute(table.delete().where(table.c.case == case))
    if rows:
        await connection.execute(table.insert(), [{"case": case, **row} for row in rows])


def _links(said: JsonValue) -> list[dict[str, Any]]:
    found = [item for item in said if isinstance(item, dict)] if isinstance(said, list) else []
    pairs = dict.fromkeys((str(item["number"]), str(item["why"])) for item in found)
    return [{"number": number, "kind": kind} for number, kind in pairs if number]


def _line(row: Any) -> CaseLine:
    return CaseLine.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name


def _folded(keys: CaseKeys, rows: list[Any]) -> dict[str, JsonValue]:
    state: dict[str, JsonValue] = {}
    for row in rows:
        state |= _opened(keys, row.changes, _place(row.branch, row.sequence))
    return state


def _opened(keys: CaseKeys, sealed: bytes, place: str) -> dict[str, JsonValue]:
    fields: dict[str, JsonValue] = json.loads(keys.open_sealed(sealed, aad=place))
    return fields


def _place(branch: str, sequence: int) -> str:
    return f"picture|{branch}|{sequence}"


def _json(fields: dict[str, JsonValue]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
