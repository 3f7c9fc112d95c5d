"""Whole exports and what others say of them: cosignatures, time stamps, and the root's keyring."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from audit.bundle.alone import verify_alone
from audit.export import CaseRecord, Seal, gather, write_export
from audit.log.checkpoint import read_checkpoint
from audit.log.cosignature import WitnessSigner
from audit.log.keyring_note import KeyringNote, Listed, Role, door_key
from audit.log.note import NoteSigner
from audit.log.part import LogPart
from audit.log.policy import Policy, read_policy
from audit.log.proof import read_proof
from audit.log.timestamp import query
from audit.verdict import Outcome, Verdict
from audit.verify import verify
from audit.vouchers import Vouchers
from cases.envelope import issue_certificate, key_id
from cli.app import app
from store import DEMO_KEK, Store
from tests.audit.casework import PINNED, ROOT_KEY, office
from tests.audit.log.tsa import Authority, authority
from tests.audit.scenarios import approved
from tests.stores import empty_store
from tests.workflows.world import DOOR, ROOT
from workers.engine import Engine

NOW = datetime(2030, 1, 1, tzinfo=UTC)
YEARS = (2024, 2025, 2026)


def year(number: int) -> datetime:
    """Its first instant."""
    return datetime(number, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Epoch:
    """A year, and the keys that signed in it."""

    number: int
    log: NoteSigner
    witness: WitnessSigner
    door: Ed25519PrivateKey

    @property
    def at(self) -> datetime:
        """When its export was made."""
        return datetime(self.number, 6, 1, tzinfo=UTC)

    @property
    def listed(self) -> tuple[Listed, ...]:
        """Its keys in the keyring; each counts for a quarter of a year longer than the year."""
        public = self.door.public_key().public_bytes_raw()
        window = {"since": year(self.number), "until": year(self.number + 1) + timedelta(days=90)}
        return (
            Listed(Role.LOG, str(self.log.key), **window),
            Listed(Role.WITNESS, str(self.witness.key), **window),
            Listed(Role.DOOR, door_key(public, key_id=key_id(public)), **window),
        )


def epoch(number: int) -> Epoch:
    """New keys of one year."""
    return Epoch(
        number,
        NoteSigner(name="example.org/log", private=Ed25519PrivateKey.generate()),
        WitnessSigner(name="witness.example/w1", private=Ed25519PrivateKey.generate()),
        Ed25519PrivateKey.generate(),
    )


EPOCHS = {number: epoch(number) for number in YEARS}
_ACTS = DOOR.public_key().public_bytes_raw()
KEYRING = KeyringNote(
    number=3,
    at=year(2027),
    keys=(
        Listed(Role.DOOR, door_key(_ACTS, key_id=key_id(_ACTS)), since=year(2020)),
        *(listed for each in EPOCHS.values() for listed in each.listed),
    ),
)


def policy(*, logs: bool = True) -> Policy:
    """Any of the three witnesses, which are one witness with three keys."""
    lines = [f"log {each.log.key}" for each in EPOCHS.values()] if logs else []
    lines += [f"witness w{number} {each.witness.key}" for number, each in EPOCHS.items()]
    lines += [f"group w any {' '.join(f'w{number}' for number in EPOCHS)}", "quorum w", ""]
    return read_policy("\n".join(lines).encode())


@pytest.fixture(scope="module")
async def record(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[CaseRecord]:
    """A closed case, as it is known."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('vouched') / 'store.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as store, office(engine, store) as at_work:
        case = await approved(at_work)
        await at_work.log()
        yield await gather(case.handle.id, store=store, client=at_work.client)


def signed_in(record: CaseRecord, of: Epoch, *, beside: tuple[NoteSigner, ...] = ()) -> LogPart:
    """The log's part of the export, with that year's keys; `beside` signed the checkpoint too."""
    assert record.log is not None
    head, _ = read_checkpoint(record.log.checkpoint)
    line = of.witness.cosign(head.text, at=of.at).line
    note = head.signed(replace(of.log, beside=beside)) + line
    proofs = {
        key: replace(read_proof(data), checkpoint=note.encode()).data
        for key, data in record.log.proofs.items()
    }
    return LogPart(checkpoint=note.encode(), proofs=proofs)


