"""Every parser that reads what somebody else may have written: a line each."""

import asyncio
import base64
import json
from collections.abc import Coroutine, Sequence
from functools import cache
from typing import Any, TypeVar

from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from audit.bundle.alone import verify_files_alone
from audit.bundle.dsse import Signed, read_signed
from audit.bundle.opened import read_opened
from audit.bundle.sealed import events_file, read_events
from audit.bundle.tar import BLOCK, packed, unpacked
from audit.bundle.whole import bundle_of
from audit.bundle.workers import certificates_file, read_certificates
from audit.errors import ExportUnreadableError
from audit.log.checkpoint import Checkpoint, read_checkpoint
from audit.log.errors import LogError
from audit.log.exported import parse_logs
from audit.log.leaf import openings
from audit.log.note import NoteKey, NoteSigner, read_note
from audit.log.proof import Proof, read_proof
from audit.log.tiles import Asked, asked, path_of
from audit.manifest import parse_keys
from audit.strict_json import read_json
from audit.verdict import Outcome
from cases.envelope import ACT_TYPE, ActEnvelope, RefusedEnvelope, pae, verify_envelope
from cases.worker_keys import CertifiedWorker, certify_worker
from store.locators import digest_of, well_formed, written
from tests.fuzz.parser import Parser
from tests.fuzz.small_bundle import (
    CASE,
    CERTIFICATE,
    DOOR,
    ENTRIES,
    ROOT,
    SIGNER,
    act_payload,
    small_bundle,
)
from workflows.converter import ENCODING, KEY_ID, Codec
from workflows.refused import REFUSED

Value = TypeVar("Value")


class RefusedError(Exception):
    """A parser that answers with a no instead of an error said no."""


class _Keyring:
    async def key(self, case: str) -> tuple[str, bytes]:
        return "k1", b"k" * 32


_CODEC = Codec(_Keyring()).with_context(
    WorkflowSerializationContext(namespace="default", workflow_id=CASE)
)


def _now(waiting: Coroutine[Any, Any, Value]) -> Value:
    """The value of a coroutine that never waits for anything."""
    try:
        waiting.send(None)
    except StopIteration as done:
        value: Value = done.value
        return value
    raise RuntimeError("it waited")


def _opened(data: bytes) -> Payload:
    """The payload a worker gets; refused ones are marked, and nothing is ever raised."""
    try:
        sent = Payload.FromString(data)
    except Exception as error:
        # Temporal has read it before us: only what is a payload reaches the codec.
        raise RefusedError from error
    [clear] = _now(_CODEC.decode([sent]))
    if clear.metadata.get("encoding") == REFUSED:
        raise RefusedError
    return clear


@cache
def _payloads() -> list[bytes]:
    clear = [
        Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())
        for value in ({}, "x", {"a": [1] * 50})
    ]
    sealed = asyncio.run(_CODEC.encode(clear))
    plain = Payload(metadata={"encoding": ENCODING, KEY_ID: b"k1"}, data=b"x" * 40)
    return [each.SerializeToString() for each in (*sealed, plain)]


def _note() -> list[bytes]:
    head = Checkpoint(origin=SIGNER.name, size=9, root=b"r" * 32).signed(SIGNER)
    other = NoteSigner(name="witness.example/w", private=DOOR)
    both = head + other.sign(head.partition("\n\n")[0] + "\n").rpartition("\n\n")[2]
    return [head.encode(), both.encode()]


def _proofs() -> list[bytes]:
    [head, both] = _note()
    leaf = b'{"entry":"%064x","v":1}' % 7
    return [
        Proof(index=4, hashes=(b"a" * 32, b"b" * 32), checkpoint=head, extra=leaf).data,
        Proof(index=0, hashes=(), checkpoint=both).data,
    ]


def _signed() -> list[bytes]:
    payload = act_payload()
    signature = DOOR.sign(pae(ACT_TYPE, payload))
    signed = Signed(kind=ACT_TYPE, payload=payload, keyid="ab" * 8, signature=signature)
    return [signed.data]


def _envelopes() -> list[bytes]:
    payload = act_payload()
    signature = base64.b64encode(DOOR.sign(pae(ACT_TYPE, payload))).decode()
    whole = ActEnvelope(payload=payload.decode(), signature=signature, certificate=CERTIFICATE)
    return [whole.model_dump_json().encode()]


def _verified(data: bytes) -> object:
    try:
        envelope = ActEnvelope.model_validate_json(data)
    except ValueError as error:
        # The door's own reader says no first.
        raise RefusedError from error
    return verify_envelope(envelope, case=CASE, root=ROOT.public_key().public_bytes_raw())


