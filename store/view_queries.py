"""The questions that lists and metrics ask of the pictures."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import assigned, cases, views, waiting
from store.view_rows import CaseFilter


def lines(*more: sa.Column[Any]) -> sa.Select[Any]:
    """Selects what a line of a list holds."""
    columns = [column for column in views.c if column.name != "state"]
    return sa.select(*columns, cases.c.number, cases.c.opened_at, *more).join(
        cases, cases.c.id == views.c.case
    )


def conditions(which: CaseFilter) -> list[sa.ColumnElement[bool]]:
    """The filter in SQL."""
    conditions: list[sa.ColumnElement[bool]] = []
    if which.status is not None:
        conditions.append(views.c.status.in_(which.status))
    if which.stage is not None:
        conditions.append(views.c.stage == which.stage)
    if which.severity is not None:
        conditions.append(views.c.severity.in_(which.severity))
    if which.runbook is not None:
        conditions.append(views.c.runbook == which.runbook)
    if which.breached is not None:
        conditions.append(views.c.breached == which.breached)
    if which.shadow is not None:
        conditions.append(views.c.shadow == which.shadow)
    if which.role is not None:
        waits = sa.select(waiting.c.case).where(waiting.c.role == which.role)
        conditions.append(views.c.case.in_(waits))
    if which.person is not None:
        mine = sa.select(assigned.c.case).where(assigned.c.person == which.person)
        conditions.append(views.c.case.in_(mine))
    return conditions


async def grouped(
    connection: AsyncConnection, column: sa.Column[str], *conditions: sa.ColumnElement[bool]
) -> dict[str, int]:
    """How many cases there are of each value of the column."""
    query = sa.select(column, sa.func.count()).where(*conditions).group_by(column)
    return await counted(connection, query)


async def counted(connection: AsyncConnection, query: sa.Select[str, int]) -> dict[str, int]:
    """The answer of a query for words and their number."""
    return {row[0]: row[1] for row in await connection.execute(query)}
