"""Keys: one a case, wrapped, and bound to the place they seal for."""

import base64
from dataclasses import replace

import pytest
import sqlalchemy as sa

from store import (
    DEMO_KEK,
    BrokenSeal,
    KeyEncryptionKey,
    Store,
    StoreMisconfigured,
    UnknownCase,
    UnknownKey,
)
from store.tables import case_keys
from store.vault import TTL
from tests.store.building import START, accepted


async def test_case_has_one_key_and_one_salt(store: Store) -> None:
    """Keys are made once; whoever makes them again gets the same."""
    first = await store.vault.create("case/a")
    second = await store.vault.create("case/a")
    other = await store.vault.create("case/b")

    assert first == second
    assert (len(first.key), len(first.salt)) == (32, 32)
    assert len({first.key, first.salt, other.key, other.salt}) == 4


async def test_accepted_case_has_keys(store: Store) -> None:
    """Whoever starts the case finds its salt."""
    answer = await accepted(store)

    assert (await store.vault.keys(answer.case)).case == answer.case


async def test_case_without_keys_is_unknown(store: Store) -> None:
    """No key is ever made by reading."""
    with pytest.raises(UnknownCase):
        await store.vault.keys("case/none")


async def test_sealed_bytes_open_only_for_their_place(store: Store) -> None:
    """Bytes moved to another place or another case do not open."""
    for case in ("case/a", "case/b"):
        await store.vault.create(case)
    sealed = await store.vault.seal("case/a", b"words", aad="one")

    assert await store.vault.open_sealed("case/a", sealed, aad="one") == b"words"
    with pytest.raises(BrokenSeal):
        await store.vault.open_sealed("case/a", sealed, aad="two")
    with pytest.raises(UnknownKey):
        await store.vault.open_sealed("case/b", sealed, aad="one")


async def test_every_altered_byte_is_noticed(store: Store) -> None:
    """No bit of sealed bytes can be changed, and none left out."""
    keys = await store.vault.create("case/a")
    sealed = keys.seal(b"words", aad="one")

    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises((BrokenSeal, UnknownKey)):
            keys.open_sealed(bytes(altered), aad="one")
    for length in range(len(sealed)):
        with pytest.raises((BrokenSeal, UnknownKey)):
            keys.open_sealed(sealed[:length], aad="one")


async def test_same_words_are_sealed_differently_each_time(store: Store) -> None:
    """Equal texts cannot be told from equal bytes."""
    keys = await store.vault.create("case/a")

    assert keys.seal(b"words", aad="one") != keys.seal(b"words", aad="one")


async def test_unknown_key_id_is_refused(store: Store) -> None:
    """A payload that names another key is not tried with this one."""
    keys = await store.vault.create("case/a")

    assert await store.vault.key("case/a", key_id=keys.key_id) == keys
    with pytest.raises(UnknownKey):
        await store.vault.key("case/a", key_id="other")


async def test_wrapped_key_cannot_be_moved_to_another_case(store: Store) -> None:
    """The wrap is bound to its case: swapped rows do not open."""
    await store.vault.create("case/a")
    await store.vault.create("case/b")
    async with store.database.write() as connection:
        row = (
            await connection.execute(sa.select(case_keys).where(case_keys.c.case == "case/a"))
        ).one()
        await connection.execute(
            case_keys.update().where(case_keys.c.case == "case/b").values(wrapped=row.wrapped)
        )

    with pytest.raises(BrokenSeal):
        await store.vault.keys("case/b")


async def test_other_key_encryption_key_opens_nothing(store: Store, url: str) -> None:
    """The rows alone are worthless."""
    await store.vault.create("case/a")

    async with await Store.open(url, kek=KeyEncryptionKey.generate()) as other:
        with pytest.raises(UnknownKey, match="not handed in"):
            await other.vault.keys("case/a")
    async with await Store.open(url, kek=replace(DEMO_KEK, secret=b"x" * 32)) as other:
        with pytest.raises(BrokenSeal):
            await other.vault.keys("case/a")


async def test_keys_are_wrapped_again_without_changing_them(store: Store, url: str) -> None:
    """The key-encryption key can be replaced; what was sealed still opens."""
    before = await store.vault.create("case/a")
    fresh = KeyEncryptionKey.generate()

    async with await Store.open(url, kek=fresh, earlier_keks=[DEMO_KEK]) as both:
        rotated = await both.rotation.rotate(at=START)
        assert (rotated.wrapped, rotated.after) == (1, fresh.key_id)
    async with await Store.open(url, kek=fresh) as only:
        assert await only.vault.keys("case/a") == before


async def test_key_stays_in_memory_for_five_minutes_at_most(url: str) -> None:
    """After that the row is asked again: a key that was destroyed is gone everywhere."""
    now = [0.0]
    async with await Store.open(url, kek=DEMO_KEK, ticks=lambda: now[0]) as store:
        await store.vault.create("case/a")
        await store.vault.keys("case/a")
        async with store.database.write() as connection:
            await connection.execute(case_keys.delete())

        now[0] = TTL.total_seconds() - 1
        assert (await store.vault.keys("case/a")).case == "case/a"
        now[0] = TTL.total_seconds()
        with pytest.raises(UnknownCase):
            await store.vault.keys("case/a")


async def test_installation_has_keys_of_its_own(store: Store) -> None:
    """What belongs to no case is sealed as well, always with the same key."""
    assert await store.vault.installation() == await store.vault.installation()


def test_key_file_is_raw_or_base64() -> None:
    """Both ways of keeping 32 bytes in a file are read as the same key."""
    key = KeyEncryptionKey.generate()

    assert KeyEncryptionKey.read(key.written()) == key
    assert KeyEncryptionKey.read(key.secret) == key
    assert KeyEncryptionKey.read(base64.b64encode(DEMO_KEK.secret)).key_id == "demo"


@pytest.mark.parametrize("data", [b"", b"short", b"!" * 44, base64.b64encode(b"x" * 31)])
def test_anything_else_is_no_key(data: bytes) -> None:
    """A broken key file is refused at once, and its bytes are not repeated."""
    with pytest.raises(StoreMisconfigured) as caught:
        KeyEncryptionKey.read(data)

    assert "short" not in str(caught.value)


async def test_keys_are_not_shown(store: Store) -> None:
    """A key that is printed by mistake prints nothing."""
    keys = await store.vault.create("case/a")

    assert repr(keys.key)[2:-1] not in repr(keys)
    assert "secret" not in repr(DEMO_KEK)
