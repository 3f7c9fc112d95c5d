"""What a case's journal says of when things began to wait, and how long they did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue

from cases.acts import Complete, Decide, Memo, Receipt, Reply
from cases.acts_on_tasks import Finish, HandOn
from cases.envelope import Act
from cases.journal import Entry, Kind
from workers.backtest.by_itself import Happening, happenings
from workers.backtest.naming import Names
from workers.backtest.outcome import UNPROVEN

MINUTE = timedelta(minutes=1)
_WAITS = (Kind.EFFECT_INTENDED, Kind.EFFECT_HELD_BACK)
_ENDS = (Kind.EFFECT_DONE, Kind.EFFECT_MANUAL, Kind.EFFECT_FAILED, Kind.EFFECT_SETTLED)
_ASKS = (Kind.INFORMATION_ASKED, Kind.HANDOVER_ASKED, Kind.UPDATE_ASKED)


@dataclass(frozen=True)
class Stay:
    """A stage or a round that was open for a time."""

    began: timedelta
    ended: timedelta | None = None
    outcome: str = ""

    @property
    def length(self) -> timedelta | None:
        """How long; None where it never ended."""
        return None if self.ended is None else self.ended - self.began


class Told:
    """A journal, by what is asked of it; times are counted from its first entry."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.opened = entries[0].at
        self.visits: dict[tuple[str, int], Stay] = {}
        self.rounds: dict[tuple[str, int], Stay] = {}
        self.names = Names()
        self.by_itself: tuple[Happening, ...] = tuple(happenings(entries, opened=self.opened))
        self.intended: dict[str, timedelta] = {}
        self.by_hand: set[str] = set()
        self.requests: dict[str, timedelta] = {}
        self.performed: dict[str, timedelta] = {}
        self.tasks: dict[str, timedelta] = {}
        self.came: dict[str, tuple[timedelta, int]] = {}
        """By its commitment: when something that came in took effect, and its journal's place."""
        self.refused: set[str] = set()
        self.unproven: set[str] = set()
        self.delivered: dict[str, tuple[timedelta, int]] = {}
        self._here: tuple[str, int] | None = None
        for entry in entries:
            self._take(entry)

    def since(self, at: datetime) -> timedelta:
        """The time since the case was opened."""
        return at - self.opened

    def _take(self, entry: Entry) -> None:
        body, at = entry.body, self.since(entry.at)
        self.names.take(entry)
        for commitment in (body.get("input"), body.get("result")):
            if isinstance(commitment, str):
                self.came.setdefault(commitment, (at, entry.sequence))
                if entry.kind is Kind.ACT_REFUSED:
                    proven = body.get("who") != UNPROVEN
                    (self.refused if proven else self.unproven).add(commitment)
        self._waiting(entry.kind, body, at)
        match entry.kind:
            case Kind.STAGE_ENTERED:
                self._here = str(body["stage"]), int(str(body["visit"]))
                self.visits[self._here] = Stay(at)
            case Kind.STAGE_LEFT | Kind.CASE_CLOSED | Kind.CASE_CANCELLED if self._here:
                began = self.visits[self._here].began
                said = str(body.get("outcome") or body.get("disposition") or "")
                self.visits[self._here] = Stay(began, at, said)
                self._here = None
            case Kind.ROUND_OPENED:
                self.rounds[str(body["gate"]), int(str(body["round"]))] = Stay(at)
            case Kind.ROUND_CLOSED | Kind.ROUND_SUPERSEDED:
                key = str(body["gate"]), int(str(body["round"]))
                if key in self.rounds:
                    self.rounds[key] = Stay(self.rounds[key].began, at, str(body["state"]))
            case Kind.REPORT_RECEIVED | Kind.TICKET_CHANGED:
                self.delivered.setdefault(str(body.get("delivery")), (at, entry.sequence))
            case _:
                return

    def _waiting(self, kind: Kind, body: dict[str, JsonValue], at: timedelta) -> None:
        """What somebody is to do beside the stage, from when on; and how effects ended."""
        if kind in _WAITS:
            self.intended[str(body["key"])] = at
        elif kind in _ENDS:
            self._ended(kind, body, at)
        elif kind in _ASKS:
            self.requests[str(body["request"])] = at
        elif kind in (Kind.TASK_OPENED, Kind.TASK_HANDED_ON):
            self.tasks[str(body["task"])] = at

    def _ended(self, kind: Kind, body: dict[str, JsonValue], at: timedelta) -> None:
        name = str(body["effect"])
        if kind is not Kind.EFFECT_DONE:
            self.by_hand.add(name)
        if body.get("state") == "done":
            self.performed.setdefault(name, at)

    def asked(self, act: Act, at: timedelta) -> timedelta:
        """When what the act answers had begun to wait."""
        match act.body:
            case Decide() if act.binding is not None:
                stay = self.rounds.get((act.binding.gate, act.binding.round))
                return stay.began if stay is not None else at
            case Complete() | Memo():
                name = act.body.stage if isinstance(act.body, Complete) else act.body.gate
                began = [s.began for (stage, _), s in self.visits.items() if stage == name]
                return max((instant for instant in began if instant <= at), default=at)
            case Receipt():
                return min(self.intended.get(act.body.effect, at), at)
            case Reply():
                return min(self.requests.get(act.body.request, at), at)
            case HandOn() | Finish():
                return min(self.tasks.get(act.body.task, at), at)
            case _:
                return at
