"""A directory of people in one YAML file: for the demo and for small teams.

The file is read again whenever it changes. A broken file is an error with its line, not yesterday's
people: a role that was taken away must not live on because of a typing mistake.
"""

import asyncio
import hashlib
import hmac
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import SecretStr

from integrations.errors import DirectoryUnreadableError, UnknownPersonError
from integrations.people_file import Account, read_people
from integrations.ports.clock import Clock
from integrations.ports.directory import DirectorySnapshot, Person

DEMO_FILE = Path(__file__).with_name("demo_directory.yaml")
"""People of all roles, with the password `demo`: refused by `doctor` outside the demo."""

_LARGEST = 4 * 1024 * 1024
_STEP_SECONDS = 30
# One step either way: phones' clocks are rarely worse.
_DRIFT = 1
_LONGEST_PASSWORD = 1024


class _Reading(NamedTuple):
    """The file as it was last read."""

    stamp: tuple[int, int, int]
    digest: str
    accounts: tuple[Account, ...]


class FileDirectory:
    """The directory in the file; it is also where passwords and second factors are checked."""

    def __init__(self, path: Path, *, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._reading: _Reading | None = None
        self._hasher = PasswordHasher()

    async def people_with(self, role: str) -> tuple[Person, ...]:
        """Those who hold the role now, by id; empty when nobody does."""
        return (await self.snapshot()).holders(role)

    async def person(self, person_id: str) -> Person:
        """The person; `UnknownPersonError` when nobody has the id."""
        account = await self._account(person_id)
        if account is None:
            raise UnknownPersonError(person_id)
        return account.person

    async def snapshot(self) -> DirectorySnapshot:
        """Everybody, with the digest of the file they were read from."""
        as_of = await self._clock.now()
        reading = await asyncio.to_thread(self._read)
        people = tuple(account.person for account in reading.accounts)
        away = tuple(absence for account in reading.accounts for absence in account.away)
        return DirectorySnapshot(digest=reading.digest, as_of=as_of, people=people, absences=away)

    async def check_password(self, person_id: str, password: str) -> bool:
        """True when it is theirs; an unknown person costs as much time as a wrong password."""
        accounts = (await asyncio.to_thread(self._read)).accounts
        hashes = {a.person.id: a.password for a in accounts if a.password is not None}
        # For an unknown person somebody else's hash is checked, and the result thrown away.
        hashed = hashes.get(person_id) or next(iter(hashes.values()), None)
        if hashed is None:
            return False
        matches = await asyncio.to_thread(self._matches, hashed, password[:_LONGEST_PASSWORD])
        return matches and person_id in hashes

    async def check_second_factor(self, person_id: str, code: str, *, at: datetime) -> int | None:
        """The number of the time step the code belongs to, None when it is wrong."""
        account = await self._account(person_id)
        if account is None or account.totp is None:
            return None
        totp = pyotp.TOTP(account.totp.get_secret_value())
        now = int(at.timestamp()) // _STEP_SECONDS
        given = code.replace(" ", "").encode()
        for step in range(now - _DRIFT, now + _DRIFT + 1):
            if hmac.compare_digest(totp.generate_otp(step).encode(), given):
                return step
        return None

    async def _account(self, person_id: str) -> Account | None:
        reading = await asyncio.to_thread(self._read)
        return next((a for a in reading.accounts if a.person.id == person_id), None)

    def _matches(self, hashed: SecretStr, password: str) -> bool:
        try:
            return self._hasher.verify(hashed.get_secret_value(), password)
        except (VerificationError, InvalidHashError):
            return False

    def _read(self) -> _Reading:
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if self._reading is not None and self._reading.stamp == stamp:
                return self._reading
            if status.st_size > _LARGEST:
                raise self._unreadable(f"is larger than {_LARGEST} bytes")
            content = self._path.read_bytes()
        except OSError as error:
            raise self._unreadable(f"cannot be read ({error.strerror})") from error
        self._reading = _Reading(
            stamp=stamp,
            digest=hashlib.sha256(content).hexdigest(),
            accounts=read_people(content, file=self._path.name),
        )
        return self._reading

    def _unreadable(self, message: str) -> DirectoryUnreadableError:
        return DirectoryUnreadableError(message, file=self._path.name, line=1, column=1)
