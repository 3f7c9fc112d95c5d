"""C2SP tlog-policy: which logs are believed, and whose cosignatures a checkpoint needs.

A verifier has this file from wherever they have their trust from, never from what they verify. The
names in it mean nothing outside of it; a key is what counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from audit.log.cosignature import WitnessKey
from audit.log.errors import LogUnreadableError
from audit.log.note import NoteKey

NONE = "none"
LONGEST = 64 * 1024
_MOST = 256
"""Lines that define something: C2SP asks for room for 32 logs, witnesses and groups."""


@dataclass(frozen=True)
class Witness:
    """A witness, and where it is asked when that is said."""

    name: str
    key: WitnessKey
    url: str = ""

    @property
    def title(self) -> str:
        """The name as people read it; comparing goes by the opaque one."""
        return self.name.encode("latin-1").decode("utf-8", "replace")


@dataclass(frozen=True)
class Group:
    """So many of these, each a witness or a group before it."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """What the file says."""

    logs: tuple[NoteKey, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NONE

    def satisfied(self, cosigned: Iterable[WitnessKey]) -> bool:
        """Whether these witnesses are enough."""
        return not self.lacking(cosigned)

    def lacking(self, cosigned: Iterable[WitnessKey]) -> tuple[str, ...]:
        """The names of the witnesses that could make up what is missing; empty when enough did."""
        have = {each.public for each in cosigned}
        if self._met(self.quorum, have):
            return ()
        needed = self._under(self.quorum)
        return tuple(
            each.title
            for each in self.witnesses
            if each.name in needed and each.key.public not in have
        )

    @property
    def asks(self) -> bool:
        """Whether anybody has to cosign at all."""
        return self.quorum != NONE

    def _met(self, name: str, have: set[bytes]) -> bool:
        if name == NONE:
            return True
        group = self.groups.get(name)
        if group is None:
            return any(each.name == name and each.key.public in have for each in self.witnesses)
        return sum(self._met(member, have) for member in group.members) >= group.threshold

    def _under(self, name: str) -> set[str]:
        group = self.groups.get(name)
        if group is None:
            return {name}
        return {found for member in group.members for found in self._under(member)}


def read_policy(data: bytes) -> Policy:
    """The policy, strictly; LogUnreadableError names the line that has no meaning."""
    if len(data) > LONGEST:
        raise LogUnreadableError("a policy is not that long")
    if any((byte < 0x20 and byte not in b"\t\n") or byte == 0x7F for byte in data):  # noqa: PLR2004 -- ASCII's control characters
        raise LogUnreadableError("a policy has no control characters but tab and newline")
    if not data.endswith(b"\n"):
        raise LogUnreadableError("a policy's last line ends in a newline")
    reading = _Reading()
    # Bytes above 0x7f are opaque: Latin-1 keeps each of them apart from every other.
    for number, line in enumerate(data.decode("latin-1").split("\n"), start=1):
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            reading.take(words)
        except LogUnreadableError as error:
            raise LogUnreadableError(f"line {number}: {error}") from error
    return reading.policy()


class _Reading:
    """Takes one line after the other."""

    def __init__(self) -> None:
        self._logs: list[NoteKey] = []
        self._witnesses: list[Witness] = []
        self._groups: dict[str, Group] = {}
        self._names: set[str] = {NONE}
        self._members: set[str] = set()
        self._quorum: str | None = None
        self._lines = 0

    def take(self, words: list[str]) -> None:
        """What the line says is known; LogUnreadableError when it says nothing."""
        self._lines += 1
        if self._lines > _MOST:
            raise LogUnreadableError("more is defined than anybody can oversee")
        match words:
            case ["log", key] | ["log", key, _]:
                self._log(NoteKey.parse(_utf8(key)))
            case ["witness", name, key]:
                self._witness(name, key, "")
            case ["witness", name, key, url]:
                self._witness(name, key, url)
            case ["group", name, threshold, *members]:
                self._group(name, threshold, members)
            case ["quorum", name]:
                self._decide(name)
            case _:
                raise LogUnreadableError("log, witness, group or quorum, each in its own form")

    def policy(self) -> Policy:
        """Everything together; LogUnreadableError without a quorum line."""
        if self._quorum is None:
            raise LogUnreadableError("a policy says what its quorum is, if only `quorum none`")
        return Policy(
            logs=tuple(self._logs),
            witnesses=tuple(self._witnesses),
            groups=self._groups,
            quorum=self._quorum,
        )

    def _log(self, key: NoteKey) -> None:
        if any(known.public == key.public for known in self._logs):
            raise LogUnreadableError("this log's key stands in the policy twice")
        self._logs.append(key)

    def _witness(self, name: str, spelt: str, url: str) -> None:
        key = WitnessKey.parse(_utf8(spelt))
        if any(known.key.public == key.public for known in self._witnesses):
            # Under two names one witness would count as two.
            raise LogUnreadableError("this witness's key stands in the policy twice")
        self._name(name)
        self._witnesses.append(Witness(name=name, key=key, url=url))

    def _group(self, name: str, threshold: str, members: list[str]) -> None:
        if not members:
            raise LogUnreadableError("a group has members")
        for member in members:
            if member == NONE or member not in self._names:
                raise LogUnreadableError("a member is defined on a line before")
            if member in self._members:
                raise LogUnreadableError("a name is a member once: nobody's word counts twice")
            self._members.add(member)
        named = {"all": len(members), "any": 1}
        at_least = named.get(threshold)
        if at_least is None:
            if not threshold.isascii() or not threshold.isdecimal() or threshold.startswith("0"):
                raise LogUnreadableError("how many of a group: all, any or a number")
            at_least = int(threshold[:9])
        if not 1 <= at_least <= len(members):
            raise LogUnreadableError("a group cannot need more than its members")
        self._name(name)
        self._groups[name] = Group(threshold=at_least, members=tuple(members))

    def _decide(self, name: str) -> None:
        if self._quorum is not None:
            raise LogUnreadableError("a policy has one quorum")
        if name not in self._names:
            raise LogUnreadableError("the quorum is defined on a line before")
        self._quorum = name

    def _name(self, name: str) -> None:
        if name in self._names:
            raise LogUnreadableError("this name is taken")
        self._names.add(name)


def _utf8(text: str) -> str:
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError as error:
        raise LogUnreadableError("a key's name is UTF-8") from error
