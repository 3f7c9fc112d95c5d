"""Which channels are out: after so many failures in a row, until one that is let through succeeds.

Every process reads the same rows, so that one process's time-outs spare all others theirs.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.health import Health
from store.telling_tables import channels

OUT = "channel-out"
"""The kind of the alarm: one an outage, cleared when it is over."""


class ChannelRow(Value):
    """How a channel does."""

    name: str
    failures: int = 0
    """In a row; any answer begins anew."""
    out_since: Instant | None = None
    """None: it is used."""
    probe_at: Instant | None = None
    """While it is out: from then on the next one is let through, to see whether it answers."""
    reason: str = ""
    """The type of the last failure."""
    passed_over: int = 0
    """How many went another way in this outage, or the last one."""
    at: Instant


@uninterrupted
class Channels:
    """Keeps count of failures, and lets a channel be that has had too many."""

    def __init__(self, database: Database, *, health: Health) -> None:
        self._database = database
        self._health = health

    async def all(self) -> list[ChannelRow]:
        """Every channel that has ever failed, by name."""
        async with self._database.read() as connection:
            query = sa.select(channels).order_by(channels.c.name)
            return [_row(row) for row in await connection.execute(query)]

    async def out(self) -> list[ChannelRow]:
        """Those that are left alone now."""
        return [row for row in await self.all() if row.out_since is not None]

    async def get(self, name: str) -> ChannelRow | None:
        """The channel; None where it has never failed."""
        async with self._database.read() as connection:
            query = sa.select(channels).where(channels.c.name == name)
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _row(row)

    async def enter(
        self, name: str, *, at: datetime, pause: timedelta, forced: bool = False
    ) -> ChannelRow | None:
        """None: it may be tried. The row: it is out, and this one goes another way.

        From `probe_at` on one is let through and everybody else goes on waiting: a channel that is
        half open is tried by one at a time. What is `forced` has no other way.
        """
        row = await self.get(name)
        if row is None or row.out_since is None or row.probe_at is None or forced:
            return None
        mine = channels.c.name == name
        async with self._database.write() as connection:
            if row.probe_at <= at:
                taken = await connection.execute(
                    channels.update()
                    .where(mine, channels.c.probe_at == row.probe_at)
                    .values(probe_at=at + pause)
                )
                if taken.rowcount:
                    return None
            await connection.execute(
                channels.update().where(mine).values(passed_over=channels.c.passed_over + 1)
            )
        return row

    async def failed(
        self,
        name: str,
        *,
        reason: str,
        mend: str,
        at: datetime,
        most: int,
        pause: timedelta,
    ) -> bool:
        """It has not answered; True where it is out from now on. The duty manager hears it once."""
        async with self._database.write() as connection:
            row = (
                await connection.execute(
                    self._database.insert(channels)
                    .values(name=name, failures=1, reason=reason, passed_over=0, at=at)
                    .on_conflict_do_update(
                        index_elements=["name"],
                        set_={"failures": channels.c.failures + 1, "reason": reason, "at": at},
                    )
                    .returning(channels)
                )
            ).one()
            if row.failures < most:
                return False
            mine = channels.c.name == name
            await connection.execute(channels.update().where(mine).values(probe_at=at + pause))
            if row.out_since is not None:
                return False
            await connection.execute(
                channels.update().where(mine).values(out_since=at, passed_over=0)
            )
            await self._health.alarm_in(
                connection,
                kind=OUT,
                key=name,
                text=f"{name} has failed {row.failures} times in a row ({reason}): "
                "people are told by their next channel meanwhile",
                mend=mend,
                at=at,
            )
        return True

    async def answered(self, name: str, *, at: datetime) -> bool:
        """It has answered; True where it was out until now, and the alarm is cleared."""
        row = await self.get(name)
        if row is None or not (row.failures or row.out_since):
            return False
        async with self._database.write() as connection:
            query = self._database.locking(sa.select(channels).where(channels.c.name == name))
            before = _row((await connection.execute(query)).one())
            await connection.execute(
                channels.update()
                .where(channels.c.name == name)
                .values(failures=0, out_since=None, probe_at=None, at=at)
            )
        if before.out_since is None:
            return False
        await self._health.clear(kind=OUT, key=name, at=at)
        return True


def _row(row: Any) -> ChannelRow:
    return ChannelRow.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name
