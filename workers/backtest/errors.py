"""What can be wrong with cases that are to be played again.

BacktestError
└── CasesUnreadableError    a folder holds neither a simulated week nor an export, or a broken one
"""


class BacktestError(Exception):
    """A backtest cannot be made."""


class CasesUnreadableError(BacktestError):
    """The folder cannot be read as cases."""

    def __init__(self, folder: str, why: str) -> None:
        super().__init__(f"{folder}: {why}")
        self.folder = folder
