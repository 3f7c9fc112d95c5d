"""Whatever a reader of the log refuses, it says what is wrong, and just beside it reads on."""

import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.checkpoint import Checkpoint, read_checkpoint, trusted_checkpoint
from audit.log.errors import LogError
from audit.log.merkle import (
    Node,
    Span,
    consistency_spans,
    extends,
    includes,
    inclusion_spans,
    nodes_of,
)
from audit.log.note import (
    LONGEST_NOTE,
    NoteKey,
    NoteSigner,
    Signature,
    is_name,
    read_note,
    read_signatures,
    unbase64,
)
from audit.log.proof import Proof, proven, read_proof
from audit.log.tiles import (
    WIDTH,
    Place,
    asked,
    bundle,
    edge,
    grown,
    path_of,
    span_hash,
    tile_of,
    tiles_of,
    unbundled,
)
from tests.audit.log import naive

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
SIGNER = NoteSigner(name="example.org/log", private=PRIVATE)
STRANGER = NoteSigner(name="example.org/log", private=OTHER)
ELSEWHERE = NoteSigner(name="example.org/other", private=PRIVATE)
LEAVES = [b"one", b"two", b"three"]
HEAD = Checkpoint(origin=SIGNER.name, size=3, root=naive.root(LEAVES))
SIGNED = HEAD.signed(SIGNER)
LINE = SIGNED.rpartition("\n\n")[2]
FALSE = f"\u2014 {SIGNER.name} {base64.b64encode(SIGNER.key.id + b'x' * 64).decode()}\n"
SHORT = f"\u2014 {SIGNER.name} {base64.b64encode(SIGNER.key.id + b'x').decode()}\n"
HASH = base64.b64encode(bytes(32)).decode()
HEADER = "c2sp.org/tlog-proof@v1"


def head(*lines: str) -> bytes:
    """A checkpoint of these lines, signed."""
    return SIGNER.sign("\n".join(lines) + "\n").encode()


def proof(*lines: str, header: str = HEADER) -> bytes:
    """A proof of these lines over the checkpoint."""
    return ("\n".join([header, *lines]) + "\n\n" + SIGNED).encode()


ROOT = base64.b64encode(HEAD.root).decode()
EMPTY = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
OF_NO_TREE = "a checkpoint's root is not the hash of such a tree"
NO_NAMES = "a checkpoint names its origin and its size"
NO_NOTE = "a note is a text, a blank line and signature lines"
NO_LINE = "not a signature line"
NO_KEY = "not an Ed25519 public key of type 0x01"
NO_PATH = "not the path of a tile"
NO_INDEX = "a proof names an index"
NOT_ONE = "not the one spelling of this path"
WITHIN = "an entry bundle ends within an entry"
NAMED, TOLD, KEY = str(SIGNER.key).split("+", 2)

REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: read_note(b"x" * (LONGEST_NOTE + 1)), "a note is not that long"),
    (lambda: read_note(b"\xff"), "a note is UTF-8"),
    (
        lambda: read_note(SIGNED.replace("\n3", "\n\r3").encode()),
        "a note has no control characters",
    ),
    (lambda: read_note(b"text\n"), NO_NOTE),
    (lambda: read_note(b"\n\n" + LINE.encode()), NO_NOTE),
    (lambda: read_note(SIGNED[:-1].encode()), "a signature line ends in a newline"),
    (lambda: read_signatures(LINE * 65), "too many signatures"),
    (lambda: read_signatures("\n"), NO_LINE),
    (lambda: read_signatures(LINE.replace("\u2014", "-")), NO_LINE),
    (lambda: read_signatures(f"\u2014 {SIGNER.name}\n"), NO_LINE),
    (lambda: read_signatures("\u2014 a+b AAAA\n"), NO_LINE),
    (lambda: read_signatures("\u2014 log AAAAAA\n"), "not base64"),
    (lambda: read_signatures("\u2014 log AAAAAA==\n"), "a signature line without a signature"),
    (lambda: unbase64("AAA"), "not base64"),
    (lambda: unbase64("AA*A"), "not base64"),
    (lambda: unbase64("\u00e9AAA"), "not base64"),
    (lambda: unbase64("AB=="), "not the one spelling in base64"),
    (lambda: NoteKey.parse(f"{NAMED}+{TOLD}+AAAA"), NO_KEY),
    (lambda: NoteKey.parse(f"a b+{TOLD}+{KEY}"), NO_KEY),
    (
        lambda: NoteKey.parse(f"{NAMED}+{TOLD}+{base64.b64encode(b'2' * 33).decode()}"),
        NO_KEY,
    ),
    (lambda: NoteKey.parse(f"{NAMED}+00000000+{KEY}"), "the key's hash is not the key's"),
    (
        lambda: NoteSigner(name="two words", private=PRIVATE),
        "a key's name has no space and no plus in it",
    ),
    (
        lambda: read_note((SIGNED + FALSE).encode()).signed_by([SIGNER.key]),
        "the signature of example.org/log does not hold",
    ),
    (
        lambda: read_note((SIGNED + SHORT).encode()).signed_by([SIGNER.key]),
        "the signature of example.org/log does not hold",
    ),
    (
        lambda: read_note(SIGNED.encode()).signed_by([STRANGER.key, ELSEWHERE.key]),
        "no trusted key signed it",
    ),
    (lambda: HEAD.signed(ELSEWHERE), "a log signs under its own origin"),
    (lambda: read_checkpoint(head("log", "3")), "a checkpoint of ours has three lines"),
    (lambda: read_checkpoint(head("log", "3", ROOT, "x")), "a checkpoint of ours has three lines"),
    (lambda: read_checkpoint(head("the log", "3", ROOT)), NO_NAMES),
    (lambda: read_checkpoint(head("log", "03", ROOT)), NO_NAMES),
    (lambda: read_checkpoint(head("log", "1" * 20, ROOT)), NO_NAMES),
    (lambda: read_checkpoint(head("log", "3", "AAAA")), OF_NO_TREE),
    (lambda: read_checkpoint(head("log", "0", ROOT)), OF_NO_TREE),
    (lambda: read_checkpoint(head("log", "3", EMPTY)), OF_NO_TREE),
    (
        lambda: trusted_checkpoint(SIGNED.encode(), [ELSEWHERE.key]),
        "it is of another log than the one you trust",
    ),
    (lambda: read_proof("\u00e9\n\nx".encode()), "a proof is ASCII up to its checkpoint"),
    (lambda: read_proof(b"\xff\n\nx"), "a proof is ASCII up to its checkpoint"),
    (lambda: read_proof(proof("index 0", header="x")), f"not a {HEADER}"),
    (lambda: read_proof(f"{HEADER}\nindex 0\n\n".encode()), f"not a {HEADER}"),
    (lambda: read_proof(f"{HEADER}\nindex 0\n".encode()), f"not a {HEADER}"),
    (lambda: read_proof(proof("extra ", "index 0")), "an extra line without anything extra"),
    (lambda: read_proof(proof()), NO_INDEX),
    (lambda: read_proof(proof("extra AAAA")), NO_INDEX),
    (lambda: read_proof(proof("0")), NO_INDEX),
    (lambda: read_proof(proof("index x")), NO_INDEX),
    (lambda: read_proof(proof("index 0", *[HASH] * 65)), "no tree is that high"),
    (lambda: read_proof(proof("index 0", "AAAA")), "a proof consists of SHA-256 hashes"),
    (lambda: asked("x"), NO_PATH),
    (lambda: asked("entries/0"), NO_PATH),
    (lambda: asked("64/000"), "no tree is that large"),
    (lambda: asked("0/" + "x999/" * 7 + "000"), "no tree is that large"),
    (lambda: asked("0/000.p/256"), NOT_ONE),
    (lambda: asked("0/000.p/257"), NOT_ONE),
    (lambda: asked("0/x000/000"), NOT_ONE),
    (lambda: unbundled(b"\0"), WITHIN),
    (lambda: unbundled(b"\0\2x"), WITHIN),
    (lambda: unbundled(bundle([b"one"]) + b"\0"), WITHIN),
    (
        lambda: grown({}, size=3, leaves=[b"four"]),
        "tile 0/000 is shorter than its tree",
    ),
    (
        lambda: grown({Place(0, 0): bytes(2 * 32)}, size=3, leaves=[b"four"]),
        "tile 0/000 is shorter than its tree",
    ),
    (
        lambda: span_hash(Span(256, 258), {Place(0, 1): bytes(32)}),
        "tile 0/001 is missing or too short",
    ),
    (lambda: inclusion_spans(3, 3), "a tree of 3 has no leaf 3"),
    (lambda: inclusion_spans(-1, 3), "a tree of 3 has no leaf -1"),
    (lambda: consistency_spans(4, 3), "a tree of 3 was never one of 4"),
    (lambda: consistency_spans(-1, 3), "a tree of 3 was never one of -1"),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_a_refusal_says_what_is_wrong(number: int) -> None:
    """Each in its own words: whoever reads them finds the line."""
    do, why = REFUSED[number]

    with pytest.raises((LogError, ValueError)) as refused:
        do()

    assert str(refused.value) == why


