"""Verification of exports that somebody touched: never PASS, never a crash, always a place."""

import hashlib
import json
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import ExportRefusedError
from audit.export import CaseRecord, gather, write_export
from audit.log.exported import FOLDER
from audit.log.part import LogPart
from audit.log.proof import SUFFIX
from audit.manifest import CASE_STREAM, MANIFEST, parse_keys
from audit.verdict import Outcome
from audit.verify import verify
from store import DEMO_KEK, Store
from tests.audit.casework import MADE_AT, PINNED, PINNED_LOG, ROOT_KEY, SEAL, Office, office
from tests.audit.scenarios import approved
from tests.stores import empty_store
from workers.engine import Engine


@pytest.fixture(scope="module")
async def good(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """An export that passes."""
    folder = tmp_path_factory.mktemp("good")
    url = f"sqlite+aiosqlite:///{folder / 'store.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as store, office(engine, store) as at_work:
        case = await approved(at_work)
        yield await at_work.export(case, folder / "export")


@pytest.fixture
def export(good: Path, tmp_path: Path) -> Path:
    """A copy that may be spoilt."""
    return Path(shutil.copytree(good, tmp_path / "export"))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def _link(path: Path) -> None:
    other = path.with_name("elsewhere")
    path.rename(other)
    path.symlink_to(other)


SPOILING: tuple[Callable[[Path], None], ...] = (_flip, _truncate, _append, Path.unlink, _link)


async def test_an_untouched_export_passes_with_the_root_given(export: Path) -> None:
    """PASS, exit code 0, strict replay included."""
    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)

    assert (verdict.outcome, verdict.exit_code) == (Outcome.PASS, 0), verdict.lines()


async def test_without_a_root_key_an_export_only_vouches_for_itself(export: Path) -> None:
    """INCOMPLETE, self-attested."""
    verdict = await verify(export, replay=False)

    assert (verdict.outcome, verdict.exit_code) == (Outcome.INCOMPLETE, 2)
    assert any("self-attested" in line for line in verdict.lines())


async def test_another_root_key_fails(export: Path) -> None:
    """An export under somebody else's root is somebody else's."""
    stranger = Ed25519PrivateKey.generate().public_key().public_bytes_raw()

    verdict = await verify(export, pinned=frozenset({stranger}), replay=False)

    assert verdict.outcome is Outcome.FAIL


@pytest.mark.parametrize("spoil", SPOILING, ids=lambda item: item.__name__)
async def test_every_file_that_was_touched_is_noticed(
    spoil: Callable[[Path], None], good: Path, tmp_path: Path
) -> None:
    """Whichever file is flipped, cut, lengthened, removed or linked: FAIL, and it is named.

    Of the proofs, one of each stream; `log/test_exported.py` goes through all of them.
    """
    touched = [path for path in _files(good) if path.suffix != SUFFIX or path.stem == "2"]
    for number, path in enumerate(touched):
        copy = Path(shutil.copytree(good, tmp_path / str(number)))
        spoil(copy / path.relative_to(good))

        verdict = await verify(copy, pinned=PINNED, logs=PINNED_LOG, replay=False)

        assert verdict.outcome is Outcome.FAIL, path
        if path.name not in ("manifest.json", "manifest.sig.json"):
            assert any(path.name in line for line in verdict.lines()), verdict.lines()


async def test_without_a_log_key_the_log_only_vouches_for_itself(export: Path) -> None:
    """INCOMPLETE, and nothing else is: the root alone does not say whose log it is."""
    verdict = await verify(export, pinned=PINNED, replay=False)

    unchecked = [check.name for check in verdict.checks if check.outcome is not Outcome.PASS]
    assert unchecked == ["log", "strict replay"], verdict.lines()
    assert any("no log key was given" in line for line in verdict.lines())


