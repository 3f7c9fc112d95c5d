"""From when an interval is counted that follows what a case has done by itself."""

from datetime import datetime, timedelta

from cases.file import EVEN, CaseFile

PUNCTUAL = timedelta(seconds=10)
"""How late something may come and still count from when it was due. What comes later came after
an outage: counted from its due instant, all that follows would come at once."""


def counted_from(file: CaseFile, due: datetime | None, *, at: datetime) -> datetime:
    """The instant it was due at, where it came in time: no step adds its own seconds to the next's.

    In a case of an earlier edition, or where nothing was due, it is `at`.
    """
    if file.edition < EVEN or due is None or not due <= at <= due + PUNCTUAL:
        return at
    return due
