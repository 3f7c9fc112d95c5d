"""What an export consists of, and the door's signature over it."""

import base64
import binascii
import json
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.log.segments import Segment
from cases.canonical import canonical
from cases.envelope import Certificate, RefusedEnvelope, pae, read_certificate
from cases.values import Grown, Inbound, Instant

FORMAT = "escalate-export/2"
BEFORE = "escalate-export/1"
"""Without signed acts, opened fields and sealed events of their own; still read."""
MANIFEST_TYPE = "application/vnd.escalate.export-manifest+json"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig.json"
KEYRING = "keyring.json"
CASE_STREAM = "journal/case.jsonl"
DOOR_STREAM = "journal/door.jsonl"


class FileSum(Inbound):
    """One file of the export."""

    sha256: str
    size: int


class RunFile(Grown):
    """Where one run's history stands."""

    since_grown: ClassVar[frozenset[str]] = frozenset({"sealed"})

    run: str
    file: str
    ending: str = ""
    """Empty while the run goes on."""
    sealed: str = ""
    """Where its events stand as the bytes that were sealed."""


class StreamHead(Inbound):
    """The end of a stream."""

    sequence: int
    hash: str


class OwedFiles(Inbound):
    """Where the record of one obligation stands; without runs it was not started yet."""

    stream: str = ""
    """Empty while it has no entries."""
    head: StreamHead
    runs: tuple[RunFile, ...] = ()


class Manifest(Inbound):
    """Everything an export holds; files are named by their place in it."""

    format: str = FORMAT
    case: str
    number: str
    namespace: str
    created_at: Instant
    escalate: str
    """The release that wrote it."""
    runs: tuple[RunFile, ...]
    left_behind: tuple[RunFile, ...] = ()
    """Runs that a reset left behind: for readers, not replayed."""
    case_head: StreamHead
    door_head: StreamHead
    branches: dict[str, str] = {}
    """Other branches of the case stream, by name: their file."""
    lineage: dict[str, tuple[Segment, ...]] = {}
    """By a stream's file: the branches its entries were recorded on, as the log has them."""
    owed: dict[str, OwedFiles] = {}
    """What the case owes after closing, by name."""
    runbook: str
    """Digest of the runbook document the case is pinned to."""
    files: dict[str, FileSum]


class SignedBy(Inbound):
    """A signature over the manifest's exact bytes."""

    type: str = MANIFEST_TYPE
    signature: str
    certificate: Certificate


class Keyring(Inbound):
    """Public keys only: whose word the export rests on."""

    root: str
    """The root's public key, base64."""
    certificates: tuple[Certificate, ...] = ()
    log: str = ""
    """The log's public key as C2SP's notes spell it; empty where no log was written."""

    @property
    def root_bytes(self) -> bytes:
        """The root's 32 bytes; empty where they are not."""
        try:
            raw = base64.b64decode(self.root, validate=True)
        except (binascii.Error, ValueError):
            return b""
        return raw if len(raw) == 32 else b""  # noqa: PLR2004 -- an Ed25519 key's length


def sign_manifest(manifest: bytes, *, key: Ed25519PrivateKey, certificate: Certificate) -> SignedBy:
    """The signature that goes beside the manifest."""
    signature = key.sign(pae(MANIFEST_TYPE, manifest))
    return SignedBy(signature=base64.b64encode(signature).decode(), certificate=certificate)


def check_signature(manifest: bytes, signed: SignedBy, *, root: bytes, at: Instant) -> str:
    """Why the signature does not hold; empty when it does."""
    if signed.type != MANIFEST_TYPE:
        return f"a signature over {signed.type}"
    try:
        certified = read_certificate(signed.certificate, root=root)
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(certified.public_key))
        public.verify(base64.b64decode(signed.signature), pae(MANIFEST_TYPE, manifest))
    except RefusedEnvelope:
        return "the root did not certify the signing key"
    except InvalidSignature:
        return "the manifest is not what was signed"
    except ValueError:
        return "the signature cannot be read"
    if certified.use != "door":
        return "the signing key is not a door's"
    if not certified.not_before <= at < certified.not_after:
        return "the signing key's certificate was not valid when the export was made"
    return ""


def parse_keys(text: str) -> frozenset[bytes]:
    """The root keys a verifier trusts: an object with `root` (one or several), or base64 lines.

    ValueError when there is no key in it.
    """
    try:
        value = json.loads(text)
    except ValueError:
        named: list[object] = [line.strip() for line in text.splitlines() if line.strip()]
    else:
        root = value.get("root") if isinstance(value, dict) else value
        named = list(root) if isinstance(root, list) else [root]
    keys = frozenset(Keyring(root=str(item)).root_bytes for item in named)
    if not keys or b"" in keys:
        raise ValueError("no base64 Ed25519 public keys in it")
    return keys


def write(value: Manifest | SignedBy | Keyring) -> bytes:
    """The bytes a file of the export holds."""
    return canonical(value)


__all__ = [
    "BEFORE",
    "CASE_STREAM",
    "DOOR_STREAM",
    "FORMAT",
    "KEYRING",
    "MANIFEST",
    "SIGNATURE",
    "FileSum",
    "Keyring",
    "Manifest",
    "OwedFiles",
    "RunFile",
    "SignedBy",
    "StreamHead",
    "check_signature",
    "parse_keys",
    "sign_manifest",
    "write",
]
