"""What an export is made of: everything that is known of a case, and what a door signs it with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.comments import OpenComments
from audit.histories import CaseHistory, Run
from audit.log.part import LogPart
from audit.log.segments import Segment
from audit.owed_record import OwedRecord
from cases.envelope import Certificate
from cases.journal import Entry
from cases.worker_keys import WorkerCertificate
from workflows.messages import CaseInput


@dataclass(frozen=True)
class Seal:
    """What a door signs an export with."""

    key: Ed25519PrivateKey = field(repr=False)
    certificate: Certificate
    root: str
    """The root's public key, base64."""
    log: str = ""
    """The log's public key, as a note's verifier pins it."""
    keyring_note: bytes = b""
    """The root's keyring note; empty where the root signed none yet."""


@dataclass(frozen=True)
class CaseRecord:
    """Everything that is known of a case."""

    history: CaseHistory
    request: CaseInput
    entries: Sequence[Entry]
    door: Sequence[Entry]
    runbooks: Mapping[str, bytes]
    """By digest, the documents the case was bound to: more than one where it was moved."""
    left_behind: Sequence[Run] = ()
    branches: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    """Other branches of the case stream, whole, by name."""
    lineage: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)
    """By stream's file: the branches its entries were recorded on."""
    log: LogPart | None = None
    """What the transparency log says of the case."""
    owed: Sequence[OwedRecord] = ()
    """What the case owes after closing."""
    policies: Mapping[str, bytes] = field(default_factory=dict)
    """By digest, the policies by which people were let in, and things were let happen."""
    workers: Sequence[WorkerCertificate] = ()
    """The certificates of the workers that marked what they wrote."""
    comments: OpenComments | None = None
    """What was said about the case, to everybody."""


def branch_file(index: int) -> str:
    """Where another branch of the case stream stands in an export."""
    return f"journal/branch-{index + 1}.jsonl"
