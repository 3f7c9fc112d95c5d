"""What a case's journal says of when things began to wait, and how long they did."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue

from cases.acts import Complete, Decide, Memo, Receipt, Reply
from cases.envelope import Act
from cases.journal import Entry, Kind
from workers.backtest.outcome import UNPROVEN

MINUTE = timedelta(minutes=1)
_ACTIONS = frozenset(
    {
        Kind.EFFECT_INTENDED,
        Kind.EFFECT_HELD_BACK,
        Kind.EFFECT_DONE,
        Kind.EFFECT_MANUAL,
        Kind.EFFECT_FAILED,
        Kind.EFFECT_SETTLED,
    }
)


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
        self.effects: dict[str, tuple[str, int]] = {}
        self.intended: dict[str, timedelta] = {}
        self.by_hand: set[str] = set()
        self.slow: dict[str, timedelta] = {}
        self.requests: dict[str, timedelta] = {}
        self.performed: dict[str, timedelta] = {}
        self.came: dict[str, timedelta] = {}
        """By its commitment: when something that came in took effect."""
        self.refused: set[str] = set()
        self.unproven: set[str] = set()
        self.delivered: dict[str, timedelta] = {}
        self._named: Counter[str] = Counter()
        self._here: tuple[str, int] | None = None
        for entry in entries:
            self._take(entry)

    def since(self, at: datetime) -> timedelta:
        """The time since the case was opened."""
        return at - self.opened

    def _take(self, entry: Entry) -> None:
        body, at = entry.body, self.since(entry.at)
        for commitment in (body.get("input"), body.get("result")):
            if isinstance(commitment, str):
                self.came.setdefault(commitment, at)
                if entry.kind is Kind.ACT_REFUSED:
                    proven = body.get("who") != UNPROVEN
                    (self.refused if proven else self.unproven).add(commitment)
        if entry.kind in _ACTIONS:
            self._action(entry.kind, body, at)
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
            case Kind.INFORMATION_ASKED | Kind.HANDOVER_ASKED:
                self.requests[str(body.get("request"))] = at
            case Kind.REPORT_RECEIVED | Kind.TICKET_CHANGED:
                self.delivered.setdefault(str(body.get("delivery")), at)
            case _:
                return

    def _action(self, kind: Kind, body: dict[str, JsonValue], at: timedelta) -> None:
        name, key = str(body["effect"]), str(body["key"])
        if kind in (Kind.EFFECT_INTENDED, Kind.EFFECT_HELD_BACK):
            self._intended(name, key, at)
            return
        if kind is Kind.EFFECT_DONE:
            taken = at - self.intended.get(key, at)
            if taken > MINUTE:
                self.slow[name] = taken
        else:
            self.by_hand.add(name)
        if body.get("state") == "done":
            self.performed.setdefault(name, at)

    def _intended(self, name: str, key: str, at: timedelta) -> None:
        if key not in self.effects:
            self._named[name] += 1
            self.effects[key] = name, self._named[name]
        self.intended[key] = at

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
            case _:
                return at
