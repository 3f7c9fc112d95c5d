"""Keys of cases: who has only the store's rows reads nothing (design §7)."""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database import Database
from store.erasure_tables import shreds
from store.errors import (
    BrokenSeal,
    ContentErased,
    StoreMisconfigured,
    UnknownCase,
    UnknownKey,
)
from store.tables import case_keys

INSTALLATION = "installation"
"""The name under which what belongs to no case is sealed."""
TTL = timedelta(minutes=5)
"""How long an unwrapped key may stay in memory (audit facts §5)."""
_KEY = 32
_NONCE = 12
_FORMAT = b"\x01"
_MAX_CACHED = 4096


@dataclass(frozen=True)
class KeyEncryptionKey:
    """The key that wraps every other key; it never enters the store."""

    secret: bytes = field(repr=False)
    key_id: str

    def __post_init__(self) -> None:
        if len(self.secret) != _KEY:
            raise StoreMisconfigured("a key-encryption key has 32 bytes")

    @classmethod
    def read(cls, data: bytes) -> "KeyEncryptionKey":
        """The key out of its file: 32 raw bytes, or the same in base64."""
        secret = data
        if len(data) != _KEY:
            try:
                secret = base64.b64decode(data.strip(), validate=True)
            except (binascii.Error, ValueError):
                raise StoreMisconfigured(
                    "the key-encryption key is not 32 bytes in base64"
                ) from None
        if secret == DEMO_KEK.secret:
            return DEMO_KEK
        name = hashlib.sha256(b"escalate key-encryption key id" + secret).hexdigest()[:16]
        return cls(secret, name)

    @classmethod
    def generate(cls) -> "KeyEncryptionKey":
        """A new key."""
        return cls.read(secrets.token_bytes(_KEY))

    def written(self) -> bytes:
        """What goes into the file."""
        return base64.b64encode(self.secret) + b"\n"


DEMO_KEK = KeyEncryptionKey(
    hashlib.sha256(b"escalate demo key-encryption key: known to everyone").digest(), "demo"
)
"""Protects nothing: everyone has it. `doctor` refuses it outside demo mode."""


@dataclass(frozen=True)
class CaseKeys:
    """A case's data key and its commitment salt, unwrapped."""

    case: str
    key_id: str
    key: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    destroyed: frozenset[str] = frozenset()
    """Ids of keys that the case had before its content was erased."""

    def seal(self, data: bytes, *, aad: str) -> bytes:
        """The data encrypted for one place of one case; `aad` names the place."""
        nonce = secrets.token_bytes(_NONCE)
        name = self.key_id.encode()
        head = _FORMAT + bytes([len(name)]) + name + nonce
        return head + AESGCM(self.key).encrypt(nonce, data, self._bound(aad))

    def open_sealed(self, sealed: bytes, *, aad: str) -> bytes:
        """The data; BrokenSeal unless it was sealed by this key for this place."""
        key_id, rest = _split(sealed)
        if key_id in self.destroyed:
            raise ContentErased(self.case)
        if key_id != self.key_id:
            raise UnknownKey(f"{self.case}: sealed with key {key_id}, not {self.key_id}")
        try:
            return AESGCM(self.key).decrypt(rest[:_NONCE], rest[_NONCE:], self._bound(aad))
        except InvalidTag:
            raise BrokenSeal(f"{self.case}: {aad.split('|', 1)[0]} does not open") from None

    def is_erased(self, sealed: bytes) -> bool:
        """Whether a key that was destroyed has sealed these bytes."""
        return bool(self.destroyed) and _split(sealed)[0] in self.destroyed

    def _bound(self, aad: str) -> bytes:
        return _joined("escalate sealed 1", self.case, self.key_id, aad)