def written(
    record: CaseRecord,
    of: Epoch,
    out: Path,
    *,
    keyring: KeyringNote | None = KEYRING,
    log: LogPart | None = None,
) -> Path:
    """That year's export of the case."""
    seal = Seal(
        key=of.door,
        certificate=issue_certificate(
            ROOT,
            of.door.public_key(),
            use="door",
            not_before=of.at - timedelta(days=1),
            not_after=of.at + timedelta(days=1),
        ),
        root=ROOT_KEY,
        log=str(of.log.key),
        keyring_note=keyring.signed(ROOT).encode() if keyring is not None else b"",
    )
    whole = replace(record, log=log or signed_in(record, of))
    return write_export(whole, seal=seal, out=out, at=of.at, version="test")


async def verdict(
    folder: Path,
    *,
    by: Policy | None = None,
    keyring: KeyringNote | None = None,
    authority_: Authority | None = None,
) -> Verdict:
    """What a reader says in 2030 who knows the root and a policy."""
    brought = Vouchers(
        at=NOW,
        policy=by or policy(),
        roots=authority_.roots if authority_ is not None else None,
        keyring=keyring.signed(ROOT).encode() if keyring is not None else b"",
    )
    return await verify(folder, pinned=PINNED, vouchers=brought, replay=False)


def alone(folder: Path, *, authority_: Authority | None = None) -> Verdict:
    """What the same reader says who has installed nothing but the verifier."""
    roots = authority_.roots if authority_ is not None else None
    brought = Vouchers(at=NOW, policy=policy(), roots=roots)
    return verify_alone(folder, pinned=PINNED, vouchers=brought)


def checked(told: Verdict) -> dict[str, Outcome]:
    """Each check but the one that was left out."""
    return {check.name: check.outcome for check in told.checks if check.name != "strict replay"}


def failed(told: Verdict) -> list[str]:
    """The checks that failed."""
    return [name for name, outcome in checked(told).items() if outcome is Outcome.FAIL]


@pytest.mark.parametrize("number", YEARS)
@pytest.mark.parametrize("logs", ["in the policy", "in the keyring"])
async def test_exports_of_three_past_epochs_verify(
    number: int, logs: str, record: CaseRecord, tmp_path: Path
) -> None:
    """Other keys of log, door and witness each year; what is pinned is the root and a policy."""
    out = written(record, EPOCHS[number], tmp_path / "out")

    told = await verdict(out, by=policy(logs=logs == "in the policy"))

    assert set(checked(told).values()) == {Outcome.PASS}, told.lines()
    assert {"witnesses", "keyring", "log"} <= checked(told).keys()


@pytest.mark.parametrize("role", [Role.LOG, Role.WITNESS, Role.DOOR])
async def test_what_a_revoked_key_signed_before_stays_and_later_does_not(
    role: Role, record: CaseRecord, tmp_path: Path
) -> None:
    """The line is the instant of revocation, whichever key it was."""
    of = EPOCHS[2025]
    (listed,) = [each for each in of.listed if each.role is role]
    out = written(record, of, tmp_path / "out")
    present = [each for each in KEYRING.keys if each.until is None]
    before = KEYRING.next(present, at=of.at - timedelta(days=1), revoked=[listed.key])
    after = KEYRING.next(present, at=of.at + timedelta(days=1), revoked=[listed.key])

    early, late = await verdict(out, keyring=before), await verdict(out, keyring=after)

    assert failed(early) == ["keyring"], early.lines()
    assert any("was revoked" in line for line in early.lines())
    assert failed(late) == []


async def test_an_old_keyring_in_an_export_hides_no_revocation(
    record: CaseRecord, tmp_path: Path
) -> None:
    """The reader's newer note counts; two notes of one number that differ fail."""
    of = EPOCHS[2026]
    out = written(record, of, tmp_path / "out")
    revoked = KEYRING.next([], at=year(2026), revoked=[str(of.log.key)])
    twin = replace(revoked, number=KEYRING.number)

    assert failed(await verdict(out)) == []
    assert failed(await verdict(out, keyring=revoked)) == ["keyring"]
    assert failed(await verdict(out, keyring=twin)) == ["keyring"]


async def test_a_key_counts_only_in_its_time(record: CaseRecord, tmp_path: Path) -> None:
    """The keys of 2024 in an export of 2026: their time is over."""
    stale = replace(EPOCHS[2024], number=2026)
    out = written(record, stale, tmp_path / "out")

    told = await verdict(out)

    assert failed(told) == ["keyring"]
    assert sum("counted until" in line for line in told.lines()) == 3


