"""Who is away: what the directory says, and what people have told the house themselves."""

from datetime import datetime

from integrations.ports.directory import Absence, DirectorySnapshot
from store import Store


async def known_absences(
    store: Store, snapshot: DirectorySnapshot, *, at: datetime
) -> tuple[Absence, ...]:
    """Every absence that is not over at `at`."""
    rows = await store.absences.all(after=at)
    told = (
        Absence(
            id=row.id,
            person=row.person,
            since=row.since,
            until=row.ends_at,
            delegate=row.delegate,
            roles=row.roles,
            runbooks=row.runbooks,
        )
        for row in rows
    )
    return (*(each for each in snapshot.absences if each.until > at), *told)
