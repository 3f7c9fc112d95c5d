"""Notes, checkpoints, proofs, tile paths and leaves are spelt as C2SP says, and only so."""

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.log.checkpoint import Checkpoint, read_checkpoint, trusted_checkpoint
from audit.log.errors import LogError, LogUnreadableError, NoteRefusedError
from audit.log.leaf import field_digests, field_salt, leaf_of
from audit.log.merkle import EMPTY, leaf_hash
from audit.log.note import NoteKey, NoteSigner, is_name, read_note
from audit.log.proof import Proof, proven, read_proof
from audit.log.tiles import WIDTH, Place, asked, bundle, path_of, unbundled
from cases.canonical import canonical, sha256
from cases.journal import Entry, Journal, Kind
from tests.audit.log import naive

SIGNER = NoteSigner(name="example.org/log", private=Ed25519PrivateKey.generate())
STRANGER = NoteSigner(name="example.org/log", private=Ed25519PrivateKey.generate())
LEAVES = [b"one", b"two", b"three"]
SIGNED = Checkpoint(origin=SIGNER.name, size=3, root=naive.root(LEAVES)).signed(SIGNER)
PROOF = Proof(
    index=1,
    hashes=tuple(naive.path(1, LEAVES)),
    checkpoint=SIGNED.encode(),
    extra=b"two",
)

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM=\n"
)
"""The example of golang.org/x/mod/sumdb/note: a key and a signature that others made."""


def entry(**body: object) -> Entry:
    """An entry of a case."""
    journal = Journal(case="case/one")
    return journal.record(
        Kind.VOTE_CAST, at=datetime(2026, 11, 22, tzinfo=UTC), salt=b"s" * 32, **body
    )


def test_a_note_that_others_signed_is_believed() -> None:
    """Key, key hash and signature of Go's own example are read and hold."""
    key = NoteKey.parse(GO_KEY)

    assert str(key) == GO_KEY
    assert read_note(GO_NOTE.encode()).signed_by([key]) == key
    with pytest.raises(NoteRefusedError):
        read_note(GO_NOTE.replace("answer", "anSwer").encode()).signed_by([key])


def test_a_checkpoint_is_believed_under_its_own_key_only() -> None:
    """A stranger's key of the same name, another name, or none at all is refused."""
    data = SIGNED.encode()
    elsewhere = NoteSigner(name="example.org/other", private=SIGNER.private)

    found = trusted_checkpoint(data, [STRANGER.key, SIGNER.key])

    assert (found.origin, found.size, found.root) == (SIGNER.name, 3, naive.root(LEAVES))
    for keys in ([], [STRANGER.key], [elsewhere.key]):
        with pytest.raises(NoteRefusedError):
            trusted_checkpoint(data, keys)
    with pytest.raises(LogUnreadableError):
        found.signed(elsewhere)


def test_a_false_line_under_a_known_key_refuses_the_note() -> None:
    """Unknown signatures are ignored; one of a known key must hold."""
    text = SIGNED.partition("\n\n")[0] + "\n"
    other = STRANGER.sign(text).rpartition("\n\n")[2]
    false = base64.b64encode(SIGNER.key.id + b"x" * 64).decode()

    assert trusted_checkpoint((SIGNED + other).encode(), [SIGNER.key]).size == 3
    with pytest.raises(NoteRefusedError):
        trusted_checkpoint(f"{SIGNED}\u2014 {SIGNER.name} {false}\n".encode(), [SIGNER.key])


@pytest.mark.parametrize(
    "spoilt",
    [
        "",
        "\n",
        "text",
        SIGNED[:-1],
        SIGNED.replace("\n\n", "\n"),
        SIGNED.replace("\n3\n", "\n03\n"),
        SIGNED.replace("\n3\n", "\n+3\n"),
        SIGNED.replace("\n3\n", "\n3 \n"),
        SIGNED.replace("\n3\n", "\n0\n"),
        SIGNED.replace("\n3\n", "\n\u0663\n"),
        SIGNED.replace("\n3\n", "\n" + "9" * 20 + "\n"),
        SIGNED.replace("=\n\n", "\n\n"),
        SIGNED.replace("\n\n", "\nan extension\n\n"),
        SIGNED.replace("\u2014", "-"),
        SIGNED.replace("\n", "\r\n"),
        SIGNED + "\n",
        SIGNED + "more\n",
        SIGNED.replace("example.org/log\n", "\n", 1),
        SIGNED.replace("example.org/log\n", "the log\n", 1),
        SIGNED.rpartition("\u2014")[0] + f"\u2014 {SIGNER.name} AAAA\n",
        SIGNED + SIGNED.rpartition("\n\n")[2] * 64,
    ],
)
def test_a_checkpoint_has_one_spelling(spoilt: str) -> None:
    """Anything else is refused, and nothing crashes."""
    with pytest.raises(LogUnreadableError):
        read_checkpoint(spoilt.encode())


