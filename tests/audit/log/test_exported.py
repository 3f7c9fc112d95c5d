"""The log's part of an export: what passes, what is incomplete, and every lie that fails."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import ExportUnreadableError
from audit.log.checkpoint import Checkpoint
from audit.log.errors import LogUnreadableError
from audit.log.exported import CHECKPOINT, Logged, check_log, parse_logs, proof_file
from audit.log.leaf import leaf_of
from audit.log.note import NoteSigner
from audit.log.part import lineage, log_part
from audit.log.proof import Proof, read_proof
from audit.log.segments import Segment
from audit.reading import read_stream
from audit.verdict import Outcome
from cases.journal import Stream
from store import MAIN, Branch, Store
from tests.audit.log import naive
from tests.audit.log.building import SIGNER, case_with, door_says, recorder
from tests.store.building import START, batch, chain

PINNED = frozenset({SIGNER.key})
WORDS = ("triage", "legal-review", "policy-sign-off", "closure")
FIRST = proof_file("case", MAIN, 1)
SECOND = proof_file("case", MAIN, 2)
LAST = proof_file("case", MAIN, len(WORDS))


async def exported(store: Store, case: str) -> Logged:
    """What an export of the case holds of the log."""
    branches = await store.journal.branches(case)
    head = await store.journal.head(case)
    streams = [
        (
            await store.journal.entries(case, stream=item.stream, branch=item.branch),
            lineage(branches, stream=item.stream, branch=item.branch),
        )
        for item in branches
    ]
    assert head.sequence
    part = await log_part(store, case, streams=streams)
    return Logged(files=part.files if part else {}, key=str(SIGNER.key), streams=streams)


@pytest.fixture
async def good(sqlite_store: Store) -> Logged:
    """A case that is in the log, other cases around it."""
    await case_with(sqlite_store, "before", "triage")
    case = await case_with(sqlite_store, "a", *WORDS)
    await case_with(sqlite_store, "after", "triage")
    await recorder(sqlite_store).record(at=START)
    return await exported(sqlite_store, case)


async def test_a_case_in_the_log_passes(good: Logged) -> None:
    """Every entry of both streams is proven under the pinned key; a proof is small."""
    check = check_log(good, pinned=PINNED)

    assert check.outcome is Outcome.PASS, check.reasons
    assert len(good.files) == 1 + 1 + len(WORDS)
    assert max(len(data) for data in good.files.values()) < 4096


async def test_without_a_pinned_key_the_log_only_vouches_for_itself(good: Logged) -> None:
    """INCOMPLETE, with its reason."""
    check = check_log(good, pinned=frozenset())

    assert check.outcome is Outcome.INCOMPLETE
    assert "no log key was given" in check.reasons[0]


async def test_entries_that_no_checkpoint_covers_yet_are_incomplete(sqlite_store: Store) -> None:
    """Their number is said; what is there holds."""
    case = await case_with(sqlite_store, "a", *WORDS)
    nothing = check_log(await exported(sqlite_store, case), pinned=PINNED)
    await recorder(sqlite_store).record(at=START)
    await door_says(sqlite_store, case, 2)

    check = check_log(await exported(sqlite_store, case), pinned=PINNED)

    assert nothing.outcome is Outcome.INCOMPLETE
    assert "no checkpoint" in nothing.reasons[0]
    assert check.outcome is Outcome.INCOMPLETE
    assert "2 entries are not in a checkpoint yet" in check.reasons[0]


async def test_every_branch_of_a_reset_case_is_proven(sqlite_store: Store) -> None:
    """The entries a branch took from its parent are proven where they were recorded."""
    case = await case_with(sqlite_store, "a", *WORDS)
    entries = await sqlite_store.journal.entries(case)
    other = chain(case, "closure", after=entries[:2])
    await sqlite_store.append_case(batch(case, other, run="run-2"))
    await recorder(sqlite_store).record(at=START)

    found = await exported(sqlite_store, case)
    check = check_log(found, pinned=PINNED)

    assert check.outcome is Outcome.PASS, check.reasons
    assert (Segment(branch=MAIN, after=0), Segment(branch="run-2", after=2)) in [
        tuple(segments) for _, segments in found.streams
    ]
    assert proof_file("case", "run-2", 3) in found.files


def _forked(logged: Logged) -> Logged:
    """The log's own key signed another tree of the same size: proofs of the one, head of both."""
    size = 9
    other = Checkpoint(origin=SIGNER.name, size=size, root=naive.root([b"x"] * size))
    return replace(logged, files={**logged.files, CHECKPOINT: other.signed(SIGNER).encode()})


def _forked_whole(logged: Logged) -> Logged:
    """The other tree's head stands in every proof as well."""
    forked = _forked(logged)
    head = forked.files[CHECKPOINT]
    proofs = {
        name: replace(read_proof(data), checkpoint=head).data
        for name, data in logged.files.items()
        if name != CHECKPOINT
    }
    return replace(logged, files={**proofs, CHECKPOINT: head})


