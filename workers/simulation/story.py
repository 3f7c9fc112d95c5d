"""What became of one case, read out of its journal in whole minutes: the same for the same seed.

Nothing here depends on how fast the machine was: an entry counts in the minute it was planned for.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from cases.batches import WATCH
from cases.journal import Entry, Kind
from runbooks.plan import Severity
from workers.simulation.outside import Told
from workers.simulation.play import Played

HUMAN = frozenset(
    {
        Kind.ACKNOWLEDGED,
        Kind.STAGE_COMPLETED,
        Kind.VOTE_CAST,
        Kind.MEMO_WRITTEN,
        Kind.INTAKE_ANSWERED,
        Kind.ASSIGNED,
        Kind.SEVERITY_SET,
        Kind.HELD,
    }
)
SYSTEM = "escalate"


@dataclass(frozen=True)
class Passage:
    """A stage, from when to when, and how it was left."""

    stage: str
    entered: int
    left: int
    outcome: str


@dataclass(frozen=True)
class Running:
    """A clock of the case: since when, when it was due, and whether that was missed."""

    clock: str
    began: int
    due: int | None
    first_due: int | None
    """When it was due as it began, before anything stopped or moved it."""
    ended: int
    breached: bool
    staged: bool
    """A target of a stage or round, not one of the runbook's clocks."""

    @property
    def name(self) -> str:
        """What it is called, whichever passage it belongs to: `legal-review`, `EU-TCO3-1h`."""
        if self.clock.startswith(WATCH):
            # The rest of it is the key of one effect of one case.
            return WATCH.removesuffix("/")
        return self.clock.partition("#")[0].rpartition("/")[0] or self.clock.partition("#")[0]


@dataclass(frozen=True)
class Deed:
    """One thing that was done, for a picture: when, what, by whom."""

    minute: int
    what: str
    who: str


@dataclass
class Story:
    """A case as it went."""

    played: Played
    severity: Severity
    passages: list[Passage] = field(default_factory=list)
    clocks: list[Running] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    rounds: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(gate, how a round of it ended)."""
    refusals: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)
    steps: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(clock, late step) that was reached."""
    rows: Counter[str] = field(default_factory=Counter)
    """Rows of the severity table that fired."""
    effects: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(effect, how it ended)."""
    first_human: int | None = None
    ended: int = 0
    disposition: str = ""
    cancelled: bool = False

    @property
    def told(self) -> list[Told]:
        """Who was told what, in a settled order."""
        told = self.played.placed.told.values()
        return sorted(told, key=lambda one: (one.minute, one.person, one.purpose))

    @property
    def breaches(self) -> int:
        """How many clocks ran out."""
        return sum(clock.breached for clock in self.clocks)

    @property
    def closed(self) -> bool:
        """Whether it came to its end."""
        return bool(self.disposition)


def story_of(played: Played) -> Story:
    """The case's journal, read from its first entry to its last."""
    return _Reader(played).read()


@dataclass
class _Reader:
    """Reads one journal."""

    played: Played
    entered: tuple[str, int] | None = None
    running: dict[str, dict[str, int | bool | None]] = field(default_factory=dict)

    def read(self) -> Story:
        entries = sorted(self.played.placed.entries, key=lambda entry: entry.sequence)
        self.story = Story(self.played, severity=self.played.case.truth.severity)
        self.ended = max((self._minute(entry) for entry in entries), default=0)
        for entry in entries:
            self._take(entry)
        self.story.ended = self.ended
        self.story.clocks = list(self._clocks())
        return self.story

    def _minute(self, entry: Entry) -> int:
        return self.played.placed.minute(entry.at)

    def _take(self, entry: Entry) -> None:
        kind, body, minute = entry.kind, entry.body, self._minute(entry)
        who = _said(body, "by") or _said(body, "who")
        story = self.story
        if kind in HUMAN and who not in ("", SYSTEM):
            story.deeds.append(Deed(minute, kind.value, who))
            if story.first_human is None:
                story.first_human = minute
        match kind:
            case Kind.STAGE_ENTERED:
                self.entered = (_said(body, "stage"), minute)
            case Kind.STAGE_LEFT:
                self._left(minute, _said(body, "outcome"))
            case Kind.SEVERITY_ASSESSED:
                story.rows[_said(body, "row")] += 1
                story.severity = Severity(_said(body, "kept") or _said(body, "severity"))
            case Kind.SEVERITY_SET:
                story.severity = Severity(_said(body, "severity"))
            case Kind.ROUND_CLOSED | Kind.ROUND_SUPERSEDED:
                story.rounds[_said(body, "gate"), _said(body, "state")] += 1
            case Kind.ACT_REFUSED:
                story.refusals[_said(body, "why")] += 1
            case Kind.NOTICE_ENDED:
                story.notices[_said(body, "end")] += 1
            case Kind.EFFECT_DONE | Kind.EFFECT_MANUAL | Kind.EFFECT_FAILED | Kind.EFFECT_SETTLED:
                story.effects[_said(body, "effect"), kind.value.rpartition(":")[2]] += 1
            case Kind.CASE_CLOSED | Kind.CASE_CANCELLED:
                self._left(minute, _said(body, "disposition"))
                story.disposition = _said(body, "disposition")
                story.cancelled = kind is Kind.CASE_CANCELLED
                self.ended = minute
            case _:
                self._clock(kind, entry, minute)

    def _left(self, minute: int, outcome: str) -> None:
        if self.entered is not None:
            stage, since = self.entered
            self.story.passages.append(Passage(stage, since, minute, outcome))
            self.entered = None

    def _clock(self, kind: Kind, entry: Entry, minute: int) -> None:
        name = _said(entry.body, "clock")
        due = self.due(entry)
        match kind:
            case Kind.CLOCK_STARTED:
                first = {"began": minute, "breached": False, "first": due}
                known = self.running.setdefault(name, first)
                known["due"] = due
            case Kind.CLOCK_RESUMED | Kind.CLOCK_RESTARTED:
                self.running[name]["due"] = due
            case Kind.CLOCK_STOPPED | Kind.CLOCK_CANCELLED:
                self.running[name].setdefault("ended", minute)
            case Kind.CLOCK_BREACHED:
                self.running[name]["breached"] = True
                self.running[name]["due"] = due
            case Kind.CLOCK_REACHED:
                self.story.steps[name.partition("#")[0], _said(entry.body, "step")] += 1
            case _:
                return

    def due(self, entry: Entry) -> int | None:
        """The minute a clock is due, as that entry says."""
        due = entry.body.get("due")
        return self.played.placed.minute_of(due) if isinstance(due, str) else None

    def _clocks(self) -> Iterator[Running]:
        for name, known in self.running.items():
            ended = known.get("ended")
            due, first = known["due"], known["first"]
            yield Running(
                clock=name,
                began=int(known["began"] or 0),
                due=None if due is None else int(due),
                first_due=None if first is None else int(first),
                ended=self.ended if ended is None else int(ended),
                breached=bool(known["breached"]),
                staged="#" in name or "/" in name,
            )


def _said(body: object, name: str) -> str:
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, str) else ""