class Vault:
    """Makes, keeps and hands out the keys of cases."""

    def __init__(
        self,
        database: Database,
        *,
        kek: KeyEncryptionKey,
        earlier: Iterable[KeyEncryptionKey] = (),
        ticks: Callable[[], float],
    ) -> None:
        self._database = database
        self._kek = kek
        self._keks = {key.key_id: key for key in (*earlier, kek)}
        self._ticks = ticks
        self._cache: dict[str, tuple[float, CaseKeys]] = {}
        self._erased: dict[str, int] = {}
        self._looked = 0

    @property
    def kek_id(self) -> str:
        """Which key-encryption key new keys are wrapped with."""
        return self._kek.key_id

    async def wrapped_by(self) -> dict[str, int]:
        """How many keys each key-encryption key wraps."""
        column = case_keys.c.wrapped_by
        async with self._database.read() as connection:
            rows = await connection.execute(sa.select(column, sa.func.count()).group_by(column))
            return {row[0]: row[1] for row in rows}

    async def create(self, case: str) -> CaseKeys:
        """The case has keys; the ones it already had, if it had some."""
        return await self._database.finish(self._create(case))

    async def create_in(self, connection: AsyncConnection, case: str) -> CaseKeys:
        """As `create`, inside a transaction of the caller's."""
        fresh = CaseKeys(
            case=case,
            key_id=secrets.token_hex(8),
            key=secrets.token_bytes(_KEY),
            salt=secrets.token_bytes(_KEY),
        )
        await connection.execute(
            self._database.insert(case_keys)
            .values(
                case=case,
                key_id=fresh.key_id,
                wrapped_by=self._kek.key_id,
                wrapped=_wrap(self._kek, fresh),
            )
            .on_conflict_do_nothing(index_elements=["case"])
        )
        return await self.keys_in(connection, case)

    async def keys(self, case: str) -> CaseKeys:
        """The case's keys; UnknownCase if it has none.

        Asked for before a transaction they are at hand inside it, without a further query.
        """
        now = self._ticks()
        held = self._cache.get(case)
        if held is not None and now < held[0]:
            return held[1]
        keys = await self._database.finish(self._read(case))
        self._cache = {name: item for name, item in self._cache.items() if now < item[0]}
        if len(self._cache) >= _MAX_CACHED:
            self._cache.clear()
        self._cache[case] = (now + TTL.total_seconds(), keys)
        return keys

    async def keys_in(self, connection: AsyncConnection, case: str) -> CaseKeys:
        """As `keys`, inside a transaction of the caller's; nothing is cached before it commits."""
        held = self._cache.get(case)
        if held is not None and self._ticks() < held[0]:
            return held[1]
        row = (
            await connection.execute(sa.select(case_keys).where(case_keys.c.case == case))
        ).one_or_none()
        if row is None:
            raise UnknownCase(case)
        return self._read_row(row)

    async def key(self, case: str, *, key_id: str) -> CaseKeys:
        """The case's keys, if they are the ones named; UnknownKey otherwise."""
        keys = await self.keys(case)
        if key_id in keys.destroyed:
            raise ContentErased(case)
        if keys.key_id != key_id:
            raise UnknownKey(f"{case}: no key {key_id}")
        return keys

    async def installation(self) -> CaseKeys:
        """The keys of what belongs to no case; made at the first use."""
        try:
            return await self.keys(INSTALLATION)
        except UnknownCase:
            return await self.create(INSTALLATION)

    async def seal(self, case: str, data: bytes, *, aad: str) -> bytes:
        """The data sealed with the case's key, for the place `aad`."""
        return (await self.keys(case)).seal(data, aad=aad)

    async def open_sealed(self, case: str, sealed: bytes, *, aad: str) -> bytes:
        """The data that was sealed for the place `aad`."""
        return (await self.keys(case)).open_sealed(sealed, aad=aad)

    async def shred_in(self, connection: AsyncConnection, case: str) -> CaseKeys:
        """The case's data key and salt are gone, and it has new ones for what is said from now on.

        In a transaction of the caller's that has locked the case; `forget` follows its commit.
        """
        row = (
            await connection.execute(sa.select(case_keys).where(case_keys.c.case == case))
        ).one_or_none()
        if row is None:
            raise UnknownCase(case)
        return await self._replace_in(connection, case, key_id=row.key_id, before=row.destroyed)

    async def revive_in(self, connection: AsyncConnection, case: str) -> CaseKeys | None:
        """A case whose key a restore destroyed has a new one; None where none was destroyed so."""
        query = sa.select(case_keys).where(case_keys.c.case == case, case_keys.c.wrapped == b"")
        row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        return await self._replace_in(connection, case, key_id=row.key_id, before=row.destroyed)

    async def _replace_in(
        self, connection: AsyncConnection, case: str, *, key_id: str, before: str
    ) -> CaseKeys:
        destroyed = " ".join(dict.fromkeys((*before.split(), key_id)))
        fresh = CaseKeys(
            case=case,
            key_id=secrets.token_hex(8),
            key=secrets.token_bytes(_KEY),
            salt=secrets.token_bytes(_KEY),
            destroyed=frozenset(destroyed.split()),
        )
        await connection.execute(
            case_keys.update()
            .where(case_keys.c.case == case)
            .values(
                key_id=fresh.key_id,
                wrapped_by=self._kek.key_id,
                wrapped=_wrap(self._kek, fresh),
                destroyed=destroyed,
            )
        )
        return fresh

    def forget(self, case: str) -> None:
        """The case's keys are not in this process's memory."""
        self._cache.pop(case, None)

    def forget_older(self, case: str, erased: int) -> None:
        """Keys that were read before the case's content was erased that often are not used."""
        if self._erased.get(case, 0) != erased:
            self._erased[case] = erased
            self.forget(case)

    async def forget_erased(self) -> int:
        """Keys that any process destroyed since the last call are not in this one's memory.

        A process that calls this often holds a destroyed key for as long as lies between two
        calls; one that never does, for the time every unwrapped key may stay.
        """
        query = sa.select(shreds.c.position, shreds.c.case).where(shreds.c.position > self._looked)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        for row in rows:
            self.forget(row.case)
            self._looked = max(self._looked, row.position)
        return len(rows)

    async def rewrap(self) -> int:
        """Every key is wrapped by the present key-encryption key; how many were not before."""
        return await self._database.finish(self._rewrap())

    async def _create(self, case: str) -> CaseKeys:
        async with self._database.write() as connection:
            return await self.create_in(connection, case)

    async def _read(self, case: str) -> CaseKeys:
        async with self._database.read() as connection:
            return await self.keys_in(connection, case)

    async def _rewrap(self) -> int:
        changed = 0
        async with self._database.write() as connection:
            others = case_keys.c.wrapped_by != self._kek.key_id
            rows = (await connection.execute(sa.select(case_keys).where(others))).all()
            for row in rows:
                if not row.wrapped:
                    # A restore destroyed it; there is nothing to wrap.
                    continue
                keys = self._unwrapped(row.case, row.key_id, row.wrapped_by, row.wrapped)
                await connection.execute(
                    case_keys.update()
                    .where(case_keys.c.case == row.case)
                    .values(wrapped_by=self._kek.key_id, wrapped=_wrap(self._kek, keys))
                )
                changed += 1
        return changed

    def _read_row(self, row: Any) -> CaseKeys:
        if not row.wrapped:
            raise ContentErased(row.case)
        keys = self._unwrapped(row.case, row.key_id, row.wrapped_by, row.wrapped)
        return replace(keys, destroyed=frozenset(row.destroyed.split()))

    def _unwrapped(self, case: str, key_id: str, wrapped_by: str, wrapped: bytes) -> CaseKeys:
        kek = self._keks.get(wrapped_by)
        if kek is None:
            raise UnknownKey(f"{case}: wrapped by key-encryption key {wrapped_by}, not handed in")
        bound = _joined("escalate case key 1", case, key_id, wrapped_by)
        try:
            both = AESGCM(kek.secret).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], bound)
        except InvalidTag:
            raise BrokenSeal(f"{case}: its wrapped key does not open") from None
        return CaseKeys(case=case, key_id=key_id, key=both[:_KEY], salt=both[_KEY:])


def _wrap(kek: KeyEncryptionKey, keys: CaseKeys) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    bound = _joined("escalate case key 1", keys.case, keys.key_id, kek.key_id)
    return nonce + AESGCM(kek.secret).encrypt(nonce, keys.key + keys.salt, bound)


def _split(sealed: bytes) -> tuple[str, bytes]:
    head = len(_FORMAT) + 1
    if not sealed.startswith(_FORMAT) or len(sealed) < head:
        raise BrokenSeal("not sealed bytes")
    end = head + sealed[head - 1]
    if len(sealed) < end + _NONCE:
        raise BrokenSeal("not sealed bytes")
    return sealed[head:end].decode("ascii", "replace"), sealed[end:]


def _joined(*parts: str) -> bytes:
    # Length-prefixed: no two lists of parts share bytes.
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
