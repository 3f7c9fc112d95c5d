"""What a replay found: each difference with the place where it was found."""

from enum import StrEnum

from cases.journal import Entry
from cases.values import Value

SHOWN = 160
"""How much of a value a finding repeats."""


class Rule(StrEnum):
    """What a history must satisfy."""

    SHAPE = "shape"
    """Event ids gapless, times possible, whoever began something ended it."""
    TERMINAL = "terminal"
    """The history ends, and the ends of runs meet."""
    INPUT = "input"
    """A run begins with what the one before handed over."""
    REPLAY = "replay"
    """Temporal's own replay: the code asks for the same things in the same order."""
    COMMAND = "command"
    """The code asks for exactly what the history says it asked for."""
    JOURNAL = "journal"
    """The replay writes the stored journal, byte for byte."""
    COMMITMENT = "commitment"
    """What came in is committed to by the entry it caused."""


class Finding(Value):
    """One difference, at its event."""

    rule: Rule
    run: str = ""
    event_id: int = 0
    """0: the run as a whole."""
    what: str
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        place = f"event {self.event_id}" if self.event_id else "run"
        said = f"{self.rule.value}: {place}: {self.what}"
        if self.expected or self.found:
            said += f": expected {self.expected or 'nothing'}, found {self.found or 'nothing'}"
        return said


class Replayed(Value):
    """What strict replay says of a case."""

    findings: tuple[Finding, ...] = ()
    open: bool = False
    """The last run has not ended: what is there holds, but it is not everything."""
    runs: int = 0
    events: int = 0
    commands: int = 0
    """How many commands were compared."""
    entries: int = 0
    """How many journal entries were derived and compared."""
    shadow: bool = False
    """It is a case that ran beside today's process."""
    derived: tuple[Entry, ...] = ()
    """The journal as the replay writes it."""

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return not self.findings


def shown(value: object) -> str:
    """The value as a finding repeats it."""
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"
