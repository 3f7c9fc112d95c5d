"""RFC 6962's Merkle tree: how hashes are made, which ones a proof names, and how one is verified.

A proof is asked for as ranges of leaves, because whoever has the hashes keeps them in tiles. The
verification walks the bits of index and size (RFC 9162 §2.1.3.2, §2.1.4.2) and shares nothing with
the making of proofs but the two hash functions.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

HASH = 32
EMPTY = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


class Node(NamedTuple):
    """The root of a complete subtree: 2**level leaves, numbered at its level from 0."""

    level: int
    number: int


class Span(NamedTuple):
    """The leaves from `first` up to, not including, `end`: one subtree of the tree."""

    first: int
    end: int


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def complete_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of neighbouring subtrees."""
    level = list(hashes)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [node_hash(left, right) for left, right in pairs]
    return level[0]


def nodes_of(span: Span) -> list[Node]:
    """The complete subtrees a subtree consists of, from left to right."""
    nodes: list[Node] = []
    first = span.first
    while first < span.end:
        level = (span.end - first).bit_length() - 1
        nodes.append(Node(level, first >> level))
        first += 1 << level
    return nodes


def joined(hashes: Sequence[bytes]) -> bytes:
    """The hash of a subtree from those of `nodes_of`."""
    if not hashes:
        return EMPTY
    right = hashes[-1]
    for left in reversed(hashes[:-1]):
        right = node_hash(left, right)
    return right


def inclusion_spans(index: int, size: int) -> list[Span]:
    """What an inclusion proof consists of, the leaf's sibling first (RFC 6962 §2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} has no leaf {index}")
    spans: list[Span] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(first, middle))
            first = middle
    return spans[::-1]


def consistency_spans(earlier: int, size: int) -> list[Span]:
    """What a consistency proof consists of (RFC 6962 §2.1.2); nothing from an empty tree."""
    if not 0 <= earlier <= size:
        raise ValueError(f"a tree of {size} was never one of {earlier}")
    if earlier in (0, size):
        return []
    spans: list[Span] = []
    first, end = 0, size
    while end != earlier:
        middle = first + _split(end - first)
        if earlier <= middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(first, middle))
            first = middle
    if first:
        spans.append(Span(first, end))
    return spans[::-1]


def includes(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf with this hash is the index-th of the tree with this root."""
    if not 0 <= index < size or not _hashes(proof):
        return False
    here, last = index, size - 1
    found = leaf
    for step in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node_hash(step, found)
            while not here & 1 and here:
                here >>= 1
                last >>= 1
        else:
            found = node_hash(found, step)
        here >>= 1
        last >>= 1
    return last == 0 and found == root


def extends(
    *, earlier: int, earlier_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the later tree begins with the whole of the earlier one."""
    if not 0 <= earlier <= size or not _hashes(proof):
        return False
    if earlier == size:
        return not proof and earlier_root == root
    if earlier == 0:
        return not proof and earlier_root == EMPTY
    return _extended(earlier, earlier_root, size, root, proof)


def _extended(
    earlier: int, earlier_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    # A whole subtree is its own first hash: the proof does not repeat it.
    path = list(proof) if earlier & (earlier - 1) else [earlier_root, *proof]
    if not path:
        return False
    here, last = earlier - 1, size - 1
    while here & 1:
        here >>= 1
        last >>= 1
    before = after = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            before = node_hash(step, before)
            after = node_hash(step, after)
            while not here & 1 and here:
                here >>= 1
                last >>= 1
        else:
            after = node_hash(after, step)
        here >>= 1
        last >>= 1
    return last == 0 and (before, after) == (earlier_root, root)


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _hashes(proof: Sequence[bytes]) -> bool:
    return all(len(step) == HASH for step in proof)
