"""A log that lies, with its own good key: each lie is caught by the witness or by the verifier.

The reader knows a policy and a root key, and has a bundle; the witness knows the log's key and what
it cosigned. What neither could notice would be a lie that works.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.checkpoint import trusted_checkpoint
from audit.log.cosignature import WitnessSigner
from audit.log.errors import LogUnreadableError, NoteRefusedError
from audit.log.exported import CHECKPOINT, Logged, check_log, proof_file
from audit.log.keyring_note import FILE, KeyringNote, Listed, Role
from audit.log.merkle import extends, includes, leaf_hash
from audit.log.note import NoteSigner
from audit.log.policy import Policy, read_policy
from audit.log.proof import read_proof
from audit.log.witness import Status, Witness
from audit.log.witness_state import WitnessState
from audit.log.witnessed import check_witnesses
from audit.reading import broken_at, read_stream
from audit.verdict import Check, Outcome
from audit.vouchers import Vouchers, keyring_of, trusted_logs
from cases.journal import Kind
from store import MAIN, Store
from tests.audit.log import naive
from tests.audit.log.building import SIGNER, case_with, recorder
from tests.audit.log.growing import Growing
from tests.audit.log.test_exported import exported
from tests.store.building import START

pytestmark = pytest.mark.timeout(30)

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
WITNESS = WitnessSigner(
    name="witness.example/w1", private=Ed25519PrivateKey.from_private_bytes(b"wits" * 8)
)
PINNED = frozenset({SIGNER.key})
LIES: list[str] = []


def lie(test: Callable[..., object]) -> Callable[..., object]:
    """One of the set."""
    LIES.append(test.__name__)
    return test


def policy(log: NoteSigner = SIGNER) -> Policy:
    """What the reader brings: this log, and this one witness."""
    text = f"log {log.key}\nwitness w1 {WITNESS.key}\nquorum w1\n"
    return read_policy(text.encode())


def read(checkpoint: str, *, of: NoteSigner) -> Check:
    """What the reader says of a checkpoint."""
    return check_witnesses(
        {CHECKPOINT: checkpoint.encode()}, policy=policy(of), logs=[of.key], at=NOW
    ).check


@pytest.fixture
def log() -> Growing:
    """An honest past of twelve leaves."""
    return Growing(leaves=12)


@pytest.fixture
def witness(tmp_path: Path, log: Growing) -> Witness:
    """Has cosigned the first eight."""
    state = WitnessState.opened(tmp_path / "witness", has_key=False)
    seen = Witness(WITNESS, logs=[log.signer.key], state=state)
    answer = seen.add_checkpoint(log.request(old=0, size=8).data, at=NOW)
    assert answer.status is Status.COSIGNED
    assert read(log.checkpoint(8) + answer.text, of=log.signer).outcome is Outcome.PASS
    return seen


@pytest.fixture
async def good(sqlite_store: Store) -> Logged:
    """A bundle that holds."""
    case = await case_with(sqlite_store, "a", "triage", "legal-review", "closure")
    await case_with(sqlite_store, "b", "triage", "closure")
    await recorder(sqlite_store).record(at=START)
    logged = await exported(sqlite_store, case)
    assert check_log(logged, pinned=PINNED).outcome is Outcome.PASS
    return logged


@pytest.mark.hostile(35)
@lie
def test_a_fork_of_the_same_size(log: Growing, witness: Witness, tmp_path: Path) -> None:
    """Two trees of eight: the second gets no cosignature, and both are kept as proof."""
    fork = log.twin()
    fork.leaves[3] = b"rewritten"

    answer = witness.add_checkpoint(fork.request(old=8, size=8).data, at=NOW)

    assert (answer.status, answer.text) == (Status.OTHER_SIZE, "8\n")
    (proof,) = (tmp_path / "witness").glob("fork-8-*.txt")
    assert fork.checkpoint(8).encode() in proof.read_bytes()


@pytest.mark.hostile(36)
@lie
def test_a_truncated_log(log: Growing, witness: Witness) -> None:
    """Signed again with fewer leaves: refused however it is asked, and the state stays."""
    for old in (0, 5, 8):
        answer = witness.add_checkpoint(replace(log.request(old=0, size=5), old=old).data, at=NOW)
        assert answer.status in (Status.OTHER_SIZE, Status.MALFORMED)
    assert witness.add_checkpoint(log.request(old=8).data, at=NOW).status is Status.COSIGNED


@pytest.mark.hostile(36)
@lie
def test_a_rollback_that_grows_otherwise(log: Growing, witness: Witness) -> None:
    """Set back to four leaves and grown past what was cosigned: not consistent."""
    other = log.twin()
    other.leaves = other.leaves[:4]
    other.grow(20, mark="other")

    answer = witness.add_checkpoint(other.request(old=8).data, at=NOW)

    assert answer.status is Status.NOT_CONSISTENT


@lie
def test_a_withheld_leaf(good: Logged) -> None:
    """An entry in the middle without its proof, while what follows it is in the log: FAIL."""
    gone = proof_file("case", MAIN, 2)
    files = {name: data for name, data in good.files.items() if name != gone}

    check = check_log(replace(good, files=files), pinned=PINNED)

    assert check.outcome is Outcome.FAIL
    assert gone in check.reasons[0]


@lie
def test_a_withheld_entry(good: Logged) -> None:
    """The entry gone with its proof: what follows names it, and the numbers have a gap."""
    gone = proof_file("case", MAIN, 2)
    files = {name: data for name, data in good.files.items() if name != gone}
    (entries,) = [each for each, _ in good.streams if each[0].stream == "case"]
    left = [entry for entry in entries if entry.sequence != 2]
    lines = read_stream("case.jsonl", b"".join(entry.data + b"\n" for entry in left))
    streams = [(left if each is entries else each, segments) for each, segments in good.streams]

    check = check_log(replace(good, files=files, streams=streams), pinned=PINNED)

    assert check.outcome is Outcome.PASS
    assert broken_at(lines)


@pytest.mark.hostile(38)
@lie
def test_a_wrong_origin(log: Growing, witness: Witness) -> None:
    """The same tree under another name: the witness knows no such log, the reader trusts none."""
    renamed = log.twin()
    renamed.signer = NoteSigner(name="example.org/other", private=log.signer.private)

    assert witness.add_checkpoint(renamed.request(old=8).data, at=NOW).status is (
        Status.UNKNOWN_LOG
    )
    assert read(renamed.checkpoint(), of=log.signer).outcome is Outcome.FAIL


@lie
def test_an_identity_that_the_log_chooses(log: Growing, witness: Witness) -> None:
    """CVE-2022-39199's shape: a new name would have an empty past, were it taken as it is told."""
    fresh = Growing("example.org/log2", leaves=3)
    fresh.signer = NoteSigner(name="example.org/log2", private=log.signer.private)

    answer = witness.add_checkpoint(fresh.request(old=0).data, at=NOW)

    assert answer.status is Status.UNKNOWN_LOG
    with pytest.raises(NoteRefusedError, match="another log"):
        trusted_checkpoint(fresh.checkpoint().encode(), [log.signer.key])