def test_what_is_just_within_bounds_is_read() -> None:
    """The longest note, the most signatures, the longest way, the largest number."""
    long = SIGNED.replace("\n3\n", "\n" + "3" * (LONGEST_NOTE - len(SIGNED.encode()) + 1) + "\n", 1)
    assert len(long.encode()) == LONGEST_NOTE
    assert read_note(long.encode()).signatures[0].name == SIGNER.name
    assert len(read_signatures(LINE * 64)) == 64
    assert len(read_proof(proof("index 0", *[HASH] * 64)).hashes) == 64
    assert read_proof(proof("index " + "9" * 19)).index == int("9" * 19)
    assert asked("63/000.p/255") == (False, Place(63, 0), 255)
    largest = path_of(Place(0, 2**64 - 1))
    assert asked(largest).place.number == 2**64 - 1


def test_a_note_is_read_as_it_was_signed() -> None:
    """Its text keeps blank lines; each line is name, four bytes and signature."""
    note = read_note(SIGNER.sign("one\n\ntwo\n").encode())
    (line,) = note.signatures

    assert note.text == "one\n\ntwo\n"
    assert (line.name, line.id) == (SIGNER.name, SIGNER.key.id)
    assert line.signature == PRIVATE.sign(note.text.encode())
    assert Signature(name="log", id=b"abcd", signature=b"s").line == "\u2014 log YWJjZHM=\n"
    assert note.signed_by([STRANGER.key, SIGNER.key]) == SIGNER.key
    assert not SIGNER.key.holds(b"x" * 64, b"text")
    assert not NoteKey(name="log", public=b"short").holds(b"x" * 64, b"text")


def test_a_key_that_took_anothers_place_signs_beside_it() -> None:
    """Both lines stand under the text once; keys of before are believed and sign nothing."""
    before = NoteKey(name=SIGNER.name, public=bytes(32))
    renewed = NoteSigner(
        name=SIGNER.name, private=OTHER, beside=(SIGNER, ELSEWHERE), before=(before,)
    )
    note = read_note(renewed.sign("text\n").encode())

    assert note.text == "text\n"
    assert [line.id for line in note.signatures] == [
        renewed.key.id,
        SIGNER.key.id,
        ELSEWHERE.key.id,
    ]
    # The first of those that signed, in the order of the note.
    assert note.signed_by([ELSEWHERE.key, SIGNER.key]) == SIGNER.key
    assert renewed.keys == (renewed.key, SIGNER.key, ELSEWHERE.key, before)