async def test_while_two_keys_sign_one_that_counts_is_enough(
    record: CaseRecord, tmp_path: Path
) -> None:
    """An overlap: the old key is out of its time, the new one is not."""
    old, new = EPOCHS[2024].log, EPOCHS[2026]
    log = signed_in(record, new, beside=(old,))
    out = written(record, new, tmp_path / "out", log=log)

    assert failed(await verdict(out)) == []


async def test_a_key_that_the_root_never_listed_is_incomplete(
    record: CaseRecord, tmp_path: Path
) -> None:
    """Nothing is wrong with it, and nobody says that it counts."""
    of = EPOCHS[2026]
    bare = replace(KEYRING, keys=tuple(each for each in KEYRING.keys if each not in of.listed))
    out = written(record, of, tmp_path / "out", keyring=bare)

    told = await verdict(out)

    assert checked(told)["keyring"] is Outcome.INCOMPLETE
    assert sum("does not list" in line for line in told.lines()) == 3
    without = await verdict(written(record, of, tmp_path / "without", keyring=None))
    assert "keyring" not in checked(without)


@pytest.mark.hostile(46)
async def test_a_cosignature_that_is_missing_is_incomplete_and_a_false_one_fails(
    record: CaseRecord, tmp_path: Path
) -> None:
    """Under a policy; without one nobody is asked."""
    of = EPOCHS[2026]
    log = signed_in(record, of)
    bare = log.checkpoint[: log.checkpoint.rindex("\u2014".encode())]
    wrong = replace(of, witness=replace(of.witness, private=Ed25519PrivateKey.generate()))
    other = signed_in(record, wrong).checkpoint
    line = of.witness.cosign("example.org/log\n1\nAAAA\n", at=of.at).line.encode()

    async def told(note: bytes, name: str) -> Verdict:
        proofs = {
            key: replace(read_proof(data), checkpoint=note).data for key, data in log.proofs.items()
        }
        part = LogPart(checkpoint=note, proofs=proofs)
        out = written(record, of, tmp_path / name, log=part)
        said = await verdict(out)
        assert checked(alone(out)) == checked(said)
        return said

    assert checked(await told(bare, "bare"))["witnesses"] is Outcome.INCOMPLETE
    assert checked(await told(other, "other"))["witnesses"] is Outcome.INCOMPLETE
    assert failed(await told(bare + line, "false")) == ["witnesses"]


async def test_witnesses_alone_do_not_say_whose_log_it_is(
    record: CaseRecord, tmp_path: Path
) -> None:
    """No log key from anywhere: cosigned, and INCOMPLETE."""
    out = written(record, EPOCHS[2026], tmp_path / "out", keyring=None)

    told = await verdict(out, by=policy(logs=False))

    assert checked(told)["witnesses"] is Outcome.INCOMPLETE
    assert checked(told)["log"] is Outcome.INCOMPLETE
    assert failed(told) == []


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority of time on this machine."""
    return authority(tmp_path_factory.mktemp("tsa") / "here")


@pytest.mark.parametrize("shape", ["with its chain", "alone"])
async def test_a_time_stamp_over_the_checkpoint_verifies(
    shape: str, record: CaseRecord, tmp_path: Path, tsa: Authority
) -> None:
    """Both shapes of token; openssl believes the files of the export as well."""
    of = EPOCHS[2026]
    log = signed_in(record, of)
    chain = shape == "with its chain"
    token = tsa.reply(query(log.checkpoint).data, chain=chain)
    out = written(record, of, tmp_path / "out", log=replace(log, token=token))
    roots = replace(tsa, knows_between=not chain)

    told = await verdict(out, authority_=roots)

    assert checked(told)["time"] is Outcome.PASS, told.lines()
    assert failed(told) == []
    assert checked(alone(out, authority_=roots)) == checked(told)
    assert roots.holds(out / "log/checkpoint", out / "log/checkpoint.tsr")
    assert not roots.holds(out / "manifest.json", out / "log/checkpoint.tsr")


@pytest.mark.hostile(45)
async def test_a_time_stamp_that_proves_nothing_is_never_a_pass(
    record: CaseRecord, tmp_path: Path, tsa: Authority
) -> None:
    """Missing or not looked at: INCOMPLETE. Other bytes, another authority, broken: FAIL."""
    of = EPOCHS[2026]
    log = signed_in(record, of)
    stranger = authority(tmp_path / "stranger", between=False)
    asked = query(log.checkpoint).data
    tokens = {
        "other bytes": tsa.reply(query(b"another checkpoint").data),
        "a stranger": stranger.reply(asked, chain=False),
        "broken": tsa.reply(asked)[:-9],
        "no token": b"<html>",
    }
    for name, token in tokens.items():
        out = written(record, of, tmp_path / name, log=replace(log, token=token))
        assert failed(await verdict(out, authority_=tsa)) == ["time"], name
    good = written(record, of, tmp_path / "good", log=replace(log, token=tsa.reply(asked)))
    assert checked(await verdict(good))["time"] is Outcome.INCOMPLETE
    without = written(record, of, tmp_path / "without", log=log)
    assert checked(await verdict(without, authority_=tsa))["time"] is Outcome.INCOMPLETE
    assert "time" not in checked(await verdict(without))


async def test_an_entry_cannot_be_later_than_the_token_over_it(
    record: CaseRecord, tmp_path: Path, tsa: Authority
) -> None:
    """The doors' clock was put forward: what it wrote claims an instant that had not come."""
    of = EPOCHS[2026]
    first = record.door[0]
    door = [first.model_copy(update={"at": first.at + timedelta(days=400)}), *record.door[1:]]
    log = signed_in(record, of)
    token = tsa.reply(query(log.checkpoint).data)
    altered = replace(record, door=door)
    out = written(altered, of, tmp_path / "out", log=replace(log, token=token))

    told = await verdict(out, authority_=tsa)

    assert "time" in failed(told)
    assert any("was there at" in line for line in told.lines())