@pytest.mark.hostile(37)
@lie
def test_a_key_that_the_bundle_brings(good: Logged) -> None:
    """Another key of the log's name signed everything, and stands in the bundle's own keyring."""
    stranger = NoteSigner(name=SIGNER.name, private=Ed25519PrivateKey.generate())
    text = good.files[CHECKPOINT].decode().partition("\n\n")[0] + "\n"
    head = stranger.sign(text).encode()
    proofs = {
        name: replace(read_proof(data), checkpoint=head).data
        for name, data in good.files.items()
        if name != CHECKPOINT
    }
    bundle = replace(good, files={**proofs, CHECKPOINT: head}, key=str(stranger.key))

    assert check_log(bundle, pinned=PINNED).outcome is Outcome.FAIL


@pytest.mark.hostile(37)
@lie
def test_a_keyring_that_the_bundle_brings() -> None:
    """A keyring note by its own root, listing its own log: refused, and its log is not trusted."""
    root, own = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    stranger = Growing("example.org/log").signer
    listed = Listed(role=Role.LOG, key=str(stranger.key), since=START)
    brought = KeyringNote(number=9, at=START, keys=(listed,)).signed(own).encode()
    pinned = frozenset({root.public_key().public_bytes_raw()})

    found = keyring_of({FILE: brought}, Vouchers(at=NOW), pinned=pinned)

    assert found.note is None
    assert "keyring.note" in found.fault
    assert trusted_logs(frozenset(), Vouchers(at=NOW), found) == frozenset()


