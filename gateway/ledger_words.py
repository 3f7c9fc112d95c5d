"""What to do about a delivery that could not be handed on, by why."""

from collections.abc import Mapping

DEAD = "dead"

MENDS: Mapping[str, str] = {
    "UnreadableBodyError": "Compare the sender's body with docs/connect.md and have it sent again "
    "under a new id; this one can only be read as it came.",
    "EngineRefusedError": "`escalate doctor --live` says what the engine refuses; mend that, then "
    "redeliver.",
    "RefusedError": "The receiver's address is not allowed or it refuses: mend it there or "
    "subscribe again with another address, then redeliver.",
    "UnavailableError": "The receiver could not be reached for days: ask who runs it, then "
    "redeliver.",
    "TimeoutError": "The receiver took too long each time: ask who runs it, then redeliver.",
}
"""By the reason a dead letter carries."""

_ANSWERED = "The receiver kept answering that: its own log says why. Mend it there, then redeliver."
_ELSE = "Mend the cause, then redeliver; if it dies again, tell the engineers its key."


def mend_of(state: str, reason: str) -> str:
    """What to do about it; nothing unless it is a dead letter."""
    if state != DEAD:
        return ""
    if reason.startswith("answered "):
        return _ANSWERED
    return MENDS.get(reason, _ELSE)
