"""`escalate log` and `escalate keys public`, beside a store that no other process uses."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from audit.log.checkpoint import trusted_checkpoint
from audit.log.cosignature import WitnessKey, cosignatures
from audit.log.directory import DirectoryTiles
from audit.log.merkle import extends
from audit.log.note import NoteSigner, read_note, unbase64
from audit.log.proof import proven
from audit.log.recorder import Recorder
from audit.log.witness import Request
from cases.journal import Kind
from cli.app import app
from gateway.log_key import load_or_create_log_key
from gateway.signer import load_or_create_keys
from store import DEMO_KEK, Accepted, Store
from tests.store.building import START, accepted
from tests.stores import empty_store


class Desk:
    """A store, its log, and the command line beside it."""

    def __init__(self, store: Store, signer: NoteSigner, answer: Accepted) -> None:
        self.store = store
        self.signer = signer
        self.answer = answer

    async def grows(self, number: int = 1) -> None:
        """So many more entries are in the log."""
        for _ in range(number):
            await self.store.journal.append_door(
                self.answer.case, Kind.DOOR_LINK_OPENED, at=START, by="one"
            )
        await Recorder(self.store, signer=self.signer, apart=timedelta(0)).record(at=START)


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """An installation with one case, whose entries wait for the log."""
    home = tmp_path / "home"
    monkeypatch.setenv("ESCALATE_HOME", str(home))
    monkeypatch.setenv("ESCALATE_DEMO", "true")
    url = f"sqlite+aiosqlite:///{home / 'escalate.db'}"
    await empty_store(url)
    load_or_create_keys(home / "keys")
    signer = load_or_create_log_key(home / "keys", origin="example.org/log")
    async with await Store.open(url, kek=DEMO_KEK) as store:
        yield Desk(store, signer, await accepted(store))


async def run(*words: str, code: int = 0) -> str:
    """What the command printed; it ended with that code."""
    result = await asyncio.to_thread(CliRunner().invoke, app, list(words))
    assert result.exit_code == code, (words, result.exit_code, result.output, result.exception)
    return result.stdout


async def told(*words: str, code: int = 0) -> Any:
    """The same, with --json."""
    return json.loads(await run(*words, "--json", code=code))


async def test_before_the_first_checkpoint_there_is_nothing_to_prove(desk: Desk) -> None:
    """What waits is counted; checkpoint and proof are incomplete."""
    said = await told("log", "show")

    assert (said["size"], said["waiting"], said["origin"]) == (0, 1, None)
    assert (said["stamped_at"], said["cosigned_at"]) == (None, {})
    await run("log", "checkpoint", code=2)
    await run("log", "proof", desk.answer.number, "1", "--stream", "door", code=2)


async def test_a_proof_of_an_entry_stands_alone(desk: Desk) -> None:
    """The file proves its leaf under the public key that `keys public` prints."""
    await desk.grows(3)
    public = json.loads(await run("keys", "public"))
    number = desk.answer.number

    plain = await run("log", "proof", number, "2", "--stream", "door")
    said = await told("log", "proof", number, "2", "--stream", "door")

    assert public["log"] == str(desk.signer.key)
    assert plain == said["proof"]
    assert proven(plain.encode(), said["leaf"].encode(), [desk.signer.key])
    assert not re.search(r"case/|door", plain.partition("\n\n")[0])
    await run("log", "proof", number, "9", "--stream", "door", code=2)
    await run("log", "proof", "9999", "1", code=1)
    shown = await run("log", "show")
    assert "example.org/log" in shown


async def test_a_kept_checkpoint_holds_the_log_to_its_past(desk: Desk, tmp_path: Path) -> None:
    """Grown: consistent, with a proof. Rewritten under the same key: exit code 1."""
    await desk.grows(2)
    kept = tmp_path / "checkpoint"
    kept.write_text(await run("log", "checkpoint"))
    await desk.grows(300)

    said = await told("log", "checkpoint", "--since", str(kept))

    before = trusted_checkpoint(kept.read_bytes(), [desk.signer.key])
    assert extends(
        earlier=before.size,
        earlier_root=before.root,
        size=said["size"],
        root=unbase64(said["root"]),
        proof=[unbase64(step) for step in said["consistency"]],
    )
    stranger = before.text.replace(f"\n{before.size}\n", "\n1\n")
    kept.write_text(desk.signer.sign(stranger))
    await run("log", "checkpoint", "--since", str(kept), code=1)
    kept.write_text(desk.signer.sign(before.text.replace(f"\n{before.size}\n", "\n999\n")))
    await run("log", "checkpoint", "--since", str(kept), code=1)
    kept.write_text("nonsense")
    await run("log", "checkpoint", "--since", str(kept), code=2)


async def test_a_log_of_files_is_checked_without_anything_of_ours(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder that a web server serves, and a public key; a byte that was touched is noticed."""
    folder = tmp_path / "log"
    url = str(desk.store.database.url)
    async with await Store.open(url, kek=DEMO_KEK, tiles=DirectoryTiles(folder)) as kept:
        await Recorder(kept, signer=desk.signer, apart=timedelta(0)).record(at=START)
    keys = tmp_path / "root.json"
    keys.write_text(await run("keys", "public"))
    monkeypatch.setenv("ESCALATE_HOME", str(tmp_path / "elsewhere"))

    said = await told("log", "verify", str(folder), "--keys", str(keys))

    assert (said["size"], said["origin"]) == (1, "example.org/log")
    await run("log", "verify", str(folder), code=2)
    leaf = next((folder / "tile" / "entries").rglob("1"))
    leaf.write_bytes(leaf.read_bytes().replace(b'"v":1', b'"v":2'))
    await run("log", "verify", str(folder), "--keys", str(keys), code=1)


