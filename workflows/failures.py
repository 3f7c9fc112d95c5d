"""What is said of an effect that its policy gave up on."""

from temporalio.exceptions import ActivityError, ApplicationError

WAITS_FOR_LOG = "LogBehind"
"""The transparency log lacks the entry that must be in it first: nothing was done yet."""


def failure_name(error: ActivityError) -> str:
    """The type of what went wrong, never its text: a vendor's message may repeat content."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return cause.type or "error"
    return type(cause).__name__ if cause is not None else "error"


def waited_for_log(error: ActivityError) -> bool:
    """Whether all that was tried was to wait for the log."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ApplicationError):
            return cause.type == WAITS_FOR_LOG
        cause = cause.__cause__
    return False
