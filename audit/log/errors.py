"""What can go wrong with the log.

LogError
├── LogUnreadableError   a note, checkpoint, proof, key or bundle is not spelt as C2SP says
├── NoteRefusedError     no trusted key signed the note, or a signature does not hold
├── LogUnwritableError   the directory of the log cannot be read or written: try again
└── LogDamagedError      the stored log contradicts its own checkpoint: nothing more is signed
"""

from pathlib import Path


class LogError(Exception):
    """The root of the tree; `mend` says what to do."""

    mend = "Look at `escalate log show` and `escalate doctor`."


class LogUnreadableError(LogError):
    """The bytes have no, or no single, meaning."""


class NoteRefusedError(LogError):
    """The text must be ignored: nobody who is trusted signed it."""


class LogUnwritableError(LogError):
    """The file system refused: nothing was published, and the same may be tried again."""

    mend = "Look at the disk of the log's directory: full, read-only, or gone."

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(f"{folder}: {error.strerror or type(error).__name__}")


class LogDamagedError(LogError):
    """What is stored is not what was signed."""

    mend = (
        "Nothing is signed until this is understood: compare with a checkpoint kept elsewhere "
        "(`escalate log checkpoint --since FILE`), then restore the store from its backup."
    )