async def test_a_witness_runs_alone_and_survives_signal_9(desk: Desk, tmp_path: Path) -> None:
    """Its own process, key and folder; killed and started again it refuses what it must."""
    await desk.grows(3)
    folder = tmp_path / "witness"
    head = (await desk.store.log.head()).checkpoint.encode()
    key, url, process = await _witness(folder, desk)
    async with httpx.AsyncClient(trust_env=False) as http:
        request = Request(old=0, proof=(), checkpoint=head)
        first = await http.post(f"{url}/add-checkpoint", content=request.data)
        process.kill()
        await process.wait()
        again, url, process = await _witness(folder, desk)
        forgotten = await http.post(f"{url}/add-checkpoint", content=request.data)
        process.terminate()
        await process.wait()

    assert again == key
    note = read_note(head + first.content)
    assert [each.key for each in cosignatures(note, [key])] == [key]
    assert (forgotten.status_code, forgotten.text) == (409, "4\n")
    (folder / "witness.json").unlink()
    await run("log", "witness", str(folder), "--log", str(desk.signer.key), code=1)
    await run("log", "witness", str(tmp_path / "new"), "--log", str(desk.signer.key), code=1)
    await run("log", "witness", str(folder), "--log", "nonsense", code=2)


async def _witness(folder: Path, desk: Desk) -> tuple[WitnessKey, str, asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.app", "log", "witness", str(folder)),
        *("--name", "w.example/1", "--port", "0", "--log", str(desk.signer.key)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        key = WitnessKey.parse((await process.stdout.readline()).decode().strip())
        url = (await process.stdout.readline()).decode().strip()
    return key, url, process


async def test_keys_are_rotated_and_listed_by_command(desk: Desk) -> None:
    """Renew and retire the log's key; the keyring is signed, shown, and checked."""
    old = str(desk.signer.key)
    await run("keys", "keyring", code=1)
    first = await told("keys", "sign-keyring")
    renewed = await told("keys", "renew-log")
    public = json.loads(await run("keys", "public"))
    retired = await told("keys", "retire-log")
    second = await told("keys", "sign-keyring", "--overlap", "30", "--revoke", old)
    shown = await told("keys", "keyring")

    assert {key["role"] for key in first["keys"]} == {"door", "log"}
    assert public["log"] == [renewed["after"], old]
    assert (renewed["before"], retired["retired"]) == ([old], old)
    assert shown == second
    assert {key["key"]: bool(key["revoked"]) for key in shown["keys"] if key["role"] == "log"} == {
        old: True,
        renewed["after"]: False,
    }
    assert old in await run("keys", "keyring")
    await run("keys", "retire-log", code=1)
    await run("keys", "sign-keyring", "--add", "king=x", code=2)
    await run("keys", "sign-keyring", "--revoke", "nobody", code=1)
