"""Copies of what a house knows: backups, the engine's file, exports for somebody, error answers."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from audit.export import Seal
from audit.redacted.gathering import skeleton_of
from cases.canonical import sha256
from cases.envelope import ActEnvelope
from cases.journal import Kind
from cases.shred_note import ErasedCase, ShredNote
from gateway.erased_folder import write_note
from gateway.log_key import log_key_in
from gateway.signer import load_or_create_keys
from store import ContentErased, ErasureRow, Shred, Store, Waits
from tests.faults.canaries import Canaries
from tests.faults.guarded_house import GuardedHouse
from workers.keeping import backup, put_back
from workers.key_ring import key_ring
from workers.redacting import export_redacted
from workers.settings import Settings
from workflows.converter import ENCODING, Codec
from workflows.refused import REFUSED


async def kept_and_handed_out(
    guarded: GuardedHouse, numbers: list[str], folder: Path, canaries: Canaries
) -> dict[str, list[bytes]]:
    """Every byte of a backup, of the engine's file, of a limited reader's exports, of refusals."""
    place = guarded.place
    at = await place.house.clock.now()
    await backup(place.settings, folder / "backup", at=at)
    signer = load_or_create_keys(place.settings.keys)
    seal = Seal(
        key=signer.door,
        certificate=signer.certificate_at(at),
        root=signer.root_key,
        log=str(log_key_in(place.settings.keys) or ""),
    )
    for number in numbers:
        row = await place.house.store.cases.by_number(number)
        assert row is not None
        out = folder / "exports" / number
        await export_redacted(
            place.house, row, reader="auditor", seal=seal, out=out, at=at, version="test"
        )
    alarms = await place.house.store.health.open_alarms()
    return {
        "backup": _files(folder / "backup"),
        "the engine's file": _files(folder, "engine.db*"),
        "an auditor's exports": _files(folder / "exports"),
        "alarms": [alarm.model_dump_json().encode() for alarm in alarms] or [b"none"],
        "refusals": await _refused(guarded, numbers[0], canaries),
    }


async def opens_nowhere_once_erased(
    guarded: GuardedHouse,
    number: str,
    folder: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """None of N ciphertexts opens: not in the store, nor in Temporal, nor in a restored backup."""
    place = guarded.place
    store = place.house.store
    case = await place.case_of(number)
    sealed = await _sealed_in(guarded, case)
    await erased(guarded, case, folder / "notes")

    keys = await store.vault.keys(case)
    codec = Codec(place.house.keyring).with_context(
        WorkflowSerializationContext(namespace=place.client.namespace, workflow_id=case)
    )
    opened = await codec.decode(sealed)
    assert len(sealed) > 10, "a history has dozens of payloads"
    assert all(payload.metadata["encoding"] == REFUSED for payload in opened)
    assert keys.destroyed

    home = folder / "elsewhere"
    settings = Settings.load({**place.environ, "ESCALATE_HOME": str(home)})
    if place.settings.kek.exists():
        # It was kept apart, and is put in its place first.
        settings.keys.mkdir(parents=True)
        settings.kek.write_bytes(place.settings.kek.read_bytes())
    await put_back(settings, folder / "backup", erased=[folder / "notes"])
    async with await Store.open(settings.store, kek=key_ring(place.settings)) as restored:
        try:
            await restored.journal.entries(case)
        except ContentErased:
            pass
        else:
            raise AssertionError("a restored backup opens an erased case")
    with sqlite3.connect(home / "escalate.db") as connection:
        query = 'SELECT wrapped FROM case_keys WHERE "case" = ?'
        assert connection.execute(query, (case,)).fetchone() == (b"",)
    record_property("payloads of the erased case that open", 0)
    record_property("payloads of the erased case", len(sealed))


async def erased(guarded: GuardedHouse, case: str, notes: Path) -> Shred:
    """Two people asked and agreed, a week has passed, and the key is gone."""
    place = guarded.place
    store = place.house.store
    signer = load_or_create_keys(place.settings.keys)
    at = await place.house.clock.now()
    later = at + timedelta(days=8)

    def sign(instant: object) -> ActEnvelope:
        return ActEnvelope(payload=f"{instant}")

    for hold in await store.legal_holds.over(case):
        await store.legal_holds.ask_to_lift(hold.id, person="lena", role="legal", sign=sign, at=at)
        await store.legal_holds.lift(
            hold.id, person="erin", role="security", allowed=lambda *_: None, sign=sign, at=at
        )

    async def ready() -> bool:
        return await store.seals.is_settled(case) and not await store.shredding.against(case)

    await place.until(ready, what="the case to be sealed and to owe nothing")
    asked = await store.erasures.ask(
        case, id="e-1", person="paula", role="privacy", basis="objection", sign=sign, at=at
    )
    assert isinstance(asked, ErasureRow), asked
    row = await store.erasures.agree(
        "e-1", person="erin", role="security", allowed=lambda *_: None,
        due_at=at + timedelta(days=7), sign=sign, at=at,
    )  # fmt: skip
    assert isinstance(row, ErasureRow), row

    async def done() -> Shred | None:
        skeleton = await skeleton_of(store, case)
        streams = {name: sha256(data) for name, data in skeleton.streams.items()}

        def note(key_id: str) -> str:
            said = ShredNote(case=case, key_id=key_id, erasure="e-1", at=later, streams=streams)
            return signer.sign_note(said).model_dump_json()

        answer = await store.shredding.shred(row, signed=(), skeleton=skeleton, note=note, at=later)
        assert isinstance(answer, Shred | Waits), answer
        if isinstance(answer, Waits):
            return None
        left = {name: data.decode() for name, data in skeleton.streams.items()}
        kept = ErasedCase(note=ActEnvelope.model_validate_json(answer.note), streams=left)
        write_note(notes, answer.key_id, kept)
        return answer

    shred: Shred = await place.until(done, what="the key to be destroyed")
    door = await store.journal.entries(case, stream="door")
    assert Kind.KEY_SHREDDED in {entry.kind for entry in door}
    return shred


async def _sealed_in(guarded: GuardedHouse, case: str) -> list[Payload]:
    """Every sealed payload of the case's histories, as the server has them."""
    found: list[Payload] = []
    handle = guarded.place.client.get_workflow_handle(case)
    history = await handle.fetch_history()
    for event in history.events:
        said = getattr(event, event.WhichOneof("attributes") or "", None)
        for name in ("input", "result"):
            payloads = getattr(said, name, None)
            found += [
                payload
                for payload in getattr(payloads, "payloads", ())
                if payload.metadata.get("encoding") == ENCODING
            ]
    return found


async def _refused(guarded: GuardedHouse, number: str, canaries: Canaries) -> list[bytes]:
    """What the doors answer to requests that cannot be read, and what they log of them."""
    place = guarded.place
    token = await place.token("imani")
    words = " ".join(canaries.placed)
    headers = {"authorization": f"Bearer {token}"}
    answers = [
        await place.http.post(
            f"/api/cases/{number}/acts", headers=headers,
            json={"body": {"verb": "reply", "request": 7, "text": words}, "act_id": words},
        ),
        await place.http.post(f"/api/cases/{number}/erasure", headers=headers, content=words),
        await place.http.get(f"/api/cases/{number}/at", headers=headers, params={"instant": words}),
    ]  # fmt: skip
    assert all(answer.status_code >= 400 for answer in answers)
    return [*(answer.content for answer in answers), guarded.log.getvalue().encode()]


def _files(folder: Path, pattern: str = "**/*") -> list[bytes]:
    return [path.read_bytes() for path in folder.glob(pattern) if path.is_file()]
