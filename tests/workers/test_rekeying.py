"""Keys are renewed without losing what they protect."""

import asyncio
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.signer import load_or_create_keys
from integrations.vault_transit import VaultTransit
from store import (
    DEMO_KEK,
    EpochInUse,
    HeldKeys,
    KeyEncryptionKey,
    KeySource,
    NoNewKey,
    Store,
    StoreMisconfigured,
    StoreUnavailable,
    UnknownKey,
    upgrade,
)
from store.tables import case_keys
from store.vault import TTL
from tests.fakes.clock import FixedClock
from tests.fakes.vault import TOKEN, FakeVault
from tests.store.building import START, accepted, later
from workers.errors import NotSetUpError
from workers.key_files import KeyFiles
from workers.key_moving import MovingKeys
from workers.key_service import ServiceKeys
from workers.rekeying import epochs_of, renew_door_key, retire_kek, rotate_kek
from workers.settings import Settings

CASES = tuple(f"case/{number:02d}" for number in range(12))
AT = later(minutes=2)


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    """A store with one real case and keys of a dozen more, under a key of its own."""
    found = Settings.load({"ESCALATE_HOME": str(tmp_path)})
    await upgrade(found.store)
    async with await Store.open(found.store, kek=KeyFiles(found.kek, make=True)) as store:
        await accepted(store)
        for case in CASES:
            await store.vault.create(case)
    return found


def present(settings: Settings) -> KeyEncryptionKey:
    """The key in the file."""
    return KeyEncryptionKey.read(settings.kek.read_bytes())


async def secrets_of(settings: Settings, **options: KeyEncryptionKey) -> list[bytes]:
    """The keys of the cases, as they open with what is there."""
    kek = options.get("kek") or KeyFiles(settings.kek, make=False)
    async with await Store.open(settings.store, kek=kek) as store:
        return [(await store.vault.keys(case)).key for case in CASES]


async def test_every_case_opens_with_the_new_key_only(settings: Settings) -> None:
    """The old key opens nothing of the store any more; it is kept until it is retired."""
    old, before = present(settings), await secrets_of(settings)

    rotated = await rotate_kek(settings, at=AT)

    new = present(settings)
    assert (rotated.before, rotated.after) == ((old.key_id,), new.key_id)
    assert (rotated.wrapped, rotated.resumed) == (len(CASES) + 1, False)
    assert settings.kek.with_name(f"kek.{old.key_id}").exists()
    assert not settings.kek.with_name("kek.new").exists()
    assert stat.S_IMODE(settings.kek.stat().st_mode) == 0o600
    assert await secrets_of(settings, kek=new) == before
    with pytest.raises(UnknownKey):
        await secrets_of(settings, kek=old)


async def test_running_processes_take_the_new_epoch_as_it_begins(settings: Settings) -> None:
    """A gateway that was started before wraps new keys with the new epoch, without a restart."""
    async with await Store.open(settings.store, kek=KeyFiles(settings.kek, make=False)) as gateway:
        await gateway.vault.create("case/before")
        rotated = await rotate_kek(settings, at=AT)

        await gateway.vault.create("case/after")

        assert (await gateway.vault.keys("case/before")).case == "case/before"
        assert set(await gateway.epochs.wrapping()) == {rotated.after}


async def test_killed_in_the_middle_it_goes_on_with_the_same_key(settings: Settings) -> None:
    """Kill -9 in the middle: every key opens in between, and no second new key is made."""
    before, drafts = await secrets_of(settings), set()
    for lines in (2, 5):
        process = await asyncio.to_thread(_rotating, settings)
        assert process.stdout is not None
        for _ in range(lines):
            await asyncio.to_thread(process.stdout.readline)
        process.kill()
        await asyncio.to_thread(process.wait)
        drafts.add(KeyEncryptionKey.read(settings.kek.with_name("kek.new").read_bytes()).key_id)
        assert await secrets_of(settings) == before

    rotated = await rotate_kek(settings, at=AT)

    assert rotated.resumed
    assert {rotated.after} == drafts == {present(settings).key_id}
    assert rotated.wrapped < len(CASES)
    assert await secrets_of(settings, kek=present(settings)) == before


