"""The keyring note: every key of an installation, for how long it counts, on the root's word.

A signed note, so that whoever knows the root key needs nothing else to read it. The root can lie
offline: it signs when a key comes, goes or got into wrong hands. A number that only grows tells the
newer of two notes; a key stays listed for ever, because what it signed while it counted still does.

    escalate-keyring/v1
    number 3
    at 2026-11-26T10:00:00Z
    key log example.org/log+9c3f…+AaBb… 2026-01-01T00:00:00Z - -

A line of a key says its role, its spelling, since when it counts, until when, and from which
instant on it is revoked; `-` is never. An authority of time is named by its certificate's SHA-256,
and so is a build of the workers, by its source's: doors certify keys of workers that run it. Such a
key lives for a day, so that it is listed only when it is revoked.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.checkpoint import NUMBER
from audit.log.cosignature import WitnessKey
from audit.log.errors import LogUnreadableError, NoteRefusedError
from audit.log.note import NoteKey, NoteSigner, read_note

FILE = "keyring.note"
HEADER = "escalate-keyring/v1"
ROOT_NAME = "escalate/root"
"""What the root is called as a note's signer: the verifier knows its key, not its name."""
_NEVER = "-"
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_FIELDS = 6
_MOST = 512


class Role(StrEnum):
    """What a key is for; it counts for nothing else."""

    APPROVER = "approver"
    BREAK_GLASS = "break-glass"
    BUILD = "build"
    """Code that workers may run."""
    DOOR = "door"
    LOG = "log"
    TSA = "tsa"
    WITNESS = "witness"
    WORKER = "worker"

    @property
    def by_digest(self) -> bool:
        """Whether it is named by a digest, and not by a key."""
        return self in (Role.BUILD, Role.TSA)


@dataclass(frozen=True)
class Listed:
    """A key, and when it counts."""

    role: Role
    key: str
    """A vkey; of an authority of time or a build `sha256:` and its digest."""
    since: datetime
    until: datetime | None = None
    revoked: datetime | None = None

    def fault_at(self, at: datetime) -> str:
        """Why what it signed at that instant does not count; empty when it does."""
        if self.revoked is not None and at >= self.revoked:
            return f"was revoked at {_written(self.revoked)}"
        if at < self.since:
            return f"counts from {_written(self.since)} on"
        if self.until is not None and at >= self.until:
            return f"counted until {_written(self.until)}"
        return ""

    @property
    def public(self) -> str:
        """What is compared: the key itself, whatever it is called; or the digest."""
        return self.key if self.role.by_digest else self.key.rpartition("+")[2]

    @property
    def names(self) -> frozenset[str]:
        """What a person may call it by; a door's and a worker's key by the id that is shown."""
        name, _, rest = self.key.partition("+")
        own = f"{self.role.value}/"
        short = name.removeprefix(own) if name.startswith(own) else f"{name}+{rest[:8]}"
        return frozenset({self.key, self.public, short})

    @property
    def line(self) -> str:
        """How it is written."""
        times = (self.since, self.until, self.revoked)
        return " ".join(["key", self.role.value, self.key, *(_written(each) for each in times)])


@dataclass(frozen=True)
class KeyringNote:
    """What the root said last."""

    number: int
    at: datetime
    keys: tuple[Listed, ...] = ()

    @property
    def text(self) -> str:
        """What is signed."""
        head = [HEADER, f"number {self.number}", f"at {_written(self.at)}"]
        return "\n".join([*head, *(each.line for each in self.keys), ""])

    def signed(self, root: Ed25519PrivateKey) -> str:
        """The note."""
        return NoteSigner(name=ROOT_NAME, private=root).sign(self.text)

    def of(self, role: Role) -> tuple[Listed, ...]:
        """The keys of one role, those that no longer count among them."""
        return tuple(each for each in self.keys if each.role is role)

    def find(self, role: Role, key: str) -> Listed | None:
        """The key, spelt as a vkey or a digest, under that role; None when it is not listed."""
        sought = Listed(role=role, key=key, since=self.at).public
        return next((each for each in self.of(role) if each.public == sought), None)

    @property
    def logs(self) -> frozenset[NoteKey]:
        """The keys that ever signed for the log."""
        return frozenset(NoteKey.parse(each.key) for each in self.of(Role.LOG))

    def next(
        self,
        present: Iterable[Listed],
        *,
        at: datetime,
        revoked: Iterable[str] = (),
        overlap_until: datetime | None = None,
    ) -> Self:
        """The note after this one: keys that came, keys that went, keys that are revoked now.

        `present` says of each key since when it counts, if this note does not know it yet. A key
        that is not there any more counts until `overlap_until`, or until now. A revoked one never
        counts again; one that comes may be revoked at once. LogUnreadableError when a revoked key
        is none of this keyring.
        """
        here = {(each.role, each.public): each for each in present}
        gone = set(revoked)
        keys: list[Listed] = []
        for each in self.keys:
            known = here.pop((each.role, each.public), None)
            if gone & each.names:
                gone -= each.names
                keys.append(replace(each, revoked=min(each.revoked or at, at)))
            elif known is None and each.until is None and each.revoked is None:
                keys.append(replace(each, until=max(overlap_until or at, at)))
            elif known is not None and each.revoked is None:
                # A witness that left a policy by mistake may come back.
                keys.append(replace(each, until=None))
            else:
                keys.append(each)
        for each in here.values():
            keys.append(replace(each, revoked=at) if gone & each.names else each)
            gone -= each.names
        if gone:
            raise LogUnreadableError(f"no key of this keyring: {', '.join(sorted(gone))}")
        return replace(self, number=self.number + 1, at=at, keys=tuple(keys))


