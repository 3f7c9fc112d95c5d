"""What can go wrong before the first case is touched.

NotSetUpError             something an installation needs is not there; `mend` says what to do
EngineError
├── EngineNotFoundError   no Temporal to use: every way was tried, and says why it failed
├── EngineStartError      a server was started and did not come up; the message ends with its log
├── EngineBuildError      the pinned build could not be made
└── EngineUseError        something was asked of an engine that its kind cannot do
"""


class NotSetUpError(RuntimeError):
    """The installation lacks something it cannot do without."""

    def __init__(self, message: str, *, mend: str) -> None:
        super().__init__(f"{message}. {mend}")
        self.mend = mend


class EngineError(RuntimeError):
    """Temporal cannot be had as asked."""


class EngineNotFoundError(EngineError):
    """No Temporal to use."""


class EngineStartError(EngineError):
    """A server was started and did not come up."""


class EngineBuildError(EngineError):
    """The pinned build could not be made."""


class EngineUseError(EngineError):
    """Something was asked of an engine that its kind cannot do."""
