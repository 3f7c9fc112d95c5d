"""What can go wrong before an audit can say anything.

AuditError
├── ExportRefusedError   nothing was written: the directory exists, or there is nothing to export
├── ExportUnreadableError   the directory is not an export that this release can read
└── HistoryMissingError  Temporal no longer has the case's history
"""


class AuditError(Exception):
    """An audit command cannot do its work; the message says what to do."""


class ExportRefusedError(AuditError):
    """Nothing was written."""


class ExportUnreadableError(AuditError):
    """A file of the export cannot be read strictly; `file` is its name."""

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file}: {why}")
        self.file = file
        self.why = why


class HistoryMissingError(AuditError):
    """Temporal has no history of the case: retention has passed, or it never ran."""
