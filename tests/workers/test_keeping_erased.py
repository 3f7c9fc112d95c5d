"""What was erased stays erased when a backup from before is put back."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.redacted.gathering import skeleton_of
from cases.canonical import sha256
from cases.envelope import ActEnvelope
from cases.shred_note import ErasedCase, ShredNote
from gateway.erased_folder import note_file, write_note
from gateway.signer import DoorSigner, load_or_create_keys
from store import BackupFailed, ContentErased, KeyEncryptionKey, Shred, Store, upgrade
from store.columns import metadata
from tests.store.erasing import AFTER, agreed, asked, ended_case, logged
from tests.workers.test_backup import settings_of
from workers._keeping_erased import reapply_notes
from workers.keeping import backup, put_back
from workers.settings import Settings


async def opened(settings: Settings) -> Store:
    """The store of these settings, with the key that lies in their home."""
    file = settings.kek
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(KeyEncryptionKey.generate().written())
        file.chmod(0o600)
    await upgrade(settings.store)
    return await Store.open(settings.store, kek=KeyEncryptionKey.read(file.read_bytes()))


async def erased(store: Store, case: str, signer: DoorSigner, folder: Path) -> Shred:
    """The case is erased, and the folder says so."""
    await asked(store, case)
    await agreed(store)
    await logged(store)
    row = await store.erasures.find("e-1")
    assert row is not None
    skeleton = await skeleton_of(store, case)
    streams = {name: sha256(data) for name, data in skeleton.streams.items()}

    def note(key_id: str) -> str:
        said = ShredNote(case=case, key_id=key_id, erasure=row.id, at=AFTER, streams=streams)
        return signer.sign_note(said).model_dump_json()

    done = await store.shredding.shred(row, signed=(), skeleton=skeleton, note=note, at=AFTER)
    assert isinstance(done, Shred)
    kept = ErasedCase(
        note=ActEnvelope.model_validate_json(done.note),
        streams={name: data.decode() for name, data in skeleton.streams.items()},
    )
    write_note(folder, done.key_id, kept)
    return done


KEPT = ("case_keys", "erased_streams", "erasures", "legal_holds")
"""What the house keeps of an erased case: its skeleton, and who held and erased it, under a key of
its own.
"""


async def opens(store: Store, case: str) -> set[bytes]:
    """The sealed bytes of the case that open."""
    found: set[bytes] = set()
    async with store.database.read() as connection:
        for table in metadata.sorted_tables:
            sealed = [c for c in table.c if isinstance(c.type, sa.LargeBinary)]
            if "case" not in table.c or table.name in KEPT:
                continue
            for row in await connection.execute(sa.select(table).where(table.c.case == case)):
                for column in sealed:
                    value = row._mapping[column]  # noqa: SLF001
                    if isinstance(value, bytes) and value[:1] == b"\x01":
                        try:
                            keys = await store.vault.keys(case)
                        except ContentErased:
                            continue
                        if not keys.is_erased(value):
                            found.add(value)
    return found


def with_the_kek(settings: Settings, *, of: Settings) -> Settings:
    """The same, with the key that no backup holds put in its place first."""
    settings.kek.parent.mkdir(parents=True, exist_ok=True)
    settings.kek.touch(mode=0o600)
    settings.kek.write_bytes(of.kek.read_bytes())
    return settings


@pytest.mark.hostile(61)
async def test_none_of_it_opens_after_an_old_backup_is_put_back(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The backup was made before the erasure: what it holds opens for nobody, and the rest does."""
    home = settings_of(tmp_path / "home")
    async with await opened(home) as store:
        signer = load_or_create_keys(home.keys)
        case, other = await ended_case(store), await ended_case(store, "ticket-2")
        copy = tmp_path / "copy"
        await backup(home, copy, at=AFTER)
        before = await opens(store, case)
        shred = await erased(store, case, signer, home.erased)

    back = with_the_kek(settings_of(tmp_path / "back"), of=home)
    await put_back(back, copy, erased=[home.erased])

    async with await opened(back) as restored:
        record_property("ciphertexts", len(before))
        assert len(before) >= 5
        assert await opens(restored, case) == set()
        with pytest.raises(ContentErased):
            await restored.journal.entries(case)
        assert await restored.journal.entries(other)

        assert await reapply_notes(back, restored) == 1

        assert await restored.journal.entries(case) == []
        assert (await restored.cases.get(case)).erased == 1
        assert await restored.shredding.streams(case)
        assert note_file(back.erased, shred.key_id).exists()
        assert await reapply_notes(back, restored) == 0


@pytest.mark.hostile(62)
async def test_a_forged_note_destroys_nothing(tmp_path: Path) -> None:
    """A note that no door of this root signed stops the restore before anything is put back."""
    home = settings_of(tmp_path / "home")
    async with await opened(home) as store:
        load_or_create_keys(home.keys)
        case = await ended_case(store)
        copy = tmp_path / "copy"
        await backup(home, copy, at=AFTER)
        stranger = load_or_create_keys(tmp_path / "elsewhere")
        await erased(store, case, stranger, tmp_path / "forged")

    back = with_the_kek(settings_of(tmp_path / "back"), of=home)
    with pytest.raises(BackupFailed, match="what was erased cannot be read"):
        await put_back(back, copy, erased=[tmp_path / "forged"])

    assert not (back.home / "escalate.db").exists()
