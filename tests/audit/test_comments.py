"""What was said to everybody is in the export and proves itself; what was not is not there."""

from datetime import UTC, datetime

import pytest

from audit.comments import OpenComment, OpenComments, check_comments, open_comments
from cases.comments import digest_of
from cases.journal import Entry, Journal, Kind
from store.comments import Words

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
    assert list(check_comments(entries(), exported)) == []
    assert open_comments(entries()[1:], kept()) is None


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

    (found,) = check_comments(entries(), altered)

    assert why in found
