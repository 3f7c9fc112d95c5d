"""Every tree that a witness signed, held against the log as it is in the end."""

import hashlib
from collections.abc import Iterator, Sequence


def roots(leaves: Sequence[bytes]) -> Iterator[bytes]:
    """The root (RFC 6962) over the first leaf, over the first two, and so on."""
    peaks: list[tuple[int, bytes]] = []
    for leaf in leaves:
        size, node = 1, hashlib.sha256(b"\0" + leaf).digest()
        while peaks and peaks[-1][0] == size:
            _, left = peaks.pop()
            size, node = 2 * size, hashlib.sha256(b"\1" + left + node).digest()
        peaks.append((size, node))
        root = peaks[-1][1]
        for _, left in reversed(peaks[:-1]):
            root = hashlib.sha256(b"\1" + left + root).digest()
        yield root


def inconsistent(signed: Sequence[tuple[int, bytes]], leaves: Sequence[bytes]) -> int:
    """How many of these trees are none of the log's."""
    known = dict(enumerate(roots(leaves), 1))
    return sum(known.get(size) != root for size, root in signed)