@pytest.mark.hostile(37)
@lie
def test_a_policy_that_the_bundle_brings(log: Growing) -> None:
    """`quorum none` in the bundle changes nothing of what the reader asks for."""
    files = {
        CHECKPOINT: log.checkpoint().encode(),
        "policy": f"log {log.signer.key}\nquorum none\n".encode(),
    }

    check = check_witnesses(files, policy=policy(log.signer), logs=[log.signer.key], at=NOW).check

    assert check.outcome is Outcome.INCOMPLETE
    assert "w1" in check.reasons[0]


@lie
def test_a_forged_consistency_proof(log: Growing, witness: Witness) -> None:
    """Hashes made up, of another tree, reordered, one too many, one too few: none is taken."""
    other = log.twin()
    other.leaves[2] = b"rewritten"
    honest = log.request(old=8).proof
    for tree, proof in (
        (log, tuple(b"x" * 32 for _ in honest)),
        (other, honest),
        (other, tuple(naive.proof(8, other.leaves))),
        (log, (*honest, honest[-1])),
        (log, honest[:-1]),
        (log, ()),
    ):
        request = replace(tree.request(old=8), proof=proof)
        assert witness.add_checkpoint(request.data, at=NOW).status is Status.NOT_CONSISTENT


@lie
def test_a_consistency_proof_whose_linear_part_is_not_held() -> None:
    """CVE-2022-36111's shape: every head between two is forged, only both ends are signed.

    There is no linear part here: every step of a proof goes into both roots, so that no step can
    be exchanged, for any pair of sizes.
    """
    log = Growing(leaves=24)
    for earlier in range(1, 24):
        for size in range(earlier + 1, 25):
            proof = naive.proof(earlier, log.leaves[:size])
            roots = {
                "earlier": earlier,
                "earlier_root": naive.root(log.leaves[:earlier]),
                "size": size,
                "root": naive.root(log.leaves[:size]),
            }
            assert extends(**roots, proof=proof)  # type: ignore[arg-type]
            for at in range(len(proof)):
                forged = [*proof[:at], b"f" * 32, *proof[at + 1 :]]
                assert not extends(**roots, proof=forged)  # type: ignore[arg-type]


@pytest.mark.hostile(38)
@lie
def test_a_forged_inclusion_proof() -> None:
    """A leaf that is not there, at any place, with steps exchanged, added or left out."""
    log = Growing(leaves=11)
    root = naive.root(log.leaves)
    for index in range(11):
        proof = naive.path(index, log.leaves)
        real = leaf_hash(log.leaves[index])
        assert includes(real, index=index, size=11, proof=proof, root=root)
        for forged in (
            [b"f" * 32, *proof[1:]],
            [*proof[:-1], b"f" * 32],
            proof[:-1],
            [*proof, b"f" * 32],
            proof[::-1] if proof[::-1] != proof else [],
        ):
            assert not includes(real, index=index, size=11, proof=forged, root=root)
        false = leaf_hash(b"never recorded")
        assert not includes(false, index=index, size=11, proof=proof, root=root)
        moved = (index + 1) % 11
        assert not includes(real, index=moved, size=11, proof=proof, root=root)


@lie
def test_an_inner_node_shown_as_a_leaf() -> None:
    """A second preimage: two hashes joined are no leaf, because leaves are hashed otherwise."""
    log = Growing(leaves=4)
    inner = b"".join(leaf_hash(leaf) for leaf in log.leaves[:2])
    proof = [naive.root(log.leaves[2:])]

    assert not includes(leaf_hash(inner), index=0, size=2, proof=proof, root=naive.root(log.leaves))


@lie
def test_a_checkpoint_of_another_log_of_the_same_witness(log: Growing) -> None:
    """Cosigned honestly, and not the reader's log."""
    other = Growing("example.org/other", leaves=12)
    line = WITNESS.cosign(other.head().text, at=NOW).line

    assert read(other.checkpoint() + line, of=log.signer).outcome is Outcome.FAIL


