"""Verifiers that share no code say the same of the same export, good and bad.

`INDEPENDENT_BUNDLES` is the number of exports (6 without it; the acceptance has 50).
"""

import base64
import itertools
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pymerkle import InmemoryTree
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer._key import SSlibKey

from audit.bundle.alone import told_of
from audit.bundle.checks import rules_checks
from audit.bundle.opened import opened_files
from audit.bundle.record import made_again
from audit.bundle.tar import packed, unpacked
from audit.bundle.whole import bundle_of
from audit.contents import lines
from audit.log.checkpoint import Checkpoint
from audit.log.merkle import Span
from audit.log.segments import placed
from audit.log.tiles import WIDTH, Place, bundle, grown, path_of, span_hash
from audit.manifest import (
    DOOR_STREAM,
    MANIFEST,
    SIGNATURE,
    FileSum,
    StreamHead,
    sign_manifest,
    write,
)
from audit.verdict import Outcome
from audit.verify import verify_files
from cases.canonical import sha256
from cases.journal import Entry, Kind
from tests.audit.bundle.damage import HOW
from tests.audit.casework import LOG, MADE_AT, PINNED, PINNED_LOG, ROOT_KEY, SEAL
from tests.independent.tools import NoGoError, by_go, by_pymerkle, by_script, go_program

Files = Mapping[str, bytes]
NUMBER = int(os.environ.get("INDEPENDENT_BUNDLES", "6"))
VKEY = str(LOG.key)


class Sample(NamedTuple):
    """An export to be judged."""

    name: str
    files: Files
    expected: Outcome


@pytest.fixture(scope="module")
def program() -> Path:
    """The Go program; without Go, and without a way to its one module, these tests say so."""
    try:
        return go_program()
    except NoGoError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def _signed(files: Files, **told: Any) -> dict[str, bytes]:
    """These files under a manifest that the door's own key signed."""
    sums = {
        name: FileSum(sha256=sha256(data), size=len(data))
        for name, data in sorted(files.items())
        if name not in (MANIFEST, SIGNATURE)
    }
    before = bundle_of(files).manifest
    manifest = write(before.model_copy(update={"files": sums, **told}))
    signed = sign_manifest(manifest, key=SEAL.key, certificate=SEAL.certificate)
    return {**files, MANIFEST: manifest, SIGNATURE: write(signed)}


def _not_yet_in_the_log(files: Files) -> dict[str, bytes]:
    """A door has written one entry more, which no checkpoint covers."""
    bundle = bundle_of(files)
    last = bundle.door[-1]
    more = Entry(
        case=last.case,
        stream=last.stream,
        sequence=last.sequence + 1,
        previous=last.hash,
        at=last.at,
        kind=Kind.DOOR_LINK_OPENED,
        body={"by": "p-1"},
        salt="ab" * 16,
    )
    door = (*bundle.door, more)
    segments = bundle.manifest.lineage
    streams = {file: found.entries for file, found in bundle.streams.items()} | {DOOR_STREAM: door}
    pairs = (
        pair
        for file, entries in streams.items()
        for pair in placed(entries, segments.get(file, ()))
    )
    head = StreamHead(sequence=more.sequence, hash=more.hash)
    changed = {**files, DOOR_STREAM: lines(door), **opened_files(pairs)}
    _, told = told_of(bundle_of(_signed(changed, door_head=head)))
    assert told is not None
    rules, _ = rules_checks(told.bundle, told.request, told.proven)
    assert rules is not None
    # As a door would have written it then, page and all.
    return _signed({**changed, **made_again(told, rules, told.proven.envelopes)}, door_head=head)


def _samples(short: Files, whole: Files) -> Iterator[Sample]:
    """Good ones, unfinished ones, and bad ones: touched, and touched and signed anew."""
    draw = random.Random(3)  # noqa: S311 - to be repeatable
    yield Sample("short", short, Outcome.PASS)
    yield Sample("not yet in the log", _not_yet_in_the_log(short), Outcome.INCOMPLETE)
    yield from itertools.islice(_bad(short, draw), 4)
    yield Sample("whole", whole, Outcome.PASS)
    bad = _bad(short, draw)
    for number in itertools.count(1):
        # The same record as a door signs it at another instant, and what a tar of it holds.
        again = _signed(short, created_at=MADE_AT + timedelta(hours=number))
        yield Sample("exported again", unpacked(packed(again)), Outcome.PASS)
        yield from itertools.islice(bad, 2)


def _bad(short: Files, draw: random.Random) -> Iterator[Sample]:
    # Where the log has a say, because two of the verifiers know nothing else.
    names = sorted(name for name in short if name.startswith(("log/", "opened/")))
    while True:
        how, name = draw.choice(HOW), draw.choice(names)
        touched = how(short, name, draw)
        yield Sample(f"{how.__name__} {name}", touched, Outcome.FAIL)
        if how.__name__ not in ("drop", "duplicate"):
            anew = _signed_anew(short, touched)
            yield Sample(f"{how.__name__} {name}, signed anew", anew, Outcome.FAIL)


