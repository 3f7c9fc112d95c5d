"""A leaf says that an entry was recorded, and nothing of what it says (facts §2.2).

Each field of the entry is hashed with a salt of its own, worked out from the entry's; the leaf is
the hash over those hashes in their own order. So a field can be shown alone later, a field that is
held back shows as its hash, and once the salts are shredded a leaf is a random-looking number that
still stands where it stood. No case, no kind, no instant is in it.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator

from audit.log.errors import LogUnreadableError
from cases.canonical import canonical
from cases.journal import Entry

VERSION = 1
_IN_TIME = re.compile(rb'\{"entry":"(?P<root>[0-9a-f]{64})","v":1\}')
_LATE = re.compile(rb'\{"entry":"[0-9a-f]{64}","late":"(?P<late>[0-9a-f]{64})","v":1\}')
_PLAIN = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def leaf_of(entry: Entry, *, branch: str, late: str = "") -> bytes:
    """The leaf of an entry on its branch; LogUnreadableError when the entry has no salt.

    Without a salt anybody could guess a short entry and find it in the public tree. What took
    effect before the log had it says so: `late` is the hash of its line in a spool.
    """
    if not entry.salt:
        raise LogUnreadableError(f"entry {entry.sequence} of {entry.stream} has no salt")
    return leaf_over(field_digests(entry, branch=branch), late=late)


def leaf_opened(opened: Iterable[bytes], *, late: str = "") -> bytes:
    """The leaf of an entry whose fields have these openings."""
    return leaf_over((hashlib.sha256(opening).digest() for opening in opened), late=late)


def leaf_over(digests: Iterable[bytes], *, late: str = "") -> bytes:
    """The leaf of an entry whose fields have these hashes: all that is needed to check one."""
    root = hashlib.sha256(b"".join(sorted(digests))).hexdigest()
    marked = f'"late":"{late}",' if late else ""
    return f'{{"entry":"{root}",{marked}"v":{VERSION}}}'.encode()


def made_late(leaf: bytes, late: str) -> bytes:
    """The leaf as it is when its entry took effect under that line of a spool."""
    match = _IN_TIME.fullmatch(leaf)
    if match is None:
        raise LogUnreadableError("not the leaf of an entry that came in time")
    return f'{{"entry":"{match["root"].decode()}","late":"{late}","v":{VERSION}}}'.encode()


def late_of(leaf: bytes) -> str:
    """The hash of the spool's line that the leaf names; empty for one that came in time."""
    match = _LATE.fullmatch(leaf)
    return match["late"].decode() if match is not None else ""


def field_digests(entry: Entry, *, branch: str) -> Iterator[bytes]:
    """The salted hash of every field: salt, path and value, so that no two can change places."""
    for _, opening in openings(entry, branch=branch):
        yield hashlib.sha256(opening).digest()


def openings(
    entry: Entry, *, branch: str, written: bytes | None = None
) -> Iterator[tuple[str, bytes]]:
    """Of every field its path, and what its hash is over: what shows this field and no other.

    `written` is the entry's `data`, where it is at hand.
    """
    for path, value in fields_of(entry, branch, written):
        yield path, opening_of(field_salt(entry.salt, path), path, value)


def field_salt(salt: str, path: str) -> bytes:
    """The salt of one field: showing it tells nothing about the salts of the others."""
    return hmac.digest(salt.encode(), path.encode(), "sha256")


def opening_of(salt: bytes, path: str, value: object) -> bytes:
    """RFC 8785's bytes of `[salt, path, value]`: what a reader is shown of one field."""
    if isinstance(value, str | int):
        # The standard library spells these as RFC 8785 does, and most fields are these.
        return _PLAIN.encode([salt.hex(), path, value]).encode()
    return canonical([salt.hex(), path, value])


def fields_of(
    entry: Entry, branch: str, written: bytes | None = None
) -> Iterator[tuple[str, object]]:
    """Every field of the entry but its salt, by its path."""
    # As it is stored, so that an instant is spelt here as it is hashed there.
    fields = json.loads(entry.data if written is None else written)
    del fields["salt"]
    body = fields.pop("body")
    yield "branch", branch
    yield from fields.items()
    for name, value in body.items():
        yield f"body.{name}", value