def door_key(public: bytes, *, key_id: str) -> str:
    """How a door's key is spelt in a keyring."""
    return str(NoteKey(name=f"door/{key_id}", public=public))


def spool_key(public: bytes, *, key_id: str) -> str:
    """How the key of a break-glass spool is spelt in a keyring."""
    return str(NoteKey(name=f"spool/{key_id}", public=public))


def worker_key(public: bytes, *, key_id: str) -> str:
    """How a worker's key is spelt in a keyring."""
    return str(NoteKey(name=f"worker/{key_id}", public=public))


def build_digest(source: str) -> str:
    """How a build is spelt in a keyring: by the digest over its source files."""
    return f"sha256:{source}"


def read_keyring(data: bytes, *, root: bytes) -> KeyringNote:
    """The note, signed by this root; NoteRefusedError or LogUnreadableError when it is not one."""
    note = read_note(data)
    note.signed_by([NoteKey(name=ROOT_NAME, public=root)])
    lines = note.text.split("\n")[:-1]
    if len(lines) < 3 or lines[0] != HEADER or len(lines) > _MOST:  # noqa: PLR2004 -- the head
        raise LogUnreadableError(f"not a {HEADER}")
    number = lines[1].removeprefix("number ")
    if NUMBER.fullmatch(number) is None or not lines[2].startswith("at "):
        raise LogUnreadableError("a keyring says its number and its instant")
    found = KeyringNote(
        number=int(number),
        at=_instant(lines[2].removeprefix("at ")),
        keys=tuple(_listed(line) for line in lines[3:]),
    )
    if found.text != note.text:
        raise LogUnreadableError("a keyring has one spelling")
    seen = [(each.role, each.public) for each in found.keys]
    if len(set(seen)) != len(seen):
        raise LogUnreadableError("a key is listed once in its role")
    return found


def newer(one: KeyringNote | None, other: KeyringNote | None) -> KeyringNote | None:
    """The one with the larger number; NoteRefusedError when two differ under one number."""
    if one is None or other is None:
        return one or other
    if one.number == other.number and one != other:
        raise NoteRefusedError("two keyrings of one number differ: the root signed both")
    return one if one.number >= other.number else other


def _listed(line: str) -> Listed:
    words = line.split(" ")
    if len(words) != _FIELDS or words[0] != "key":
        raise LogUnreadableError("a line of a keyring is a key's")
    try:
        role = Role(words[1])
    except ValueError as error:
        raise LogUnreadableError("a key is for something we know") from error
    if role.by_digest:
        if _DIGEST.fullmatch(words[2]) is None:
            raise LogUnreadableError("a build or an authority of time is named by a SHA-256")
    elif role is Role.WITNESS:
        WitnessKey.parse(words[2])
    else:
        NoteKey.parse(words[2])
    return Listed(
        role=role,
        key=words[2],
        since=_instant(words[3]),
        until=None if words[4] == _NEVER else _instant(words[4]),
        revoked=None if words[5] == _NEVER else _instant(words[5]),
    )


def _written(at: datetime | None) -> str:
    return _NEVER if at is None else at.astimezone(UTC).strftime(_INSTANT)


def _instant(text: str) -> datetime:
    try:
        return datetime.strptime(text, _INSTANT).replace(tzinfo=UTC)
    except ValueError as error:
        raise LogUnreadableError("an instant is written 2026-11-26T10:00:00Z") from error
