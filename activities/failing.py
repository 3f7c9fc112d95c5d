"""How an integration's failure becomes Temporal's: one mapping, used by every activity."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio.exceptions import ApplicationError

from integrations.errors import DirectoryError, VendorError
from store import LogBehind, StoreUnavailable

LOOK_AGAIN = timedelta(seconds=2)
"""How soon it is asked again whether the log has an entry."""


def as_application_error(
    error: VendorError | DirectoryError | StoreUnavailable | LogBehind,
) -> ApplicationError:
    """The error under its type's name; retried only where trying again can help.

    The message is the type's: a vendor's own words may repeat what we sent (I13).
    """
    kind = type(error).__name__
    match error:
        case VendorError():
            return ApplicationError(
                kind,
                type=kind,
                non_retryable=not error.retryable,
                next_retry_delay=error.retry_after,
            )
        case LogBehind():
            # Said in full: whoever reads Temporal's own page sees what it waits for.
            return ApplicationError(
                f"{error}: {error.mend}", type=kind, next_retry_delay=LOOK_AGAIN
            )
        case _:
            return ApplicationError(kind, type=kind)


@contextmanager
def told_to_temporal() -> Iterator[None]:
    """Inside, failures of stores, directories and vendors leave as Temporal understands them."""
    try:
        yield
    except (VendorError, DirectoryError, StoreUnavailable, LogBehind) as error:
        raise as_application_error(error) from error