def _by_a_stranger(logged: Logged) -> Logged:
    """Another key of the same name signed the same tree, and comes along in the keyring."""
    stranger = NoteSigner(name=SIGNER.name, private=Ed25519PrivateKey.generate())
    text = logged.files[CHECKPOINT].decode().partition("\n\n")[0] + "\n"
    files = {**logged.files, CHECKPOINT: stranger.sign(text).encode()}
    return replace(logged, files=files, key=str(stranger.key))


def _by_a_stranger_unsaid(logged: Logged) -> Logged:
    """The same, while the keyring names the real key."""
    return replace(_by_a_stranger(logged), key=logged.key)


def _of_another_origin(logged: Logged) -> Logged:
    """The same key signed for another log."""
    renamed = NoteSigner(name="example.org/other", private=SIGNER.private)
    text = logged.files[CHECKPOINT].decode().partition("\n\n")[0] + "\n"
    signed = renamed.sign(text.replace(SIGNER.name, renamed.name)).encode()
    return replace(logged, files={**logged.files, CHECKPOINT: signed}, key=str(renamed.key))


def _truncated(logged: Logged) -> Logged:
    """The log was set back to fewer leaves and signed anew."""
    short = Checkpoint(origin=SIGNER.name, size=2, root=naive.root([b"x", b"y"])).signed(SIGNER)
    return replace(logged, files={**logged.files, CHECKPOINT: short.encode()})


def _entry_rewritten(logged: Logged) -> Logged:
    """An entry says something else than when it was recorded."""
    streams = [
        ([item.model_copy(update={"body": {"stage": "another"}}) for item in entries], segments)
        for entries, segments in logged.streams
    ]
    return replace(logged, streams=streams)


def _entry_rewritten_with_its_leaf(logged: Logged) -> Logged:
    """And its proof carries the leaf of what it says now."""
    changed = _entry_rewritten(logged)
    files = dict(changed.files)
    for entries, _ in changed.streams:
        for entry in entries:
            name = proof_file(entry.stream, MAIN, entry.sequence)
            leaf = leaf_of(entry, branch=MAIN)
            files[name] = replace(read_proof(files[name]), extra=leaf).data
    return replace(changed, files=files)


def _proofs_swapped(logged: Logged) -> Logged:
    """Two entries changed places in the log."""
    files = dict(logged.files)
    files[FIRST], files[SECOND] = files[SECOND], files[FIRST]
    return replace(logged, files=files)


def _proof_withheld(logged: Logged) -> Logged:
    """An entry in the middle has no proof, and what follows it has."""
    return replace(logged, files={k: v for k, v in logged.files.items() if k != SECOND})


def _proof_of_nothing(logged: Logged) -> Logged:
    """A proof stands there for an entry that is not."""
    extra = proof_file("case", MAIN, 99)
    return replace(logged, files={**logged.files, extra: logged.files[FIRST]})


def _proofs_alone(logged: Logged) -> Logged:
    """The checkpoint is gone and the proofs stayed."""
    return replace(logged, files={k: v for k, v in logged.files.items() if k != CHECKPOINT})


def _path_forged(logged: Logged) -> Logged:
    """A hash of the path is the root itself."""
    read = read_proof(logged.files[LAST])
    forged = Proof(
        index=read.index, hashes=read.hashes[:-1], checkpoint=read.checkpoint, extra=read.extra
    )
    return replace(logged, files={**logged.files, LAST: forged.data})


def _on_another_branch(logged: Logged) -> Logged:
    """Entries of a run that was left behind are shown as those of the case."""
    files = {name.replace("/main/", "/run-2/"): data for name, data in logged.files.items()}
    streams = [
        (entries, tuple(Segment(branch="run-2", after=item.after) for item in segments))
        for entries, segments in logged.streams
    ]
    return replace(logged, files=files, streams=streams)


def _without_branches(logged: Logged) -> Logged:
    """The streams do not say where they stand, so that nothing would be asked for."""
    return replace(logged, streams=[(entries, ()) for entries, _ in logged.streams])


def _garbage(logged: Logged) -> Logged:
    """A proof is not spelt as one."""
    return replace(logged, files={**logged.files, FIRST: logged.files[FIRST] + b"\n"})


LIES: tuple[Callable[[Logged], Logged], ...] = (
    _forked,
    _forked_whole,
    _by_a_stranger,
    _by_a_stranger_unsaid,
    _of_another_origin,
    _truncated,
    _entry_rewritten,
    _entry_rewritten_with_its_leaf,
    _proofs_swapped,
    _proof_withheld,
    _proof_of_nothing,
    _proofs_alone,
    _path_forged,
    _on_another_branch,
    _without_branches,
    _garbage,
)


@pytest.mark.parametrize("lie", LIES, ids=lambda item: item.__name__.removeprefix("_"))
async def test_a_lying_log_fails(lie: Callable[[Logged], Logged], good: Logged) -> None:
    """Each is FAIL with a reason, whoever signed it; nothing brought along is trusted."""
    check = check_log(lie(good), pinned=PINNED)

    assert check.outcome is Outcome.FAIL, lie.__doc__
    assert check.reasons


