"""Named places at which a test may stop the process; in production nothing happens there."""

from collections.abc import Callable
from enum import StrEnum


class FaultPoint(StrEnum):
    """Where an act or a delivery is between two durable steps."""

    AFTER_SIGN = "after-sign"
    AFTER_STORE = "after-store"
    BEFORE_DELIVER = "before-deliver"
    AFTER_DELIVER = "after-deliver"
    AFTER_RECEIPT = "after-receipt"
    AFTER_ACCEPT = "after-accept"
    BEFORE_START = "before-start"
    AFTER_START = "after-start"


FaultSeam = Callable[[FaultPoint], None]
"""Called at every point; it may end the process or raise."""


def no_faults(point: FaultPoint) -> None:
    """Nothing happens."""