def test_a_name_that_would_split_a_line_is_none() -> None:
    """Nor one that cannot be written."""
    for name in ("", " ", "a b", "a\u2003b", "a+b", "a\x1fb", "a\nb", "\ud800", "\udfff"):
        assert not is_name(name), ascii(name)
    assert is_name("\u00e9\ud7ff\ue000")


def test_a_proof_is_spelt_line_by_line() -> None:
    """Header, what it carries along, index, way, a blank line, the checkpoint as it was."""
    step = bytes(range(32))
    made = Proof(index=7, hashes=(step,), checkpoint=SIGNED.encode(), extra=b"two")

    assert made.data.decode() == (
        f"{HEADER}\nextra dHdv\nindex 7\n{base64.b64encode(step).decode()}\n\n{SIGNED}"
    )
    assert Proof(index=0, hashes=(), checkpoint=b"c").data.decode() == f"{HEADER}\nindex 0\n\nc"
    alone = Checkpoint(origin=SIGNER.name, size=1, root=naive.root([b"one"])).signed(SIGNER)
    whole = Proof(index=0, hashes=(), checkpoint=alone.encode())
    assert proven(whole.data, b"one", [SIGNER.key])
    assert not proven(whole.data, b"two", [SIGNER.key])


def test_where_a_hash_is_worked_out_from() -> None:
    """Which tile a subtree is in, and which tiles a range needs."""
    assert tile_of(Node(0, 255)) == Place(0, 0)
    assert tile_of(Node(0, 256)) == Place(0, 1)
    assert tile_of(Node(7, 1)) == Place(0, 0)
    assert tile_of(Node(7, 2)) == Place(0, 1)
    assert tile_of(Node(8, 3)) == Place(1, 3 >> 8)
    assert tile_of(Node(9, 600)) == Place(1, 1200 >> 8)
    assert nodes_of(Span(0, 7)) == [Node(2, 0), Node(1, 2), Node(0, 6)]
    assert tiles_of([Span(0, 3), Span(256, 512)]) == {Place(0, 0), Place(1, 0)}
    assert edge(0) == set()
    assert edge(256) == {Place(1, 0)}
    assert edge(257) == {Place(0, 1), Place(1, 0)}
    assert edge(256**2) == {Place(2, 0)}
    assert edge(256**7 + 1) == {Place(0, 256**6), Place(7, 0)}
    assert (WIDTH, path_of(Place(3, 7), width=WIDTH)) == (256, "3/007")


def test_a_verifier_takes_no_proof_that_is_too_long_or_of_another_size() -> None:
    """Not of what was never a tree, nor with a step that is no hash."""
    leaf, root = naive.root([b"one"]), naive.root(LEAVES)

    assert includes(leaf, index=0, size=1, proof=[], root=leaf)
    assert not includes(leaf, index=0, size=1, proof=[root], root=root)
    assert not includes(leaf, index=1, size=1, proof=[], root=leaf)
    assert not includes(leaf, index=-1, size=1, proof=[], root=leaf)
    assert not includes(leaf, index=0, size=0, proof=[], root=leaf)
    way = naive.path(0, LEAVES)
    assert includes(leaf, index=0, size=3, proof=way, root=root)
    assert not includes(leaf, index=0, size=3, proof=[way[0][:-1], way[1]], root=root)

    def follows(earlier: int, size: int, *steps: bytes, of: bytes = root) -> bool:
        return extends(earlier=earlier, earlier_root=of, size=size, root=root, proof=steps)

    empty = naive.root([])
    assert follows(3, 3)
    assert not follows(3, 3, root)
    assert not follows(3, 3, of=leaf)
    assert follows(0, 3, of=empty)
    assert not follows(0, 3, of=root)
    assert not follows(0, 3, root, of=empty)
    assert not follows(4, 3)
    assert not follows(-1, 3)
    assert not follows(2, 3, of=naive.root(LEAVES[:2]))
    assert not follows(2, 3, b"short", of=naive.root(LEAVES[:2]))
    assert not follows(3, 4)
