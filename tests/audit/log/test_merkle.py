"""The tree is RFC 6962's: held against the RFC's own recursion, at every size and every leaf."""

from collections.abc import Mapping, Sequence
from functools import partial

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from audit.log.merkle import (
    EMPTY,
    Span,
    consistency_spans,
    extends,
    includes,
    inclusion_spans,
    leaf_hash,
)
from audit.log.tiles import Place, edge, grown, hashes_in, span_hash
from tests.audit.log import naive

SIZES = range(1, 71)
LEAVES = [f"leaf {number}".encode() for number in range(1200)]
LARGE = (255, 256, 257, 511, 512, 513, 1023, 1024, 1100)


def tiles_at(size: int) -> dict[Place, bytes]:
    """The tiles of a tree that grew in one step."""
    return grown({}, size=0, leaves=LEAVES[:size])


def flipped(data: bytes, bit: int) -> bytes:
    """The bytes with one bit turned."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def included(index: int, size: int, tiles: Mapping[Place, bytes], root: bytes, leaf: bytes) -> bool:
    """Whether the proof out of the tiles is the RFC's, and verifies."""
    proof = [span_hash(span, tiles) for span in inclusion_spans(index, size)]
    assert proof == naive.path(index, LEAVES[:size])
    return includes(leaf_hash(leaf), index=index, size=size, proof=proof, root=root)


def test_the_rfcs_own_vectors() -> None:
    """Roots that every implementation of RFC 6962 is tested with."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    leaves = [bytes.fromhex(each) for each in inputs]
    leaves.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
    roots = {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }

    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for size, expected in roots.items():
        tiles = grown({}, size=0, leaves=leaves[:size])
        assert span_hash(Span(0, size), tiles).hex() == expected
        assert naive.root(leaves[:size]).hex() == expected


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_is_proven_at_every_size(size: int) -> None:
    """The proof of each leaf is the RFC's, verifies, and is of no other leaf and no other place."""
    tiles, root = tiles_at(size), naive.root(LEAVES[:size])

    assert span_hash(Span(0, size), tiles) == root
    for index in range(size):
        assert included(index, size, tiles, root, LEAVES[index])
        assert not included(index, size, tiles, root, b"another leaf")
        proof = naive.path(index, LEAVES[:size])
        for other in {index - 1, index + 1, index ^ 1, size}:
            if other != index:
                leaf = leaf_hash(LEAVES[index])
                assert not includes(leaf, index=other, size=size, proof=proof, root=root)


@pytest.mark.parametrize("size", SIZES)
def test_every_size_extends_every_earlier_one(size: int) -> None:
    """The proof between any two sizes is the RFC's and verifies; the reverse never does."""
    tiles, root = tiles_at(size), naive.root(LEAVES[:size])

    for earlier in range(size + 1):
        before = naive.root(LEAVES[:earlier])
        proof = [span_hash(span, tiles) for span in consistency_spans(earlier, size)]
        assert proof == (naive.proof(earlier, LEAVES[:size]) if earlier else [])
        follows = partial(extends, earlier=earlier, size=size, root=root)
        assert follows(earlier_root=before, proof=proof)
        assert not follows(earlier_root=before, proof=[*proof, root])
        if earlier < size:
            rewritten = naive.root([*LEAVES[: max(earlier - 1, 0)], b"rewritten"])
            assert not follows(earlier_root=rewritten, proof=proof)
            assert not extends(
                earlier=size, earlier_root=root, size=earlier, root=before, proof=proof
            )


@pytest.mark.parametrize("size", LARGE)
def test_proofs_hold_across_tiles(size: int) -> None:
    """Trees of several tiles and levels have the RFC's roots and proofs."""
    tiles, root = tiles_at(size), naive.root(LEAVES[:size])

    assert span_hash(Span(0, size), tiles) == root
    for index in {0, 1, 254, size // 2, size - 2, size - 1}:
        assert included(index, size, tiles, root, LEAVES[index])
    for earlier in (1, 128, 255, size - 1):
        proof = [span_hash(span, tiles) for span in consistency_spans(earlier, size)]
        assert proof == naive.proof(earlier, LEAVES[:size])


@given(st.lists(st.integers(1, 300), min_size=1, max_size=8))
def test_however_it_grew_the_tiles_are_the_same(steps: list[int]) -> None:
    """One leaf at a time or hundreds: the same tiles, from nothing but the edge before."""
    tiles: dict[Place, bytes] = {}
    size = 0
    for step in steps:
        before = {place: tiles[place] for place in edge(size)}
        end = min(size + step, len(LEAVES))
        tiles |= grown(before, size=size, leaves=LEAVES[size:end])
        size = end

    assert tiles == tiles_at(size)
    assert span_hash(Span(0, size), tiles) == naive.root(LEAVES[:size])
    widths = [len(hashes_in(data)) for place, data in sorted(tiles.items()) if place.level == 0]
    assert sum(widths) == size


@given(st.data(), st.integers(2, 70))
def test_any_single_bit_breaks_an_inclusion_proof(data: st.DataObject, size: int) -> None:
    """A bit of leaf, proof or root that changed is noticed."""
    index = data.draw(st.integers(0, size - 1))
    proof = naive.path(index, LEAVES[:size])
    parts: list[bytes] = [LEAVES[index], naive.root(LEAVES[:size]), *proof]
    which = data.draw(st.integers(0, len(parts) - 1))
    parts[which] = flipped(parts[which], data.draw(st.integers(0, len(parts[which]) * 8 - 1)))

    leaf, root, *changed = parts

    assert not includes(leaf_hash(leaf), index=index, size=size, proof=changed, root=root)


@given(st.data(), st.integers(2, 70))
def test_any_single_bit_breaks_a_consistency_proof(data: st.DataObject, size: int) -> None:
    """A bit of either root or of the proof that changed is noticed."""
    earlier = data.draw(st.integers(1, size - 1))
    proof = naive.proof(earlier, LEAVES[:size])
    parts: list[bytes] = [naive.root(LEAVES[:earlier]), naive.root(LEAVES[:size]), *proof]
    which = data.draw(st.integers(0, len(parts) - 1))
    parts[which] = flipped(parts[which], data.draw(st.integers(0, len(parts[which]) * 8 - 1)))

    before, root, *changed = parts

    assert not extends(earlier=earlier, earlier_root=before, size=size, root=root, proof=changed)


@given(
    st.integers(-1, 80),
    st.integers(-1, 80),
    st.lists(st.binary(max_size=40), max_size=8),
    st.binary(min_size=32, max_size=32),
)
def test_nonsense_is_no_proof(index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Whatever is handed to a verifier, it answers no and does not fail."""
    assume(root != b"\0" * 32)
    assert not includes(b"\0" * 32, index=index, size=size, proof=proof, root=root)
    if index != size:
        assert not extends(
            earlier=index, earlier_root=b"\0" * 32, size=size, root=root, proof=proof
        )