async def test_a_cosignature_cannot_be_later_than_the_token_over_it(
    record: CaseRecord, tmp_path: Path, tsa: Authority
) -> None:
    """The witness claims an instant at which its line had long been stamped."""
    of = replace(EPOCHS[2026], number=2029)
    log = signed_in(record, of)
    token = tsa.reply(query(log.checkpoint).data)
    out = written(record, of, tmp_path / "out", log=replace(log, token=token), keyring=None)

    told = await verdict(out, authority_=tsa)

    assert failed(told) == ["time"]
    assert any("says it vouched" in line for line in told.lines())


async def test_a_certificate_that_was_revoked_stamps_no_more(
    record: CaseRecord, tmp_path: Path, tsa: Authority
) -> None:
    """The keyring names the authority's certificate by its digest."""
    of = EPOCHS[2026]
    log = signed_in(record, of)
    token = tsa.reply(query(log.checkpoint).data)
    out = written(record, of, tmp_path / "out", log=replace(log, token=token))
    digest = f"sha256:{tsa.digest}"
    listed = Listed(Role.TSA, digest, since=year(2026))
    good = replace(KEYRING, number=4, keys=(*KEYRING.keys, listed))
    revoked = good.next(
        [each for each in good.keys if each.until is None], at=year(2026), revoked=[digest]
    )

    assert failed(await verdict(out, authority_=tsa, keyring=good)) == []
    assert failed(await verdict(out, authority_=tsa, keyring=revoked)) == ["keyring"]


async def test_a_reader_says_by_command_whom_to_believe(
    record: CaseRecord, tmp_path: Path, tsa: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys, policy, roots and keyring from files; what is configured here says nothing then."""
    monkeypatch.setenv("ESCALATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ESCALATE_WITNESSES__POLICY_FILE", str(tmp_path / "none"))
    of = EPOCHS[2026]
    log = signed_in(record, of)
    token = tsa.reply(query(log.checkpoint).data)
    out = written(record, of, tmp_path / "out", log=replace(log, token=token))
    files = {
        "keys": json.dumps({"root": ROOT_KEY}),
        "policy": f"log {of.log.key}\nwitness w {of.witness.key}\nquorum w\n",
        "stricter": f"log {of.log.key}\nwitness w {EPOCHS[2025].witness.key}\nquorum w\n",
        "keyring": KEYRING.signed(ROOT),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    async def said(code: int, **options: Path) -> str:
        words = ["audit", "verify", str(out), "--keys", str(tmp_path / "keys")]
        words += [word for name, file in options.items() for word in (f"--{name}", str(file))]
        result = await asyncio.to_thread(CliRunner().invoke, app, words)
        assert result.exit_code == code, result.output
        return result.output

    whole = {"tsa-roots": tsa.roots_file, "keyring": tmp_path / "keyring"}
    good = await said(0, policy=tmp_path / "policy", **whole)
    lacking = await said(2, policy=tmp_path / "stricter", **whole)
    await said(2, policy=tmp_path / "keys", **whole)
    await said(2, policy=tmp_path / "none")

    for name in ("witnesses", "time", "keyring", "log"):
        assert f"PASS       {name}\n" in good
    assert "lacking: w" in lacking