def test_an_empty_tree_has_the_empty_root() -> None:
    """Size and root must fit where they are known to."""
    empty = Checkpoint(origin=SIGNER.name, size=0, root=EMPTY).signed(SIGNER)

    assert trusted_checkpoint(empty.encode(), [SIGNER.key]).size == 0


def test_a_proof_file_proves_its_leaf_and_no_other() -> None:
    """What is written is read back, and holds for the leaf under the pinned key only."""
    assert read_proof(PROOF.data) == PROOF
    assert proven(PROOF.data, b"two", [SIGNER.key])
    assert not proven(PROOF.data, b"three", [SIGNER.key])
    with pytest.raises(NoteRefusedError):
        proven(PROOF.data, b"two", [STRANGER.key])


@pytest.mark.parametrize(
    "spoilt",
    [
        PROOF.data.replace(b"index 1", b"1"),
        PROOF.data.replace(b"index 1", b"index 01"),
        PROOF.data.replace(b"index 1", b"index  1"),
        PROOF.data.replace(b"index 1\n", b""),
        PROOF.data.replace(b"extra dHdv", b"extra "),
        PROOF.data.replace(b"extra dHdv", b"extra dHdv "),
        PROOF.data.replace(b"extra dHdv", b"extra dHdv\nextra dHdv"),
        PROOF.data.replace(b"=\n\n", b"\n\n"),
        PROOF.data.replace(b"=\n\n", b"=\nAAAA\n\n"),
        PROOF.data.replace(b"@v1", b"@v2"),
        PROOF.data.partition(b"\n\n")[0] + b"\n\n",
        PROOF.data.partition(b"\n\n")[0],
        replace(PROOF, hashes=PROOF.hashes * 40).data,
        b"",
    ],
)
def test_a_proof_has_one_spelling(spoilt: bytes) -> None:
    """What is read is what would be written; everything else is refused."""
    with pytest.raises(LogUnreadableError):
        read_proof(spoilt)


@given(
    st.binary(max_size=40), st.integers(0, 10**18), st.lists(st.binary(min_size=32, max_size=32))
)
def test_a_proof_is_read_as_it_was_written(extra: bytes, index: int, hashes: list[bytes]) -> None:
    """There and back, whatever it says."""
    proof = Proof(index=index, hashes=tuple(hashes), checkpoint=b"any\n\nnote\n", extra=extra)

    assert read_proof(proof.data) == proof


def test_every_bit_of_a_proof_file_matters() -> None:
    """Whichever bit is turned, the file proves nothing, or says something else of the extra."""
    for bit in range(len(PROOF.data) * 8):
        changed = bytearray(PROOF.data)
        changed[bit // 8] ^= 1 << (bit % 8)
        try:
            read = read_proof(bytes(changed))
            holds = proven(bytes(changed), b"two", [SIGNER.key])
        except LogError:
            continue
        assert not holds or read.extra != b"two", bit


@given(st.binary(max_size=300))
def test_no_bytes_crash_a_reader(data: bytes) -> None:
    """Notes, proofs and bundles answer with a value or their own error."""
    for read in (read_note, read_checkpoint, read_proof, unbundled):
        try:
            read(data)
        except LogError:
            continue


@given(st.data())
def test_no_cut_of_a_proof_crashes_a_reader(data: st.DataObject) -> None:
    """A file that was cut, doubled or spliced proves nothing."""
    first = data.draw(st.integers(0, len(PROOF.data)))
    second = data.draw(st.integers(0, len(PROOF.data)))
    spliced = PROOF.data[:first] + PROOF.data[second:]
    if spliced == PROOF.data:
        return
    try:
        holds = proven(spliced, b"two", [SIGNER.key])
    except LogError:
        return
    assert not holds or read_proof(spliced).extra != b"two"


@pytest.mark.parametrize(
    "place,width,path",
    [
        (Place(0, 0), WIDTH, "0/000"),
        (Place(0, 1_234_067), WIDTH, "0/x001/x234/067"),
        (Place(2, 5), 17, "2/005.p/17"),
        (Place(63, 999), 1, "63/999.p/1"),
        (Place(0, 1000), WIDTH, "0/x001/000"),
    ],
)
def test_a_tile_has_one_path(place: Place, width: int, path: str) -> None:
    """C2SP's own spelling, there and back."""
    assert path_of(place, width=width) == path
    assert asked(path) == (False, place, width)
    if place.level == 0:
        entries = path_of(place, width=width, entries=True)
        assert entries.startswith("entries/")
        assert asked(entries) == (True, place, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "0/",
        "0/0",
        "0/0000",
        "00/000",
        "64/000",
        "0/x000/000",
        "0/001/000",
        "0/x001",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "0/000.p/",
        "0/000/",
        "0/000\n",
        "x/000",
        "entries/0",
        "-1/000",
        "0/" + "x999/" * 9 + "000",
    ],
)
def test_any_other_path_asks_for_nothing(path: str) -> None:
    """No second spelling, no level or width that cannot be."""
    with pytest.raises(LogUnreadableError):
        asked(path)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_gives_its_leaves_back(leaves: list[bytes]) -> None:
    """Length and bytes, nothing between; a cut one is refused."""
    data = bundle(leaves)

    assert unbundled(data) == leaves
    if leaves and leaves[-1]:
        with pytest.raises(LogUnreadableError):
            unbundled(data[:-1])


