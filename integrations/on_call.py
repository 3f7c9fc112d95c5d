"""The on-call directory: which roles have a rota, and who of our people it has on call."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from integrations.errors import RotaUnreadableError
from integrations.on_call_file import Rota, read_rotas
from integrations.on_call_sources import CalendarRota, Named, Source, StaticRota
from integrations.ports.directory import Directory, DirectorySnapshot, Person
from integrations.ports.on_call import OnCallAnswer, OnCallTeam


class OnCallRotas:
    """The rotas of one file; people are looked up in the directory as it is at that moment."""

    def __init__(
        self,
        file: Path,
        *,
        directory: Directory,
        schedule: Callable[[str], Source] | None = None,
    ) -> None:
        self._file = file
        self._directory = directory
        self._schedule = schedule
        self._stamp: tuple[int, int, int] | None = None
        self._rotas: dict[str, Rota] = {}

    async def teams(self) -> dict[str, OnCallTeam]:
        """Every role that has a rota."""
        return {role: _team(role, rota) for role, rota in (await self._read()).items()}

    async def team(self, role: str) -> OnCallTeam | None:
        """The role's team; None when it has no rota."""
        rota = (await self._read()).get(role)
        return None if rota is None else _team(role, rota)

    async def who_is_on_call(self, team: str, at: datetime) -> OnCallAnswer:
        """Who is on call; without a rota, everybody who holds the role."""
        rota = (await self._read()).get(team)
        snapshot = await self._directory.snapshot()
        if rota is None:
            return OnCallAnswer(
                team=team,
                as_of=at,
                people=tuple(person.id for person in snapshot.holders(team)),
                source="directory",
                digest=snapshot.digest,
            )
        source = self._source(rota)
        shift = await source.at(at)
        found = [_person(snapshot, named) for named in shift.on_call]
        people = dict.fromkeys(person.id for person in found if person is not None)
        return OnCallAnswer(
            team=team,
            as_of=at,
            people=tuple(people),
            strangers=sum(person is None for person in found),
            source=source.name,
            digest=shift.digest,
        )

    def _source(self, rota: Rota) -> Source:
        if rota.people is not None:
            return StaticRota(rota.people)
        if rota.calendar is not None:
            return CalendarRota(self._file.parent / rota.calendar)
        if self._schedule is None:
            raise RotaUnreadableError(
                self._file.name, "names a schedule of PagerDuty, which no API key is set for"
            )
        return self._schedule(rota.pagerduty or "")

    async def _read(self) -> dict[str, Rota]:
        return await asyncio.to_thread(self._reread)

    def _reread(self) -> dict[str, Rota]:
        try:
            status = self._file.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:
            stamp = None
        if stamp is None or stamp != self._stamp:
            self._rotas = read_rotas(self._file)
            self._stamp = stamp
        return self._rotas


def _team(role: str, rota: Rota) -> OnCallTeam:
    return OnCallTeam(role=role, every_notice=rota.notices == "all", instead=rota.instead)


def _person(snapshot: DirectorySnapshot, named: Named) -> Person | None:
    """The one person meant; e-mails are compared without regard to case."""
    for person in snapshot.people:
        if named.pagerduty and person.pagerduty == named.pagerduty:
            return person
    for person in snapshot.people:
        if named.person == person.id and named.person:
            return person
        if named.email and person.email.casefold() == named.email.casefold():
            return person
    return None