def _rotating(settings: Settings) -> "subprocess.Popen[str]":
    program = [sys.executable, "-m", "tests.workers.rotating_process"]
    command = [*program, settings.store, str(settings.kek)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


class DiedError(Exception):
    """The process ends here."""


async def test_wherever_it_ends_the_next_call_finishes(settings: Settings) -> None:
    """Between the draft, its epoch, the batches and the renaming: one new key, nothing lost."""
    before, after = await secrets_of(settings), set()
    for broken in ("draft", "of", "begun"):
        ring = KeyFiles(settings.kek, make=False)
        setattr(ring, broken, _dying(getattr(ring, broken), at=2 if broken == "of" else 1))
        with pytest.raises(DiedError):
            async with await Store.open(settings.store, kek=ring) as store:
                await store.rotation.rotate(at=AT, batch=3)
        after.add(KeyEncryptionKey.read(settings.kek.with_name("kek.new").read_bytes()).key_id)
        assert await secrets_of(settings) == before

    rotated = await rotate_kek(settings, at=AT)

    assert rotated.resumed
    assert {rotated.after} == after == {present(settings).key_id}


def _dying(step: Callable[..., object], *, at: int) -> Callable[..., object]:
    calls = iter(range(1, 100))

    async def dying(*arguments: object) -> object:
        if next(calls) == at and step.__name__ != "draft":
            raise DiedError
        result = await step(*arguments)  # type: ignore[misc]
        if step.__name__ == "draft":
            raise DiedError
        return result

    return dying


async def test_an_epoch_is_retired_only_when_nothing_is_wrapped_by_it(settings: Settings) -> None:
    """Refused before it is empty, and while it is present; then its key is gone for ever."""
    old = present(settings)
    rotated = await rotate_kek(settings, at=AT)
    async with await Store.open(settings.store, kek=old, earlier_keks=[present(settings)]) as store:
        # A process of an earlier release, which has not heard of epochs, wraps with the old one.
        row = (await _row(store, CASES[0])).wrapped
        await _wrap_with(store, CASES[0], old.key_id, row)

    with pytest.raises(EpochInUse, match="wraps 1 keys"):
        await retire_kek(settings, old.key_id, at=AT)
    with pytest.raises(EpochInUse):
        await retire_kek(settings, rotated.after, at=AT)
    with pytest.raises(EpochInUse):
        await retire_kek(settings, "nobody", at=AT)
    assert settings.kek.with_name(f"kek.{old.key_id}").exists()

    await _forget(settings, CASES[0])
    await retire_kek(settings, old.key_id, at=AT)
    await retire_kek(settings, old.key_id, at=AT)

    assert not settings.kek.with_name(f"kek.{old.key_id}").exists()
    lines = await epochs_of(settings)
    assert [(line.epoch, line.state) for line in lines] == [
        (old.key_id, "retired"),
        (rotated.after, "present"),
    ]
    assert lines[0].retired_at == AT


async def _row(store: Store, case: str) -> sa.Row[tuple[object, ...]]:
    async with store.database.read() as connection:
        return (
            await connection.execute(sa.select(case_keys).where(case_keys.c.case == case))
        ).one()


async def _wrap_with(store: Store, case: str, epoch: str, wrapped: bytes) -> None:
    async with store.database.write() as connection:
        await connection.execute(
            case_keys.update()
            .where(case_keys.c.case == case)
            .values(wrapped_by=epoch, wrapped=wrapped)
        )


async def _forget(settings: Settings, case: str) -> None:
    async with (
        await Store.open(settings.store, kek=DEMO_KEK) as store,
        store.database.write() as connection,
    ):
        await connection.execute(case_keys.delete().where(case_keys.c.case == case))


async def test_what_is_destroyed_meanwhile_stays_destroyed(settings: Settings) -> None:
    """A key that is shredded between two batches is not brought back by the next."""
    ring = KeyFiles(settings.kek, make=False)
    async with await Store.open(settings.store, kek=ring) as store:
        told: list[tuple[int, int]] = []
        begun = asyncio.Event()

        def tell(done: int, of: int) -> None:
            told.append((done, of))
            if done > 1:
                begun.set()

        rotating = asyncio.create_task(store.rotation.rotate(at=AT, batch=1, tell=tell))
        await begun.wait()
        await _forget(settings, CASES[-1])
        await rotating

        left = await store.epochs.wrapping()
    assert sum(left.values()) == len(CASES)
    assert told[0] == (0, len(CASES) + 1)


async def test_the_environments_key_is_changed_by_hand(settings: Settings) -> None:
    """Whoever sets the environment brings the new key, and keeps the earlier one beside it."""
    old, new, before = present(settings), KeyEncryptionKey.generate(), await secrets_of(settings)
    async with await Store.open(settings.store, kek=HeldKeys(new, [old])) as store:
        first = await store.rotation.rotate(at=AT)
        with pytest.raises(NoNewKey) as caught:
            await store.rotation.rotate(at=AT)
    newer = KeyEncryptionKey.generate()
    async with await Store.open(settings.store, kek=HeldKeys(newer, [new])) as store:
        second = await store.rotation.rotate(at=AT)

    assert (first.after, second.after) == (new.key_id, newer.key_id)
    assert "ESCALATE_WRAPPING__KEY" in caught.value.mend
    assert await secrets_of(settings, kek=newer) == before


async def test_the_demo_has_nothing_to_rotate(tmp_path: Path) -> None:
    """Its key is everybody's."""
    demo = Settings.load({"ESCALATE_HOME": str(tmp_path), "ESCALATE_DEMO": "true"})

    with pytest.raises(NotSetUpError):
        await rotate_kek(demo, at=AT)


async def test_the_demos_key_is_no_key_of_an_installation(tmp_path: Path) -> None:
    """A file that holds it is refused wherever it is read."""
    (tmp_path / "kek").write_bytes(DEMO_KEK.written())

    with pytest.raises(StoreMisconfigured):
        await KeyFiles(tmp_path / "kek", make=True).first()


# Keys that Vault seals.


def service(vault: FakeVault, *, now: list[float] | None = None) -> ServiceKeys:
    """The keys of one process."""
    transit = VaultTransit(
        vault.client(),
        address=vault.address,
        key=vault.key,
        token=lambda: TOKEN,
        clock=FixedClock(),
    )
    ticks = (lambda: now[0]) if now is not None else (lambda: 0.0)
    return ServiceKeys(transit, hold=timedelta(hours=1), ticks=ticks)


@pytest.fixture
async def empty(tmp_path: Path) -> str:
    """The URL of a store without keys."""
    url = f"sqlite:///{tmp_path / 'vault.db'}"
    await upgrade(url)
    return url


async def test_an_installation_with_vault_holds_no_key(empty: str) -> None:
    """In the store stands what only Vault opens; another process reads it through Vault."""
    vault = FakeVault()
    async with await Store.open(empty, kek=service(vault)) as store:
        await store.rotation.ready(at=START)
        await store.rotation.ready(at=START)
        (epoch,) = await store.epochs.all()
        made = await store.vault.create("case/a")

    assert (epoch.source, epoch.sealed and epoch.sealed[:9]) == (KeySource.VAULT, b"vault:v1:")
    async with await Store.open(empty, kek=service(vault)) as other:
        assert await other.vault.keys("case/a") == made
    assert len(vault.asked) == 2


async def test_a_rotation_with_vault_leaves_old_backups_shut(empty: str, tmp_path: Path) -> None:
    """Retired means: neither the store nor a copy of it made before opens with the old epoch."""
    vault = FakeVault()
    async with await Store.open(empty, kek=service(vault)) as store:
        await store.rotation.ready(at=START)
        made = await store.vault.create("case/a")
        await store.backup.copy_to(tmp_path / "copy.db")

        rotated = await store.rotation.rotate(at=AT)
        (before,) = rotated.before
        await store.rotation.retire(before, at=AT)

        assert await store.vault.keys("case/a") == made
    async with await Store.open(f"sqlite:///{tmp_path / 'copy.db'}", kek=service(vault)) as copy:
        with pytest.raises(UnknownKey):
            await copy.vault.keys("case/a")
    async with await Store.open(empty, kek=service(vault)) as again:
        assert await again.vault.keys("case/a") == made


async def test_an_installation_moves_from_its_file_to_vault(settings: Settings) -> None:
    """Both are there until a rotation is done; then the file's epoch is retired, and the file."""
    vault, old, before = FakeVault(), present(settings), await secrets_of(settings)
    ring = MovingKeys(service(vault), KeyFiles(settings.kek, make=False, left=True))
    async with await Store.open(settings.store, kek=ring) as store:
        await store.rotation.ready(at=START)
        assert await store.epochs.all() == ()
        rotated = await store.rotation.rotate(at=AT)
        assert rotated.before == (old.key_id,)
        await store.rotation.retire(old.key_id, at=AT)

    assert not settings.kek.exists()
    async with await Store.open(settings.store, kek=service(vault)) as store:
        assert [(await store.vault.keys(case)).key for case in CASES] == before


async def test_a_short_outage_of_vault_stops_nobody(empty: str) -> None:
    """The key is held for its time; it is asked for again early, and seldom while nobody answers.

    When the time is over nothing opens until Vault answers.
    """
    vault, now = FakeVault(), [0.0]
    ring = service(vault, now=now)
    async with await Store.open(empty, kek=ring, ticks=lambda: now[0]) as store:
        await store.rotation.ready(at=START)
        await store.vault.create("case/a")
        asked = len(vault.asked)
        vault.sealed = True

        now[0] = 1801.0
        for _ in range(5):
            now[0] += TTL.total_seconds()
            assert (await store.vault.keys("case/a")).case == "case/a"
        assert len(vault.asked) - asked == 5
        now[0] = 3601.0
        with pytest.raises(StoreUnavailable, match="503"):
            await store.vault.keys("case/a")
        vault.sealed = False
        now[0] += 31.0
        assert (await store.vault.keys("case/a")).case == "case/a"


async def test_vault_that_fails_once_is_asked_again(empty: str) -> None:
    """429, 5xx and a lost answer are outages; a refused token is a key that is not there."""
    vault = FakeVault()
    async with await Store.open(empty, kek=service(vault)) as store:
        await store.rotation.ready(at=START)
        await store.vault.create("case/a")
    for status in (429, 500, 502, 503):
        async with await Store.open(empty, kek=service(vault)) as store:
            vault.fail_next(status)
            with pytest.raises(StoreUnavailable):
                await store.vault.keys("case/a")
            assert (await store.vault.keys("case/a")).case == "case/a"
    vault.network.lose_answer("POST")
    async with await Store.open(empty, kek=service(vault)) as store:
        with pytest.raises(StoreUnavailable):
            await store.vault.keys("case/a")
        vault.tokens.clear()
        with pytest.raises(UnknownKey):
            await store.vault.keys("case/a")


async def test_a_rotation_whose_answer_is_lost_is_asked_again(empty: str) -> None:
    """Vault may then have one more version; nothing here has changed."""
    vault = FakeVault()
    async with await Store.open(empty, kek=service(vault)) as store:
        await store.rotation.ready(at=START)
        made = await store.vault.create("case/a")
        vault.network.lose_answer("POST")
        with pytest.raises(StoreUnavailable):
            await store.rotation.rotate(at=AT)
        assert len(await store.epochs.all()) == 1

        await store.rotation.rotate(at=AT)

        assert await store.vault.keys("case/a") == made
        assert (len(await store.epochs.all()), vault.latest) == (2, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"SOURCE": "env"},
        {"KEY": "A" * 44},
        {"SOURCE": "vault"},
        {"SOURCE": "vault", "VAULT_ADDRESS": "https://vault.example"},
        {"SOURCE": "vault", "VAULT_ADDRESS": "http://vault.example", "VAULT_TOKEN": "t"},
        {"EARLIER_KEYS": "A" * 44},
    ],
)
def test_half_a_source_is_refused(wrong: dict[str, str]) -> None:
    """Settings that fit no source are told at the start, not at the first case."""
    with pytest.raises(ValueError):  # noqa: PT011 -- pydantic's own, with the field in it
        Settings.load({f"ESCALATE_WRAPPING__{name}": value for name, value in wrong.items()})


def test_door_key_is_renewed_and_the_root_stays(settings: Settings) -> None:
    """Cases pin the root: a new door key does not touch them."""
    before = load_or_create_keys(settings.keys)

    renewed = renew_door_key(settings)

    after = load_or_create_keys(settings.keys)
    assert (renewed.before, renewed.after) == (before.key_id, after.key_id)
    assert before.root_public == after.root_public
