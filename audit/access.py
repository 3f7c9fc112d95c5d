"""Which policies let people in and let things happen: their text is there, and says what is told.

An answer names the digest of all policies as they were asked, and the ids of those that decided.
The text of each digest is a file of the export. The verifier needs no policy engine: that a policy
of this id stands in exactly this text, and whether it permits or forbids, can be read.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from audit.acts import Proven
from cases.canonical import sha256
from cases.journal import Entry, Kind

_POLICY = re.compile(
    r'@id\("(?P<id>[^"\\]+)"\)(?:(?:(?!@id\().)*?[)\s])(?P<effect>permit|forbid)\s*\(', re.DOTALL
)
_KEPT_OUT = frozenset({Kind.LOOK_DENIED, Kind.ACT_DENIED, Kind.EFFECT_FAILED})


def policy_file(digest: str) -> str:
    """Where an export keeps the policies of exactly this digest."""
    return f"policies/{digest}.json"


def digests_of(*streams: Iterable[Entry]) -> list[str]:
    """The digests that entries name, each once."""
    named = (entry.body.get("policy") for stream in streams for entry in stream)
    return list(dict.fromkeys(str(digest) for digest in named if isinstance(digest, str)))


def check_access(
    files: Mapping[str, bytes],
    proven: Proven,
    entries: Sequence[Entry],
    door: Sequence[Entry],
) -> tuple[list[str], list[str]]:
    """What speaks against the answers on record, and which of them cannot be held to any text."""
    wrong: list[str] = []
    missing: list[str] = []
    texts: dict[str, dict[str, str]] = {}
    for digest in digests_of(entries, door):
        text = files.get(policy_file(digest))
        if text is None:
            missing.append(f"the policies of digest {digest[:16]} are not in the export")
        elif sha256(text) != digest:
            wrong.append(f"{policy_file(digest)} is not what its digest says")
        else:
            texts[digest] = effects_in(text)
    for name, stream in (("entry", entries), ("door entry", door)):
        for entry in stream:
            wrong.extend(f"{name} {entry.sequence}: {why}" for why in _against(entry, texts))
    wrong.extend(_not_as_signed(proven, entries))
    return wrong, missing


def effects_in(text: bytes) -> dict[str, str]:
    """By policy id, whether it permits or forbids; empty for a text that is none of policies."""
    try:
        policies = json.loads(text)["policies"]
        written = "\n".join(str(part) for part in policies.values())
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    plain = re.sub(r"^\s*//.*$", "", written, flags=re.MULTILINE)
    return {match["id"]: match["effect"] for match in _POLICY.finditer(plain)}


def _against(entry: Entry, texts: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    digest, named = entry.body.get("policy"), entry.body.get("policies")
    if not isinstance(digest, str) or digest not in texts:
        return
    if not named or not isinstance(named, list):
        if entry.kind not in _KEPT_OUT:
            yield "something was let happen, and no policy is named that allowed it"
        return
    kept_out = entry.kind in _KEPT_OUT
    expected = "forbid" if kept_out else "permit"
    for policy in map(str, named):
        effect = texts[digest].get(policy)
        if effect is None:
            yield f"no policy of the named digest is called {policy}"
        elif effect != expected:
            yield f"{policy} does not {expected}"


def _not_as_signed(proven: Proven, entries: Sequence[Entry]) -> Iterator[str]:
    """A verdict carries what its envelope was signed with, no more and no less."""
    for entry in entries:
        if entry.kind is not Kind.VOTE_CAST:
            continue
        act = proven.acts.get(str(entry.body.get("act")))
        if act is None:
            continue
        signed = act.authorised
        told = (entry.body.get("policies"), entry.body.get("policy"))
        if told != ((list(signed.policies), signed.digest) if signed is not None else (None, None)):
            yield f"entry {entry.sequence}: other policies than were signed with the verdict"
