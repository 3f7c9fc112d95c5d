"""Proofs of a person: password, then a code that works once (design §7)."""

from collections import deque
from datetime import datetime, timedelta

from gateway.doors import Doors
from runbooks.plan import Assurance
from store import NewSession

_MINUTE = timedelta(minutes=1)
_CODE_KEPT = timedelta(minutes=5)
_MOST_REMEMBERED = 10_000


class WrongLogInError(Exception):
    """Name, password or code is wrong; which of them is not said."""


class TooManyLogInsError(Exception):
    """So many failed that the door does not check any more for a while."""


class NoPasswordsError(Exception):
    """Passwords are not taken here: people log in at their provider."""


class LogIns:
    """Opens sessions, and counts failures a person and minute."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._failures: dict[str, deque[datetime]] = {}

    async def log_in(
        self, person: str, password: str, code: str, *, door: str = "page"
    ) -> NewSession:
        """A session: L1, or L2 where the second factor was proved as well."""
        doors = self._doors
        if not doors.settings.passwords:
            raise NoPasswordsError
        now = await doors.clock.now()
        self._check_rate(person, now)
        if not await doors.directory.check_password(person, password):
            self._failed(person, now)
            raise WrongLogInError
        if code:
            await self._spend(person, code, now)
        return await doors.store.sessions.create(
            person=person,
            assurance=Assurance.L2 if code else Assurance.L1,
            at=now,
            expires_at=now + doors.settings.session_lifetime,
            door=door,
        )

    async def step_up(self, token: str, person: str, code: str) -> None:
        """The session is at L2 from now on, for the window."""
        if not self._doors.settings.passwords:
            raise NoPasswordsError
        now = await self._doors.clock.now()
        self._check_rate(person, now)
        await self._spend(person, code, now)
        await self._doors.store.sessions.step_up(token, assurance=Assurance.L2, at=now)

    async def _spend(self, person: str, code: str, now: datetime) -> None:
        step = await self._doors.directory.check_second_factor(person, code, at=now)
        fresh = step is not None and await self._doors.store.sessions.spend(
            f"{person}:{step}", kind="totp", expires_at=now + _CODE_KEPT
        )
        if not fresh:
            self._failed(person, now)
            raise WrongLogInError

    def _check_rate(self, person: str, now: datetime) -> None:
        failures = self._failures.get(person)
        while failures and failures[0] <= now - _MINUTE:
            failures.popleft()
        if failures and len(failures) >= self._doors.settings.log_in_attempts:
            raise TooManyLogInsError

    def _failed(self, person: str, now: datetime) -> None:
        if len(self._failures) >= _MOST_REMEMBERED:
            self._failures.clear()
        self._failures.setdefault(person, deque()).append(now)
