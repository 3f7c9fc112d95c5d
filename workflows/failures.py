"""What is said of an effect that its policy gave up on."""

from temporalio.exceptions import ActivityError, ApplicationError


def failure_name(error: ActivityError) -> str:
    """The type of what went wrong, never its text: a vendor's message may repeat content."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return cause.type or "error"
    return type(cause).__name__ if cause is not None else "error"