RESPELT: dict[str, Callable[[bytes, bytes], bytes]] = {
    "a key twice": lambda data, name: data.replace(b"{", b"{" + name + b":1,", 1),
    "a fraction": lambda data, name: data.replace(name + b":1", name + b":1.0"),
    "an exponent": lambda data, name: data.replace(name + b":1", name + b":1e0"),
    "2^53": lambda data, name: data.replace(name + b":1", name + b":9007199254740993"),
    "a byte-order mark": lambda data, _: b"\xef\xbb\xbf" + data,
    "twins by composition": lambda data, _: data.replace(
        b"{", '{"caf\u00e9":1,"cafe\u0301":1,'.encode(), 1
    ),
    "a blank": lambda data, name: data.replace(name + b":", name + b": "),
    "an escape": lambda data, name: data.replace(name, b'"\\u%04x' % name[1] + name[2:]),
}


@pytest.mark.hostile(39)
@pytest.mark.parametrize("how", RESPELT)
async def test_what_has_two_readings_has_none(how: str, good: Logged) -> None:
    """A leaf and an entry have one spelling: another one is FAIL, or no entry at all."""
    respell = RESPELT[how]
    proof = read_proof(good.files[SECOND])
    leaf = respell(proof.extra, b'"v"')
    files = {**good.files, SECOND: replace(proof, extra=leaf).data}
    (entries,) = [each for each, _ in good.streams if each[0].stream == "case"]
    line = respell(entries[0].data, b'"sequence"')

    check = check_log(replace(good, files=files), pinned=PINNED)

    assert leaf != proof.extra
    assert line != entries[0].data
    assert check.outcome is Outcome.FAIL
    assert read_stream("case.jsonl", entries[0].data + b"\n").entries == (entries[0],)
    with pytest.raises(ExportUnreadableError):
        read_stream("case.jsonl", line + b"\n")


async def test_any_bit_of_any_proof_fails(good: Logged) -> None:
    """One bit in each byte of each file, whichever it is."""
    for name, data in good.files.items():
        for at in range(len(data)):
            changed = bytearray(data)
            changed[at] ^= 1 << (at % 8)
            spoilt = replace(good, files={**good.files, name: bytes(changed)})
            assert check_log(spoilt, pinned=PINNED).outcome is Outcome.FAIL, (name, at)


def test_log_keys_are_read_from_the_file_of_trusted_keys() -> None:
    """One or several beside the root; a file without them trusts none."""
    spelt = str(SIGNER.key)

    assert parse_logs(json.dumps({"root": "x", "log": spelt})) == PINNED
    assert parse_logs(json.dumps({"log": [spelt]})) == PINNED
    assert parse_logs("{}") == parse_logs("nonsense") == parse_logs('["x"]') == frozenset()
    with pytest.raises(LogUnreadableError):
        parse_logs(json.dumps({"log": base64.b64encode(b"x").decode()}))


def test_a_branch_names_where_each_entry_was_recorded() -> None:
    """The oldest first; a parent from whose own part nothing was taken is passed over."""

    def branch(name: str, *, parent: str | None, after: int) -> Branch:
        return Branch(
            case="c", stream=Stream.CASE, branch=name, parent=parent, after=after, opened_at=START
        )

    branches = [
        branch(MAIN, parent=None, after=0),
        branch("run-2", parent=MAIN, after=5),
        branch("run-3", parent="run-2", after=7),
        branch("run-4", parent="run-2", after=3),
    ]

    def named(name: str) -> list[tuple[str, int]]:
        found = lineage(branches, stream=Stream.CASE, branch=name)
        return [(item.branch, item.after) for item in found]

    assert named("run-3") == [(MAIN, 0), ("run-2", 5), ("run-3", 7)]
    assert named("run-4") == [(MAIN, 0), ("run-4", 3)]
    assert lineage(branches, stream=Stream.DOOR, branch=MAIN) == ()


async def test_what_a_door_records_during_an_export_is_no_lie(sqlite_store: Store) -> None:
    """Entries that came after branches, or after streams, were read: as sound as before."""
    case = await case_with(sqlite_store, "a", *WORDS)
    await recorder(sqlite_store).record(at=START)
    branches = await sqlite_store.journal.branches(case)
    await door_says(sqlite_store, case, 3)
    door = await sqlite_store.journal.entries(case, stream=Stream.DOOR)
    streams = [(door, lineage(branches, stream=Stream.DOOR, branch=MAIN))]
    await door_says(sqlite_store, case, 3)
    await recorder(sqlite_store).record(at=START)
    part = await log_part(sqlite_store, case, streams=streams)
    assert part is not None

    check = check_log(Logged(files=part.files, key=str(SIGNER.key), streams=streams), pinned=PINNED)

    assert check.outcome is Outcome.PASS, check.reasons
    assert len(part.proofs) == len(door) == 4