async def test_a_record_without_its_log_is_incomplete(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """Whoever leaves the log out of an export gets no PASS for it."""
    async with office(engine, store) as at_work:
        record = await _record(at_work)

    out = write_export(
        replace(record, log=None), seal=SEAL, out=tmp_path / "out", at=MADE_AT, version="test"
    )
    verdict = await verify(out, pinned=PINNED, logs=PINNED_LOG)

    assert verdict.outcome is Outcome.INCOMPLETE, verdict.lines()
    assert not (out / FOLDER).exists()


async def test_a_rewritten_door_stream_fails_though_the_door_signed_it(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """No replay knows what a door recorded; the log does, and the door's key does not change it."""
    async with office(engine, store) as at_work:
        record = await _record(at_work)
    first = record.door[0]
    told = first.model_copy(update={"body": {**first.body, "source": "another"}})
    door = [told]
    for entry in record.door[1:]:
        door.append(entry.model_copy(update={"previous": door[-1].hash}))

    async def outcomes(log: LogPart | None, name: str) -> list[str]:
        altered = replace(record, door=door, log=log)
        out = write_export(altered, seal=SEAL, out=tmp_path / name, at=MADE_AT, version="test")
        verdict = await verify(out, pinned=PINNED, logs=PINNED_LOG)
        return [check.name for check in verdict.checks if check.outcome is Outcome.FAIL]

    assert await outcomes(None, "without") == []
    assert await outcomes(record.log, "with") == ["log"]


async def test_an_unknown_file_is_reported(export: Path) -> None:
    """Nothing may be slipped in."""
    (export / "history" / "extra.json").write_text("{}")

    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG, replay=False)

    assert verdict.outcome is Outcome.FAIL
    assert any("extra.json: not in the manifest" in line for line in verdict.lines())


@pytest.mark.parametrize(
    "text", ['{"case":1,"case":2}', '{"case":NaN}', "\ufeff{}", "[" * 5000, "{", "[]", "nul"]
)
async def test_ambiguous_json_is_refused(text: str, export: Path) -> None:
    """A manifest that two readers could understand differently is understood by nobody."""
    (export / MANIFEST).write_text(text, encoding="utf-8")

    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)

    assert verdict.outcome is Outcome.FAIL


async def test_a_rewritten_journal_fails_even_when_signed_again(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """Whoever holds the door's key still cannot make the history write another journal."""
    async with office(engine, store) as at_work:
        record = await _record(at_work)
    entries = list(record.entries)
    told = {**entries[-1].body, "disposition": "no-violation"}
    entries[-1] = entries[-1].model_copy(update={"body": told})
    altered = replace(record, entries=entries)

    out = write_export(altered, seal=SEAL, out=tmp_path / "out", at=MADE_AT, version="test")
    verdict = await verify(out, pinned=PINNED, logs=PINNED_LOG)

    failed = [check.name for check in verdict.checks if check.outcome is Outcome.FAIL]
    assert failed == ["log", "strict replay"], verdict.lines()


async def test_an_export_is_private_and_never_overwritten(export: Path, good: Path) -> None:
    """Files are 0600; a folder that exists is left alone."""
    del export
    assert {path.stat().st_mode & 0o777 for path in _files(good)} == {0o600}
    with pytest.raises(ExportRefusedError):
        write_export(None, seal=SEAL, out=good, at=MADE_AT, version="test")  # type: ignore[arg-type]


async def test_streams_are_exact_bytes(good: Path) -> None:
    """Each line hashes to what the next line names."""
    lines = (good / CASE_STREAM).read_bytes().splitlines()

    hashes = [hashlib.sha256(line).hexdigest() for line in lines]
    assert [json.loads(line)["previous"] for line in lines[1:]] == hashes[:-1]


async def test_the_report_loads_nothing_and_runs_nothing(good: Path) -> None:
    """One page for reading and printing."""
    page = (good / "report.html").read_text()

    assert "<script" not in page
    assert "http" not in page
    assert "lena" in page


def test_keys_are_read_from_json_or_lines() -> None:
    """Both spellings of a root key are the same key."""
    assert parse_keys(json.dumps({"root": ROOT_KEY})) == PINNED
    assert parse_keys(json.dumps({"root": [ROOT_KEY]})) == PINNED
    assert parse_keys(ROOT_KEY + "\n") == PINNED
    for wrong in ("", "{}", "AAAA", '{"root": 5}'):
        with pytest.raises(ValueError, match="no base64"):
            parse_keys(wrong)


async def _record(at_work: Office) -> CaseRecord:
    case = await approved(at_work)
    await at_work.log()
    return await gather(case.handle.id, store=at_work.store, client=at_work.client)
