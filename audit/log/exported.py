"""The log's part of an export, as it is read: whether its proofs and its checkpoint hold.

Every proof carries the same checkpoint, so its signature is looked at once. What the files say of
themselves is not believed: each leaf is worked out from its entry, and the key is the verifier's.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from audit.log.checkpoint import Checkpoint, trusted_checkpoint
from audit.log.errors import LogError
from audit.log.leaf import late_of, leaf_of, leaf_opened
from audit.log.note import NoteKey
from audit.log.proof import SUFFIX, read_proof
from audit.log.segments import Segment, placed
from audit.verdict import Check, judged
from cases.journal import Entry

FOLDER = "log/"
CHECKPOINT = "log/checkpoint"
TOKEN = "log/checkpoint.tsr"  # noqa: S105 -- a time stamp
NAME = "log"
_SHOWN = 5
_NO_LOG = (
    "no checkpoint of the transparency log is in it: that nothing was rewritten before it was "
    "exported rests on the door's word"
)


def proof_file(stream: str, branch: str, sequence: int) -> str:
    """Where the proof of an entry stands in an export."""
    return f"{FOLDER}{stream}/{branch}/{sequence}{SUFFIX}"


def parse_logs(text: str) -> frozenset[NoteKey]:
    """The log keys a verifier trusts: `log`, one or several, of a JSON object; else none."""
    try:
        value = json.loads(text)
    except ValueError:
        return frozenset()
    named = value.get("log", ()) if isinstance(value, dict) else ()
    return frozenset(
        NoteKey.parse(str(key)) for key in ([named] if isinstance(named, str) else named)
    )


@dataclass(frozen=True)
class Logged:
    """What of an export the log has to vouch for."""

    files: Mapping[str, bytes]
    key: str
    """The log key that the keyring names."""
    streams: Sequence[tuple[Sequence[Entry], Sequence[Segment]]]
    opened: Mapping[int, tuple[str, Sequence[bytes]]] = field(default_factory=dict)
    """By the `id` of an entry of these streams its branch and the openings of its fields, as far as
    somebody has worked them out of it already."""

    def leaf(self, entry: Entry, *, branch: str, late: str) -> bytes:
        """The leaf of one of the entries; LogUnreadableError when it can have none."""
        known = self.opened.get(id(entry))
        if known is None or known[0] != branch:
            return leaf_of(entry, branch=branch, late=late)
        return leaf_opened(known[1], late=late)


def check_log(logged: Logged, *, pinned: frozenset[NoteKey]) -> Check:
    """Whether every entry is in the log that the verifier trusts."""
    if CHECKPOINT not in logged.files:
        stray = [name for name in logged.files if name.startswith(FOLDER)]
        wrong = [f"{name}: a proof without a checkpoint" for name in stray[:_SHOWN]]
        return judged(NAME, wrong=wrong, missing=[_NO_LOG])
    missing = []
    if not pinned:
        missing.append("no log key was given: the log vouches for itself (self-attested)")
    try:
        named = NoteKey.parse(logged.key)
        if pinned and named not in pinned:
            return judged(NAME, wrong=["the export rests on another log than the one you gave"])
        checkpoint = trusted_checkpoint(logged.files[CHECKPOINT], pinned or [named])
    except LogError as error:
        return judged(NAME, wrong=[f"{CHECKPOINT}: {error}"], missing=missing)
    wrong = _shown(list(_differences(logged, checkpoint)))
    unproven = sum(
        proof_file(entry.stream, branch, entry.sequence) not in logged.files
        for entries, segments in logged.streams
        for entry, branch in placed(entries, segments)
    )
    if unproven:
        missing.append(f"{unproven} entries are not in a checkpoint yet: export again in a moment")
    return judged(NAME, wrong=wrong, missing=missing)


def covered(logged: Logged) -> list[Entry]:
    """The entries that the export claims to have a proof for."""
    return [
        entry
        for entries, segments in logged.streams
        for entry, branch in placed(entries, segments)
        if proof_file(entry.stream, branch, entry.sequence) in logged.files
    ]


def _differences(logged: Logged, checkpoint: Checkpoint) -> Iterator[str]:
    expected = {CHECKPOINT, TOKEN}
    for entries, segments in logged.streams:
        if entries and (not segments or segments[0].after):
            yield f"the {entries[0].stream} stream does not say on which branches it stands"
        left_out = ""
        for entry, branch in placed(entries, segments):
            name = proof_file(entry.stream, branch, entry.sequence)
            data = logged.files.get(name)
            if data is None:
                left_out = left_out or name
                continue
            expected.add(name)
            if left_out:
                yield f"{left_out}: missing, and what follows it is in the log"
                left_out = ""
            why = _unproven(logged, data, entry, branch, checkpoint)
            if why:
                yield f"{name}: {why}"
    for name in sorted(logged.files):
        if name.startswith(FOLDER) and name not in expected:
            yield f"{name}: proves no entry of this case"


def _unproven(
    logged: Logged, data: bytes, entry: Entry, branch: str, checkpoint: Checkpoint
) -> str:
    """Why the file does not prove the entry; empty when it does."""
    try:
        proof = read_proof(data)
        # An entry that took effect before the log had it says so in its leaf, and is no other.
        leaf = logged.leaf(entry, branch=branch, late=late_of(proof.extra))
    except LogError as error:
        return str(error)
    if proof.checkpoint != logged.files[CHECKPOINT]:
        return f"stands on another checkpoint than {CHECKPOINT}"
    if proof.extra != leaf or not proof.holds(leaf, checkpoint):
        return "the log holds another entry at this place"
    return ""


def _shown(reasons: list[str]) -> list[str]:
    more = len(reasons) - _SHOWN
    return [*reasons[:_SHOWN], f"and {more} more"] if more > 0 else reasons