def _fields() -> list[bytes]:
    blocks = [
        b"entry %d\n" % entry.sequence
        + b"".join(line + b"\n" for _, line in openings(entry, branch="main"))
        for entry in ENTRIES
    ]
    return [b"".join(blocks), blocks[0]]


def _bundles() -> list[bytes]:
    return [packed(small_bundle())]


def _loose(data: bytes) -> dict[str, bytes]:
    """A tar that is read without any care: what an accident did to it is done to its files."""
    good = small_bundle()
    files: dict[str, bytes] = {}
    at = 0
    for name, content in sorted(good.items()):
        at += BLOCK
        files[name] = data[at : at + len(content)]
        at += len(content) + -len(content) % BLOCK
    return files


def _judged(data: bytes) -> object:
    verdict = verify_files_alone(_loose(data), pinned=frozenset(), logs=frozenset())
    if verdict.outcome is Outcome.FAIL:
        raise RefusedError
    return verdict


def _token(data: bytes) -> bytes:
    text = data.decode("latin-1")
    if not well_formed(text):
        raise RefusedError
    digest_of(text)
    return text.encode("ascii")


def _keys(data: bytes) -> object:
    text = data.decode("utf-8", "surrogateescape")
    return parse_keys(text), parse_logs(text)


def _key_files() -> Sequence[bytes]:
    root = base64.b64encode(ROOT.public_key().public_bytes_raw()).decode()
    both = json.dumps({"root": [root], "log": [str(SIGNER.key)]}).encode()
    return [both, root.encode()]


def _workers() -> Sequence[bytes]:
    """Certificates of one worker, and of two."""
    made = [
        certify_worker(
            CertifiedWorker(
                key_id=name,
                public_key=base64.b64encode(bytes(32)).decode(),
                build="ab" * 32,
                runbooks=("cd" * 32,),
                not_before=ENTRIES[0].at,
                not_after=ENTRIES[0].at,
                issued_at=ENTRIES[0].at,
            ),
            door=DOOR,
            certificate=CERTIFICATE,
        )
        for name in ("1" * 16, "2" * 16)
    ]
    return [certificates_file(made[:1]), certificates_file(made)]


def _path(found: Asked) -> bytes:
    return path_of(found.place, width=found.width, entries=found.entries).encode()


PARSERS = (
    Parser("note", _note, read_note, (LogError,)),
    Parser("checkpoint", _note, read_checkpoint, (LogError,)),
    Parser(
        "note-key",
        lambda: [str(SIGNER.key).encode()],
        lambda data: NoteKey.parse(data.decode("utf-8", "surrogateescape")),
        (LogError,),
        written=lambda key: str(key).encode("utf-8", "surrogateescape"),
    ),
    Parser("proof", _proofs, read_proof, (LogError,), written=lambda proof: bytes(proof.data)),
    Parser(
        "tile-path",
        lambda: [b"0/x001/234.p/7", b"entries/000", b"3/x012/x345/678"],
        lambda data: asked(data.decode("utf-8", "surrogateescape")),
        (LogError,),
        written=_path,
    ),
    Parser(
        "dsse",
        _signed,
        lambda data: read_signed("x", data),
        (ExportUnreadableError,),
        written=lambda signed: bytes(signed.data),
    ),
    Parser("act", _envelopes, _verified, (RefusedEnvelope, RefusedError)),
    Parser(
        "json",
        lambda: [b'{"a":[1,null,true,"x"],"b":{"c":"\xc3\xa9"}}', *_signed()],
        lambda data: read_json("x", data),
        (ExportUnreadableError,),
    ),
    Parser("opened", _fields, lambda data: list(read_opened("x", data)), (ExportUnreadableError,)),
    Parser(
        "events",
        lambda: [events_file((b"one", b"", b"x" * 300)), b""],
        lambda data: read_events("x", data),
        (ExportUnreadableError,),
        written=events_file,
    ),
    Parser("tar", _bundles, unpacked, (ExportUnreadableError,), written=packed),
    Parser("bundle", _bundles, lambda data: bundle_of(_loose(data)), (ExportUnreadableError,)),
    # Not a parser but everything behind it; every input is a whole verification.
    Parser("verdict", _bundles, _judged, (RefusedError,), full=100_000),
    Parser("codec", _payloads, _opened, (RefusedError,)),
    Parser(
        "token",
        lambda: [written(bytes([value]) * 32).encode() for value in (0, 7, 255)],
        _token,
        (RefusedError,),
        written=bytes,
    ),
    Parser("keys", _key_files, _keys, (ValueError, LogError)),
    Parser(
        "workers",
        _workers,
        read_certificates,
        (ExportUnreadableError,),
        written=lambda found: certificates_file(found.values()),
    ),
)
