"""What was said about a case, in its export: the words of open comments, never of restricted ones.

The journal holds the digest of every one, so that what is here can be proved and what is left out
can be proved by whoever may read it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from cases.comments import Digest, digest_of
from cases.journal import Entry, Kind
from cases.values import Inbound

if TYPE_CHECKING:
    # A verifier has no store.
    from store.comments import Words

COMMENTS = "comments.json"


class OpenComment(Inbound):
    """The words of a comment that was for everybody, and the salt that proves them."""

    digest: Digest
    salt: str
    text: str


class OpenComments(Inbound):
    """The file of the export."""

    comments: tuple[OpenComment, ...] = ()


def open_comments(entries: Sequence[Entry], words: "Mapping[str, Words]") -> OpenComments | None:
    """The open comments among the entries, as far as their words are kept; None without any."""
    found = [
        OpenComment(digest=digest, salt=words[digest].salt, text=words[digest].text)
        for digest in _digests(entries, restricted=False)
        if digest in words
    ]
    return OpenComments(comments=tuple(found)) if found else None


def check_comments(entries: Sequence[Entry], exported: OpenComments) -> tuple[list[str], list[str]]:
    """Words the journal does not commit to, or that were not for everybody; and words left out.

    Their digests are in entries that the log has, so that nobody leaves them out unnoticed.
    """
    known = dict.fromkeys(_digests(entries, restricted=False))
    wrong: list[str] = []
    for number, each in enumerate(exported.comments, start=1):
        try:
            digest = digest_of(each.text, salt=bytes.fromhex(each.salt))
        except ValueError:
            digest = ""
        if digest != each.digest:
            wrong.append(f"{COMMENTS}: comment {number} is not what was said")
        elif digest not in known:
            wrong.append(f"{COMMENTS}: comment {number} is in no entry, or was not for everybody")
    left_out = len(known.keys() - {each.digest for each in exported.comments})
    missing = [f"{left_out} comments for everybody are not in the export"] if left_out else []
    return wrong, missing


def said_openly(entries: Sequence[Entry]) -> bool:
    """Whether anything was said to everybody."""
    return next(_digests(entries, restricted=False), None) is not None


def _digests(entries: Sequence[Entry], *, restricted: bool) -> Iterator[str]:
    for entry in entries:
        if entry.kind is Kind.COMMENTED and bool(entry.body.get("restricted_to")) is restricted:
            yield str(entry.body.get("digest"))