def test_a_key_is_spelt_once() -> None:
    """A hash that is not the key's, another type, or another base64 is refused."""
    spelt = str(SIGNER.key)
    name, told, key = spelt.split("+", 2)
    another_type = base64.b64encode(b"\2" + SIGNER.key.public).decode()

    assert NoteKey.parse(spelt) == SIGNER.key
    for wrong in (
        "",
        name,
        f"{name}+{told}",
        f"{name}+00000000+{key}",
        f"na me+{told}+{key}",
        f"{name}+{told}+{key}=",
        spelt.upper(),
        f"{name}+{told}+{another_type}",
    ):
        with pytest.raises(LogUnreadableError):
            NoteKey.parse(wrong)
    with pytest.raises(LogUnreadableError):
        NoteSigner(name="two words", private=SIGNER.private)
    assert not is_name("a+b")


def test_a_leaf_tells_nothing_and_changes_with_everything() -> None:
    """No word of the entry is in it; each field, the branch and the salt are committed to."""
    told = entry(who="lena", reason="section four", round=1)
    leaf = leaf_of(told, branch="main")

    assert b"lena" not in leaf
    assert b"case/one" not in leaf
    assert len(leaf) < 100
    others = [
        leaf_of(told, branch="another"),
        leaf_of(told.model_copy(update={"salt": "f" * 32}), branch="main"),
        leaf_of(told.model_copy(update={"case": "case/two"}), branch="main"),
        leaf_of(told.model_copy(update={"sequence": 2}), branch="main"),
        leaf_of(told.model_copy(update={"previous": "1" * 64}), branch="main"),
        leaf_of(told.model_copy(update={"kind": Kind.VOTE_WITHDRAWN}), branch="main"),
        leaf_of(told.model_copy(update={"at": datetime(2026, 11, 23, tzinfo=UTC)}), branch="main"),
        leaf_of(entry(who="luca", reason="section four", round=1), branch="main"),
        leaf_of(entry(who="section four", reason="lena", round=1), branch="main"),
        leaf_of(entry(who="lena", reason="section four", round="1"), branch="main"),
        leaf_of(entry(who="lena", reason="section four"), branch="main"),
    ]
    assert len({leaf, *others}) == len(others) + 1
    assert leaf_of(Entry.model_validate_json(told.data), branch="main") == leaf
    assert leaf_hash(leaf) != leaf_hash(others[0])


def test_one_field_can_be_shown_without_the_others() -> None:
    """Salt, path and value open one hash of the leaf; the salts of other fields stay unknown."""
    told = entry(who="lena", accounts=["one", "two"], amount=7)

    digests = {digest.hex() for digest in field_digests(told, branch="main")}
    for path, value in (("body.who", "lena"), ("body.accounts", ["one", "two"]), ("v", 1)):
        opened = canonical([field_salt(told.salt, path).hex(), path, value])
        assert sha256(opened) in digests
    guessed = canonical([field_salt("0" * 32, "body.who").hex(), "body.who", "lena"])
    assert sha256(guessed) not in digests


def test_an_entry_without_a_salt_has_no_leaf() -> None:
    """Anybody could guess a short entry and find it in the tree."""
    with pytest.raises(LogUnreadableError):
        leaf_of(entry(who="lena").model_copy(update={"salt": ""}), branch="main")
