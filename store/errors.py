"""What can go wrong with the store.

    StoreError
    ├── StoreUnavailable     disk full, database down or locked: nothing was done, try again
    ├── StoreOutdated        the schema is older or newer than this code
    ├── StoreMisconfigured   the URL or the key file cannot be used
    ├── UnknownCase          no case of that id
    ├── UnknownKey           a case key, or the key that wraps it, is not there
    │   └── ContentErased    the key was destroyed on purpose: nobody can open this any more
    ├── EpochInUse           a key-encryption key wraps something still
    ├── NoNewKey             a rotation needs a key that a person has to bring
    ├── UnknownObject        no object of that digest
    ├── UnknownRow           no delivery, act or message of that key
    ├── BrokenSeal           sealed bytes were altered, or belong somewhere else
    ├── JournalGap           an entry does not follow anything that is stored
    ├── LogBehind            a decision or effect waits until the log has its entry
    └── BackupFailed         a copy could not be made or used
        └── ProgramMissing   Postgres's own program for it is not on this machine

Answers are not errors: a known delivery, a duplicate act or a closed round come back as values.
"""


class StoreError(Exception):
    """The store refuses or cannot answer; `mend` says what a person can do."""

    mend = ""


class StoreUnavailable(StoreError):
    """The database cannot be used now: nothing was done, and the same call may be made again."""

    mend = "look at the database's disk, process and network; then `escalate doctor --live`"

    def __init__(self, what: str, *, mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend or self.mend


class LogBehind(StoreError):
    """What was asked for waits until the log has an entry: ask again in a moment."""

    mend = (
        "it goes on by itself when a gateway can write the transparency log again: "
        "`escalate log show` says what stops it; `escalate log break-glass` goes on without"
    )

    def __init__(self) -> None:
        super().__init__("the transparency log does not cover the entry yet")


class StoreOutdated(StoreError):
    """The schema and this code do not fit together."""

    def __init__(self, *, found: str | None, wanted: str) -> None:
        if found is None:
            text = f"the store is empty; this code wants schema {wanted}"
        else:
            text = f"the store has schema {found}; this code wants {wanted}"
        self.mend = (
            "run `escalate up`, which migrates the store, or start the release it was made by"
        )
        super().__init__(f"{text}: {self.mend}")
        self.found = found
        self.wanted = wanted


class StoreMisconfigured(StoreError):
    """A setting of the store cannot be used."""

    mend = "see `escalate config reference`: store_url, kek_file, wrapping"


class UnknownCase(StoreError):
    """There is no case of that id."""

    def __init__(self, case: str) -> None:
        super().__init__(f"no case {case}")
        self.case = case


class UnknownKey(StoreError):
    """A key that the bytes name is not there, or the key that wraps it was not handed in."""

    mend = "restore the keys with the store, or hand in the key-encryption key it was made with"


class EpochInUse(StoreError):
    """The epoch wraps keys, or is the one that wraps what is new: nothing was destroyed."""

    mend = "`escalate keys rotate-kek` wraps every key anew; `escalate keys list` shows the rest"

    def __init__(self, name: str, *, wraps: int | None) -> None:
        why = f"wraps {wraps} keys" if wraps else "is no epoch that another has followed"
        super().__init__(f"key-encryption key {name} {why}")
        self.name = name
        self.wraps = wraps


class NoNewKey(StoreError):
    """The key that a rotation would begin with is not there."""

    def __init__(self, mend: str) -> None:
        super().__init__("there is no new key-encryption key to begin an epoch with")
        self.mend = mend


class ContentErased(UnknownKey):
    """The case's content was erased: the key these bytes were sealed with is destroyed."""

    mend = "`escalate case erasure` shows who asked for it, who agreed, and what is left"

    def __init__(self, case: str) -> None:
        super().__init__(f"{case}: its content was erased")
        self.case = case


class UnknownObject(StoreError):
    """There is no object of that digest."""

    mend = "restore the store: pinned rows are never deleted"

    def __init__(self, digest: str) -> None:
        super().__init__(f"no object {digest}")
        self.digest = digest


class UnknownRow(StoreError):
    """There is no row of that key."""

    def __init__(self, what: str, key: str) -> None:
        super().__init__(f"no {what} {key}")
        self.key = key


class BrokenSeal(StoreError):
    """Sealed bytes do not open: altered, cut, or sealed for another place."""

    mend = "restore the row from a backup, and find out who wrote to the database"


class JournalGap(StoreError):
    """An entry does not follow anything that is stored for its case."""

    mend = "the store may be older than the engine: `escalate restore` reconciles them"

    def __init__(self, case: str, sequence: int) -> None:
        super().__init__(f"{case}: entry {sequence} follows nothing that is stored")
        self.case = case
        self.sequence = sequence


class BackupFailed(StoreError):
    """A backup could not be made or used; what was there before is untouched."""


class ProgramMissing(BackupFailed):
    """A program of Postgres's that does the copying is not on this machine."""

    mend = (
        "install the client programs of your Postgres's version, on Debian `apt-get install "
        "postgresql-client`, or put them on the PATH"
    )

    def __init__(self, program: str) -> None:
        super().__init__(f"there is no {program} on the PATH or in Debian's place: {self.mend}")
        self.program = program
