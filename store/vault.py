"""Keys of cases: who has only the store's rows reads nothing (design §7)."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.ext.asyncio import AsyncConnection

from store.case_keys import CaseKeys, joined
from store.database import Database
from store.epochs import Epochs
from store.erasure_tables import shreds
from store.errors import (
    BrokenSeal,
    ContentErased,
    StoreMisconfigured,
    UnknownCase,
    UnknownKey,
)
from store.key_encryption import KEY_SIZE, Epoch, KeyEncryptionKey, KeyRing
from store.tables import case_keys

INSTALLATION = "installation"
"""The name under which what belongs to no case is sealed."""
TTL = timedelta(minutes=5)
"""How long an unwrapped key may stay in memory (audit facts §5)."""
_NONCE = 12
_MAX_CACHED = 4096


class Vault:
    """Makes, keeps and hands out the keys of cases."""

    def __init__(
        self,
        database: Database,
        *,
        ring: KeyRing,
        ticks: Callable[[], float],
    ) -> None:
        self._database = database
        self.ring = ring
        self.epochs = Epochs(database)
        self._ticks = ticks
        self._cache: dict[str, tuple[float, CaseKeys]] = {}
        self._erased: dict[str, int] = {}
        self._looked = 0

    async def opens(self, epoch: str) -> bool:
        """Whether the keys that this epoch wraps can be unwrapped here and now."""
        async with self._database.read() as connection:
            query = (
                sa.select(case_keys)
                .where(case_keys.c.wrapped_by == epoch, case_keys.c.wrapped != b"")
                .limit(1)
            )
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                return True
            try:
                await self._unwrapped(connection, row.case, row.key_id, epoch, row.wrapped)
            except (UnknownKey, BrokenSeal):
                return False
        return True

    async def case_of_key(self, key_id: str) -> str | None:
        """The case whose data key has that id."""
        async with self._database.read() as connection:
            query = sa.select(case_keys.c.case).where(case_keys.c.key_id == key_id)
            return (await connection.execute(query)).scalar_one_or_none()

    async def create(self, case: str) -> CaseKeys:
        """The case has keys; the ones it already had, if it had some."""
        return await self._database.finish(self._create(case))

    async def create_in(self, connection: AsyncConnection, case: str) -> CaseKeys:
        """As `create`, inside a transaction of the caller's."""
        fresh = CaseKeys(
            case=case,
            key_id=secrets.token_hex(8),
            key=secrets.token_bytes(KEY_SIZE),
            salt=secrets.token_bytes(KEY_SIZE),
        )
        kek = await self._present(connection)
        await connection.execute(
            self._database.insert(case_keys)
            .values(
                case=case,
                key_id=fresh.key_id,
                wrapped_by=kek.key_id,
                wrapped=_wrap(kek, fresh),
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
        return await self._read_row(connection, row)

    async def wrapped_anew_in(
        self, connection: AsyncConnection, row: sa.Row[tuple[object, ...]], epoch: Epoch
    ) -> bytes:
        """The same keys, wrapped by that epoch."""
        keys = await self._unwrapped(connection, row.case, row.key_id, row.wrapped_by, row.wrapped)
        return _wrap(await self._kek(connection, epoch.name), keys)

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
        kek = await self._present(connection)
        fresh = CaseKeys(
            case=case,
            key_id=secrets.token_hex(8),
            key=secrets.token_bytes(KEY_SIZE),
            salt=secrets.token_bytes(KEY_SIZE),
            destroyed=frozenset(destroyed.split()),
        )
        await connection.execute(
            case_keys.update()
            .where(case_keys.c.case == case)
            .values(
                key_id=fresh.key_id,
                wrapped_by=kek.key_id,
                wrapped=_wrap(kek, fresh),
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

    async def _create(self, case: str) -> CaseKeys:
        async with self._database.write() as connection:
            return await self.create_in(connection, case)

    async def _read(self, case: str) -> CaseKeys:
        async with self._database.read() as connection:
            return await self.keys_in(connection, case)

    async def _present(self, connection: AsyncConnection) -> KeyEncryptionKey:
        """The key that wraps what is new; its epoch is not retired before this transaction ends."""
        newest = await self.epochs.newest_in(connection)
        if newest is not None:
            return self.ring.at_hand(newest.name) or await self.ring.of(newest)
        first = await self.ring.first()
        if first is None:
            raise StoreMisconfigured("no epoch of a key-encryption key has begun")
        return first

    async def _kek(self, connection: AsyncConnection, name: str) -> KeyEncryptionKey:
        held = self.ring.at_hand(name)
        if held is not None:
            return held
        epoch = await self.epochs.find_in(connection, name)
        return await self.ring.of(epoch or Epoch(name=name, source=self.ring.source))

    async def _read_row(
        self, connection: AsyncConnection, row: sa.Row[tuple[object, ...]]
    ) -> CaseKeys:
        if not row.wrapped:
            raise ContentErased(row.case)
        keys = await self._unwrapped(connection, row.case, row.key_id, row.wrapped_by, row.wrapped)
        return replace(keys, destroyed=frozenset(row.destroyed.split()))

    async def _unwrapped(
        self, connection: AsyncConnection, case: str, key_id: str, wrapped_by: str, wrapped: bytes
    ) -> CaseKeys:
        kek = await self._kek(connection, wrapped_by)
        bound = joined("escalate case key 1", case, key_id, wrapped_by)
        try:
            both = AESGCM(kek.secret).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], bound)
        except InvalidTag:
            raise BrokenSeal(f"{case}: its wrapped key does not open") from None
        return CaseKeys(case=case, key_id=key_id, key=both[:KEY_SIZE], salt=both[KEY_SIZE:])


def _wrap(kek: KeyEncryptionKey, keys: CaseKeys) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    bound = joined("escalate case key 1", keys.case, keys.key_id, kek.key_id)
    return nonce + AESGCM(kek.secret).encrypt(nonce, keys.key + keys.salt, bound)
