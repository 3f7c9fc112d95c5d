"""What was said to everybody is in the export and proves itself; what was not is not there."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from audit.acts import Proven
from audit.bundle.checks import kept_checks
from audit.bundle.whole import bundle_of, start_of
from audit.comments import (
    COMMENTS,
    OpenComment,
    OpenComments,
    check_comments,
    open_comments,
    said_openly,
)
from audit.verdict import Outcome
from cases.canonical import canonical
from cases.comments import digest_of
from cases.journal import Entry, Journal, Kind
from store.comments import Words
from tests.fuzz.small_bundle import small_bundle

SALT = bytes(32)
OPEN, CLOSED = "two reports agree", "our position is weak"


def entries() -> list[Entry]:
    """One comment for everybody, one for legal."""
    journal = Journal(case="case/abcdefghijklmnopqrstuvwxyz")
    for text, readers in ((OPEN, None), (CLOSED, ["legal"])):
        journal.record(
            Kind.COMMENTED,
            at=datetime(2026, 1, 5, tzinfo=UTC),
            salt=SALT,
            digest=digest_of(text, salt=SALT),
            restricted_to=readers,
        )
    return journal.pending


def kept() -> dict[str, Words]:
    """The words at the door."""
    return {
        digest_of(text, salt=SALT): Words(text=text, salt=SALT.hex()) for text in (OPEN, CLOSED)
    }


def test_only_what_was_for_everybody_leaves_with_the_case() -> None:
    """The other one stays a digest."""
    exported = open_comments(entries(), kept())

    assert exported is not None
    assert [each.text for each in exported.comments] == [OPEN]
    assert check_comments(entries(), exported) == ([], [])
    assert open_comments(entries()[1:], kept()) is None


def test_words_that_were_left_out_are_missed() -> None:
    """What everybody could read is asked for by its digest; what was for legal only is not."""
    wrong, missing = check_comments(entries(), OpenComments())

    assert (wrong, len(missing)) == ([], 1)
    assert missing[0].startswith("1 comments for everybody")
    assert said_openly(entries())
    assert not said_openly(entries()[1:])


@pytest.mark.parametrize(
    "text,digest,why",
    [
        ("three reports agree", digest_of(OPEN, salt=SALT), "is not what was said"),
        ("never said", digest_of("never said", salt=SALT), "is in no entry"),
        (CLOSED, digest_of(CLOSED, salt=SALT), "was not for everybody"),
    ],
)
def test_words_that_were_altered_added_or_leaked_are_found(
    text: str, digest: str, why: str
) -> None:
    """Whoever has the export can tell."""
    altered = OpenComments(comments=(OpenComment(digest=digest, salt=SALT.hex(), text=text),))

    (found,), _ = check_comments(entries(), altered)

    assert why in found


def test_a_bundle_without_the_words_of_an_open_comment_is_incomplete() -> None:
    """Its digest is in an entry that the log has: whoever leaves the file out is noticed."""
    bundle = bundle_of(small_bundle())
    request = start_of(bundle)
    assert request is not None

    def said(found: list[Entry], **files: bytes) -> list[Outcome]:
        lines = bundle.case_stream._replace(entries=tuple(found))
        altered = replace(bundle, case_stream=lines, files={**bundle.files, **files})
        checks = kept_checks(altered, request, Proven(acts={}, envelopes={}))
        return [check.outcome for check in checks if check.name == "comments"]

    exported = open_comments(entries(), kept())
    assert exported is not None
    assert said(entries()) == [Outcome.INCOMPLETE]
    assert said(entries(), **{COMMENTS: canonical(exported)}) == [Outcome.PASS]
    assert said(entries()[1:]) == []
