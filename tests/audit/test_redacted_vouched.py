"""Others vouch for a redacted bundle as they do for a whole one: content is not what they saw."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.cosignature import WitnessSigner
from audit.log.exported import TOKEN
from audit.log.keyring_note import FILE, KeyringNote, Listed, Role, door_key
from audit.log.policy import read_policy
from audit.log.timestamp import query
from audit.log.vouched import published_head
from audit.redacted.bundle import write_redacted
from audit.redacted.fields import FieldClass
from audit.redacted.gathering import gather_redacted, shows_classes
from audit.verdict import Outcome
from audit.verify import verify
from audit.vouchers import Vouchers
from cases.envelope import key_id
from store import Store
from tests.audit.log.building import SIGNER
from tests.audit.log.tsa import authority
from tests.audit.test_redacted import DOOR, PINNED, ROOT, seal
from tests.store.building import START, later
from tests.store.conftest import sqlite_store, sqlite_url
from tests.store.erasing import ended_case

__all__ = ["sqlite_store", "sqlite_url"]

WITNESS = WitnessSigner(name="w.example/1", private=Ed25519PrivateKey.generate())
POLICY = read_policy(f"log {SIGNER.key}\nwitness w {WITNESS.key}\nquorum w\n".encode())


async def test_a_redacted_bundle_is_cosigned_stamped_and_listed(
    sqlite_store: Store, tmp_path: Path
) -> None:
    """Log, witnesses, time and keyring pass; a stranger's witness or authority does not."""
    store, tsa = sqlite_store, authority(tmp_path / "tsa")
    case = await ended_case(store)
    head = await store.log.head()
    text = head.checkpoint.partition("\n\n")[0] + "\n"
    line = WITNESS.cosign(text, at=START).line
    await store.vouching.cosigned(
        head, witness=str(WITNESS.key), line=line, at=START, signed_at=START
    )
    data = (await published_head(store)).checkpoint.encode()
    token = tsa.reply(query(data).data)
    await store.vouching.stamped(head, data=data, token=token, at=START, signed_at=START)
    public = DOOR.public_key().public_bytes_raw()
    keys = (
        Listed(Role.DOOR, door_key(public, key_id=key_id(public)), since=START),
        Listed(Role.LOG, str(SIGNER.key), since=START),
        Listed(Role.WITNESS, str(WITNESS.key), since=START),
    )
    note = KeyringNote(number=1, at=START, keys=keys).signed(ROOT).encode()
    record = await gather_redacted(store, case, shows=shows_classes(frozenset(FieldClass)))
    out = write_redacted(
        record,
        case=case,
        number="1001",
        reader="",
        seal=replace(seal(), keyring_note=note),
        out=tmp_path / "out",
        at=later(minutes=1),
        version="test",
    )
    brought = Vouchers(at=datetime.now(UTC), policy=POLICY, roots=tsa.roots)
    stranger = authority(tmp_path / "stranger", between=False)

    told = await verify(out, pinned=PINNED, vouchers=brought)
    other = await verify(out, pinned=PINNED, vouchers=replace(brought, roots=stranger.roots))

    assert {TOKEN, FILE} <= {str(file.relative_to(out)) for file in out.rglob("*")}
    found = {check.name: check.outcome for check in told.checks}
    wanted = ("files", "signature", "log", "witnesses", "time", "keyring")
    assert {name: found[name] for name in wanted} == dict.fromkeys(wanted, Outcome.PASS)
    assert told.outcome is not Outcome.FAIL, told.lines()
    assert [check.name for check in other.checks if check.outcome is Outcome.FAIL] == ["time"]
