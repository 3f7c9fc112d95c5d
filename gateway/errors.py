"""What can go wrong at a door.

GatewayError
├── EngineUnavailableError   the engine did not answer: whatever was recorded is delivered later
├── CaseGoneError            no running workflow holds this case
├── EngineRefusedError       the engine will never take this message: a dead letter
├── NothingReleasedError     no runbook is released that the report could run on
├── OutsideSilentError       a witness or a time-stamping authority did not answer
└── KeysUnusableError        the door's keys on disk cannot be used
"""


class GatewayError(Exception):
    """The root of the tree; `mend` says what to do."""

    mend = "Look at `escalate doctor`."


class EngineUnavailableError(GatewayError):
    """The engine did not answer in time, or said that it is overloaded."""

    mend = "Nothing: it is tried again until it answers. `escalate engine` says what is wrong."


class CaseGoneError(GatewayError):
    """The case is not running: closed, or never started here."""

    mend = "Look at the case page: a closed case takes no acts."


class EngineRefusedError(GatewayError):
    """The message is malformed in the engine's eyes; sending it again changes nothing."""

    mend = "Look at `escalate deliveries list`: it is kept there as a dead letter."


class NothingReleasedError(GatewayError):
    """Neither the routed runbook nor the default pathway has a release."""

    mend = "Release a runbook: `escalate runbook release`."


class OutsideSilentError(GatewayError):
    """There was no answer in time, or none that can be one; it is asked again."""

    mend = "Nothing: it is asked again. `escalate doctor --live` says what it answers."


class KeysUnusableError(GatewayError):
    """A key file is missing, readable by others, or not a key."""

    mend = "Restore the keys folder from the backup, with permissions 0600."