@lie
async def test_an_old_checkpoint_replayed(
    sqlite_store: Store, log: Growing, witness: Witness
) -> None:
    """To the witness: refused. To the reader: what it does not cover is never PASS."""
    case = await case_with(sqlite_store, "a", "triage")
    await recorder(sqlite_store).record(at=START)
    old = await exported(sqlite_store, case)
    await sqlite_store.journal.append_door(case, Kind.DOOR_LINK_OPENED, at=START, by="one")
    await recorder(sqlite_store).record(at=START + timedelta(seconds=2))
    new = await exported(sqlite_store, case)

    check = check_log(replace(new, files=old.files), pinned=PINNED)

    assert check.outcome is Outcome.INCOMPLETE
    assert witness.add_checkpoint(log.request(old=8).data, at=NOW).status is Status.COSIGNED
    again = witness.add_checkpoint(log.request(old=0, size=8).data, at=NOW)
    assert again.status is Status.OTHER_SIZE


@lie
def test_a_split_view(log: Growing, witness: Witness) -> None:
    """One tree for the witness, another for the reader: the reader's has nobody's word."""
    shown = log.twin()
    shown.leaves[10] = b"for the reader only"
    answer = witness.add_checkpoint(log.request(old=8).data, at=NOW)

    assert read(log.checkpoint() + answer.text, of=log.signer).outcome is Outcome.PASS
    assert read(shown.checkpoint(), of=log.signer).outcome is Outcome.INCOMPLETE
    assert read(shown.checkpoint() + answer.text, of=log.signer).outcome is Outcome.FAIL
    assert witness.add_checkpoint(shown.request(old=8).data, at=NOW).status is Status.OTHER_SIZE


@lie
def test_a_cosignature_of_another_checkpoint(log: Growing) -> None:
    """The same log, one leaf less."""
    line = WITNESS.cosign(log.head(11).text, at=NOW).line

    check = read(log.checkpoint() + line, of=log.signer)

    assert check.outcome is Outcome.FAIL
    assert "does not hold" in check.reasons[0]


@lie
def test_a_cosignature_of_the_future(log: Growing) -> None:
    """An hour ahead of the reader's clock: somebody's clock, or somebody, is wrong."""
    line = WITNESS.cosign(log.head().text, at=NOW + timedelta(hours=1)).line

    check = read(log.checkpoint() + line, of=log.signer)

    assert check.outcome is Outcome.FAIL
    assert "to come" in check.reasons[0]


@lie
def test_a_witness_that_is_somebody_else(log: Growing) -> None:
    """The witness's name over another key, and the log's key under the witness's name."""
    other = WitnessSigner(name=WITNESS.name, private=Ed25519PrivateKey.generate())
    plain = NoteSigner(name=WITNESS.name, private=WITNESS.private)
    itself = NoteSigner(name=WITNESS.name, private=log.signer.private)
    for line in (
        other.cosign(log.head().text, at=NOW).line,
        plain.sign(log.head().text).rpartition("\n\n")[2],
        itself.sign(log.head().text).rpartition("\n\n")[2],
    ):
        assert read(log.checkpoint() + line, of=log.signer).outcome is Outcome.INCOMPLETE


@lie
def test_one_witness_that_counts_twice(log: Growing) -> None:
    """A policy cannot name one key under two names, nor one name in two groups."""
    text = f"witness a {WITNESS.key}\nwitness b {WITNESS.key}\ngroup g 2 a b\nquorum g\n"

    with pytest.raises(LogUnreadableError, match="twice"):
        read_policy(text.encode())
    twice = WITNESS.cosign(log.head().text, at=NOW).line * 2
    two = f"witness a {WITNESS.key}\nwitness b {_other()}\ngroup g 2 a b\nquorum g\n"
    files = {CHECKPOINT: (log.checkpoint() + twice).encode()}
    check = check_witnesses(
        files, policy=read_policy(two.encode()), logs=[log.signer.key], at=NOW
    ).check
    assert check.outcome is Outcome.INCOMPLETE


def test_the_set_is_whole(record_property: Callable[[str, object], None]) -> None:
    """At least twelve; the acceptance reads how many."""
    record_property("lies", len(LIES))
    assert len(LIES) >= 12
    assert set(LIES) == {name for name in globals() if name.startswith("test_a_")} | {
        name for name in globals() if name.startswith(("test_an_", "test_one_"))
    }


def _other() -> str:
    signer = WitnessSigner(name="witness.example/w2", private=Ed25519PrivateKey.generate())
    return str(signer.key)