def _signed_anew(good: Files, touched: Files) -> dict[str, bytes]:
    """Signed although it may not be readable any more."""
    sums = {
        name: FileSum(sha256=sha256(data), size=len(data))
        for name, data in sorted(touched.items())
        if name not in (MANIFEST, SIGNATURE)
    }
    manifest = write(bundle_of(good).manifest.model_copy(update={"files": sums}))
    signed = sign_manifest(manifest, key=SEAL.key, certificate=SEAL.certificate)
    return {**touched, MANIFEST: manifest, SIGNATURE: write(signed)}


def _laid_out(files: Files, folder: Path) -> Path:
    for name, data in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder


async def _ours(files: Files, *, replay: bool) -> tuple[str, str]:
    """Our verdict on the whole, and on what the log and the opened fields say."""
    verdict = await verify_files(files, pinned=PINNED, logs=PINNED_LOG, replay=replay)
    said = {check.name: check.outcome for check in verdict.checks}
    about = {said.get("log", Outcome.FAIL), said.get("parts", Outcome.FAIL)}
    log = next((each for each in (Outcome.FAIL, Outcome.INCOMPLETE) if each in about), Outcome.PASS)
    return verdict.outcome.value, log.value


@pytest.fixture
def samples(short: dict[str, bytes], whole: dict[str, bytes]) -> list[Sample]:
    """As many exports as are asked for."""
    return list(itertools.islice(_samples(short, whole), NUMBER))


async def test_all_verifiers_agree(
    samples: list[Sample],
    program: Path,
    tmp_path: Path,
    record_property: Callable[[str, Any], None],
) -> None:
    """Go and pymerkle on the log, openssl and a shell on the whole: no export divides them."""
    answers: Counter[str] = Counter()
    differ: list[str] = []
    for number, sample in enumerate(samples):
        folder = _laid_out(sample.files, tmp_path / str(number))
        ours, log = await _ours(sample.files, replay=sample.expected is not Outcome.FAIL)
        go, merkle = by_go(program, folder, VKEY), by_pymerkle(folder, VKEY)
        shell, printed = by_script(folder, root=ROOT_KEY, vkey=VKEY)
        answers[ours] += 1
        if not go == merkle == log or not shell == ours == sample.expected.value:
            differ.append(f"{sample.name}: {ours} {log} {go=} {merkle=} {shell=}\n{printed}")

    record_property("bundles", NUMBER)
    record_property("answers", dict(answers))
    record_property("verifiers", ["escalate", "go x/mod/sumdb", "verify.sh openssl", "pymerkle"])
    assert differ == []
    assert set(answers) == {"PASS", "INCOMPLETE", "FAIL"}


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700])
def test_a_whole_log_is_recomputed_from_its_entries(
    size: int, program: Path, tmp_path: Path
) -> None:
    """Tiles as we publish them: the Go program and pymerkle come to the root that we signed."""
    leaves = [b'{"entry":"%064x","v":1}' % number for number in range(size)]
    tree = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)
    tiles = {place: data for place, data in grown({}, size=0, leaves=leaves).items() if data}
    root = span_hash(Span(0, size), tiles)
    folder = tmp_path / "log"
    for number in range(0, size, WIDTH):
        width = min(WIDTH, size - number)
        place = folder / "tile" / path_of(Place(0, number // WIDTH), width=width, entries=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(bundle(leaves[number : number + width]))
    head = Checkpoint(origin=LOG.name, size=size, root=root).signed(LOG)
    (folder / "checkpoint").write_text(head)
    touched = bytearray(place.read_bytes())
    touched[-9] ^= 1

    assert tree.get_root() == root
    assert by_go(program, folder, VKEY, kind="log") == "PASS"
    for spoilt in (bytes(touched), bytes(touched[:-1]), place.read_bytes() + b"\0\0", b""):
        place.write_bytes(spoilt)
        assert by_go(program, folder, VKEY, kind="log") == "FAIL"


def test_every_act_holds_for_another_library(whole: dict[str, bytes]) -> None:
    """Securesystemslib reads our envelopes as DSSE, and takes no other bytes for them."""
    keyring = bundle_of(whole).keyring
    [certificate] = keyring.certificates
    [told] = [data for name, data in whole.items() if name.startswith("certificates/")]
    named = _envelope(told)
    root = base64.b64decode(ROOT_KEY)
    named.verify([_key(root, named)], 1)
    door = base64.b64decode(_value(named.payload, "public_key"))
    acts = [data for name, data in whole.items() if name.startswith("acts/")]

    assert certificate.payload.encode() == named.payload
    assert len(acts) > 3
    for data in acts:
        envelope = _envelope(data)
        envelope.verify([_key(door, envelope)], 1)
        envelope.payload = envelope.payload.replace(b'"v":1', b'"v":2')
        with pytest.raises(VerificationError):
            envelope.verify([_key(door, envelope)], 1)


def _envelope(data: bytes) -> Envelope:
    return Envelope.from_dict(json.loads(data))


def _key(public: bytes, envelope: Envelope) -> SSlibKey:
    [keyid] = envelope.signatures
    return SSlibKey(keyid, "ed25519", "ed25519", {"public": public.hex()})


def _value(payload: bytes, name: str) -> str:
    return str(json.loads(payload)[name])
