"""The retention table of this installation: the one it was given, else the one that ships."""

from runbooks import RunbookProblems
from runbooks.retention import Retention, read_retention, shipped
from workers.errors import NotSetUpError
from workers.settings import Settings


def retention_of(settings: Settings) -> Retention:
    """The table; NotSetUpError, with the place of the mistake, when it cannot be read."""
    file = settings.keeping.retention_file
    if file is None:
        return shipped()
    try:
        return read_retention(file.read_bytes(), file=file.name)
    except OSError as error:
        raise NotSetUpError(
            f"{file} cannot be read: {error.strerror}",
            mend="ESCALATE_KEEPING__RETENTION_FILE names it.",
        ) from error
    except RunbookProblems as error:
        raise NotSetUpError(
            f"{file}: {error}", mend="`escalate retention list` shows a table that holds together."
        ) from error
