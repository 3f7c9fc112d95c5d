"""Counts the votes again: each round against the rule in the runbook document, from the journal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue, ValidationError

from audit.broken_glass import check_glass, check_hand, who
from audit.humans import Humans
from audit.independence import Independent
from audit.tasks import Tasks
from cases.acts import Verdict
from cases.gate import RoundState, Vote, tally
from cases.journal import Entry, Kind
from cases.tasks import REVIEW
from cases.ways_back import back_to
from runbooks.plan import GateRule, Pathway
from runbooks.quorums import roles_named

_LEVELS = ("L0", "L1", "L2", "L3")
_WHOLE = ("ask", "correction")


@dataclass
class _Asked:
    """A round as its entries tell it."""

    approve: dict[str, int] = field(default_factory=dict)
    reject: dict[str, int] = field(default_factory=dict)
    question: str = ""
    votes: dict[str, Vote] = field(default_factory=dict)
    state: str | None = None
    hands: list[Entry] = field(default_factory=list)
    """Who began to break the glass."""
    revoked: bool = False

    @property
    def whole(self) -> bool:
        """Whether the whole gate was asked, and not one named role."""
        return self.question in _WHOLE

    def drop(self, names: set[str]) -> None:
        """No vote is bound to these names any more."""
        self.votes = {by: vote for by, vote in self.votes.items() if not names & vote.names}


class Count:
    """The rounds of a case, rebuilt from its entries."""

    def __init__(self, pathway: Pathway, *, later: Mapping[str, Pathway] | None = None) -> None:
        """Counts by `pathway`, and from each migration on by that of its digest in `later`."""
        self._later = later or {}
        self._follow(pathway)
        self._independent = Independent(pathway)
        self._rounds: dict[tuple[str, int], _Asked] = {}
        self._done: dict[str, set[str]] = {}
        self._out: set[str] = set()
        self._humans = Humans()
        self._tasks = Tasks()
        self._by_disposition = False
        self._takers: Mapping[Kind, Callable[[Entry], Iterator[str]]] = {
            Kind.ROUND_OPENED: self._opened,
            Kind.VOTE_CAST: self._cast,
            Kind.VOTE_WITHDRAWN: self._withdrawn,
            Kind.DECISION_REVOKED: self._revoked,
            Kind.GLASS_BEGUN: self._reached,
            Kind.GLASS_BROKEN: self._broken,
            Kind.TASK_OPENED: self._task,
            Kind.TASK_HANDED_ON: self._task,
            Kind.TASK_SETTLED: self._task,
            Kind.TASK_FELL_AWAY: self._task,
            Kind.TASK_OWED_AGAIN: self._task,
            Kind.CONFLICT_DECLARED: self._conflict,
            Kind.CASE_MIGRATED: self._migrated,
            Kind.CASE_CLOSING: self._closing,
            Kind.CANCELLED_ALONG: self._closing,
            Kind.INTAKE_ANSWERED: self._learnt,
            Kind.DECIDERS_PINNED: self._learnt,
            Kind.STAGE_COMPLETED: self._completed,
            Kind.STAGE_LEFT: self._left,
            Kind.ROUND_SUPERSEDED: self._closed,
            Kind.ROUND_CLOSED: self._closed,
        }

    def _follow(self, pathway: Pathway) -> None:
        self._dispositions = frozenset(pathway.closure.dispositions)
        self._rules = {stage.name: stage.gate for stage in pathway.stages if stage.gate}
        self._backups = {
            stage.name: {late.page: late.instead_of for late in stage.late if late.instead_of}
            for stage in pathway.stages
        }

    def check(self, entries: Sequence[Entry]) -> Iterator[str]:
        """Every round that was not decided as its rule says."""
        for entry in entries:
            take = self._takers.get(entry.kind)
            if take is not None:
                yield from take(entry)
        if entries and entries[-1].kind in (Kind.CASE_CLOSED, Kind.CASE_CANCELLED):
            yield from self._left_open()

    def _left_open(self) -> Iterator[str]:
        for (gate, number), round_ in self._rounds.items():
            if round_.state is None:
                yield f"{gate} round {number}: the case closed while it was open"
            if round_.revoked and self._by_disposition and not self._decided_since(gate, number):
                yield f"{gate} round {number}: taken back, and nothing was decided since"
        if self._by_disposition:
            yield from self._tasks.left_open()

    def _decided_since(self, gate: str, number: int) -> bool:
        return any(
            (of, after > number) == (gate, True) and other.state in ("approved", "rejected")
            for (of, after), other in self._rounds.items()
        )

    def _closing(self, entry: Entry) -> Iterator[str]:
        """Somebody ends the case; only an ending of the runbook asks for all that is owed."""
        self._by_disposition = entry.body.get("disposition") in self._dispositions
        yield from ()

    def _learnt(self, entry: Entry) -> Iterator[str]:
        self._independent.note(entry)
        yield from ()

    def _completed(self, entry: Entry) -> Iterator[str]:
        by = str(entry.body.get("by"))
        self._humans.note(entry, by)
        for name in sorted(self._humans.of([by])):
            yield from self._independent.check(entry, name, str(entry.body.get("stage")))

    def _left(self, entry: Entry) -> Iterator[str]:
        if back_to(str(entry.body.get("outcome"))) is None:
            self._did(str(entry.body.get("stage")), str(entry.body.get("by")))
        yield from ()

    def _withdrawn(self, entry: Entry) -> Iterator[str]:
        voter = entry.body.get("voter") or entry.body.get("who")
        self._round(entry).votes.pop(str(voter), None)
        yield from ()

    def _task(self, entry: Entry) -> Iterator[str]:
        round_ = self._rounds.get(self._tasks.about(entry))
        hands = round_.hands if round_ is not None else []
        self._humans.note(entry, str(entry.body.get("by")))
        yield from self._tasks.check(entry, self._humans.of(map(who, hands)), self._humans.of)
        if round_ is not None and entry.body.get("state") == "overturned":
            round_.revoked = True

    def _migrated(self, entry: Entry) -> Iterator[str]:
        pathway = self._later.get(str(entry.body.get("digest")))
        if pathway is None:
            yield f"entry {entry.sequence}: the rules it moved to are not known"
            return
        self._follow(pathway)
        self._independent.follow(pathway)

    def _opened(self, entry: Entry) -> Iterator[str]:
        rule = self._rules.get(str(entry.body.get("gate")))
        round_ = self._round(entry)
        round_.approve = _numbers(entry.body.get("approve"))
        round_.reject = _numbers(entry.body.get("reject"))
        round_.question = str(entry.body.get("question"))
        if rule is None:
            yield f"entry {entry.sequence}: the runbook has no such gate"
            return
        allowed: list[tuple[dict[str, int], dict[str, int]]] = []
        match entry.body.get("question"):
            case "ask" | "correction":
                allowed = [(dict(rule.approve), dict(rule.reject))]
            case "split" if rule.split is not None:
                allowed = [({rule.split.to: 1}, {rule.split.to: 1})]
            case "dissent" if rule.dissent is not None:
                allowed = [({rule.dissent.to: 1}, {rule.dissent.to: 1})]
            case "ratify" if rule.silence.stand_in and rule.silence.stand_in.ratify:
                by = rule.silence.stand_in.ratify.by
                allowed = [({by: 1}, {by: 1})]
        if (round_.approve, round_.reject) not in allowed:
            yield f"entry {entry.sequence}: the round asks others than the runbook names"

    def _cast(self, entry: Entry) -> Iterator[str]:
        gate = str(entry.body.get("gate"))
        rule = self._rules.get(gate)
        round_ = self._round(entry)
        try:
            vote = _vote(entry)
        except ValidationError:
            yield f"entry {entry.sequence}: the vote cannot be read"
            return
        replaced = entry.body.get("replaces")
        round_.votes = {by: kept for by, kept in round_.votes.items() if kept.act != replaced}
        names = self._humans.of(vote.names)
        if any(names & kept.names for by, kept in round_.votes.items() if by != vote.person):
            yield f"entry {entry.sequence}: {vote.person} has two votes in one round"
        round_.votes[vote.person] = vote
        if round_.state is not None:
            yield f"entry {entry.sequence}: a vote in a round that was over"
        if rule is None:
            return
        if vote.acting_for is not None and not rule.delegable:
            yield f"entry {entry.sequence}: nobody votes here in the place of another"
        if _LEVELS.index(vote.assurance.value) < _LEVELS.index(rule.assurance.value):
            yield f"entry {entry.sequence}: the gate needs {rule.assurance.value}"
        if not _may(rule, round_, vote, self._backups[gate]):
            yield f"entry {entry.sequence}: {vote.role} has no vote in this round"
        for name in sorted(vote.names):
            yield from self._independent.check(entry, name, gate)
        yield from self._barred(entry, rule, set(vote.names))

    def _closed(self, entry: Entry) -> Iterator[str]:
        round_ = self._round(entry)
        state = str(entry.body.get("state"))
        rule = self._rules.get(str(entry.body.get("gate")))
        if round_.state is not None:
            yield f"entry {entry.sequence}: the round was over before"
        round_.state = state
        decided = ("approved", "rejected", "more-information", "split")
        because = entry.body.get("because")
        if rule is None or state not in decided or because == "dissent":
            return
        if because == REVIEW:
            yield from check_glass(entry, round_.hands, rule.break_glass, self._humans)
            return
        counted = self._tally(round_, rule)
        if counted.value != state:
            yield f"entry {entry.sequence}: recorded as {state}, the votes say {counted.value}"

    def _tally(self, round_: _Asked, rule: GateRule) -> RoundState:
        stand_in = rule.silence.stand_in
        return tally(
            round_.votes.values(),
            approve=round_.approve,
            reject=round_.reject,
            veto=rule.veto if round_.whole else (),
            stand_in=stand_in.allow if stand_in is not None else {},
            approval_prevails=rule.approval_prevails,
        )

    def _conflict(self, entry: Entry) -> Iterator[str]:
        person = who(entry)
        self._humans.note(entry, person)
        self._out.add(person)
        for (gate, _), round_ in self._rounds.items():
            if gate == entry.body.get("stage") and round_.state is None:
                round_.drop(self._humans.of([person]))
        yield from ()

    def _revoked(self, entry: Entry) -> Iterator[str]:
        """A decision was taken back: by somebody whose vote it rested on."""
        round_ = self._round(entry)
        round_.revoked = True
        principal = entry.body.get("acting_for")
        names = self._humans.of([who(entry), *([str(principal)] if principal else [])])
        vote = next((vote for vote in round_.votes.values() if names & vote.names), None)
        if vote is None or not _carried(vote, round_.state):
            yield f"entry {entry.sequence}: the decision did not rest on a vote of theirs"

    def _reached(self, entry: Entry) -> Iterator[str]:
        """Somebody began to break the glass, or was the second to."""
        gate = str(entry.body.get("gate"))
        rule = self._rules.get(gate)
        yield from check_hand(entry, rule.break_glass if rule is not None else None)
        self._humans.note(entry, who(entry))
        if rule is not None:
            yield from self._barred(entry, rule, {who(entry)})
        self._round(entry).hands.append(entry)

    def _broken(self, entry: Entry) -> Iterator[str]:
        hands = self._round(entry).hands[-2:]
        if entry.body.get("acts") != [hand.body.get("act") for hand in hands]:
            yield f"entry {entry.sequence}: the glass was broken by other acts than it says"
        for hand in hands:
            self._did(str(entry.body.get("gate")), who(hand))

    def _barred(self, entry: Entry, rule: GateRule, names: set[str]) -> Iterator[str]:
        """Who declared a conflict, or decided a stage whose deciders have no say here."""
        humans = self._humans.of(names)
        if humans & self._humans.of(self._out):
            yield f"entry {entry.sequence}: {who(entry)} had declared a conflict"
        for stage in rule.not_the_same_person_as:
            if humans & self._humans.of(self._done.get(stage, set()) | self._voters(stage)):
                yield f"entry {entry.sequence}: {who(entry)} also decided {stage}"

    def _did(self, stage: str, person: str) -> None:
        self._done.setdefault(stage, set()).add(person)

    def _voters(self, stage: str) -> set[str]:
        return {
            person
            for (gate, _), round_ in self._rounds.items()
            if gate == stage and round_.state != "superseded"
            for vote in round_.votes.values()
            if vote.verdict is not Verdict.ABSTAIN
            for person in vote.names
        }

    def _round(self, entry: Entry) -> _Asked:
        number = entry.body.get("round")
        key = (str(entry.body.get("gate")), number if isinstance(number, int) else 0)
        return self._rounds.setdefault(key, _Asked())


def _carried(vote: Vote, state: str | None) -> bool:
    return vote.verdict.approves if state == "approved" else vote.verdict is Verdict.REJECT


def _numbers(value: JsonValue) -> dict[str, int]:
    if not isinstance(value, dict):
        return {}
    return {role: number for role, number in value.items() if isinstance(number, int)}


def _vote(entry: Entry) -> Vote:
    said = entry.body
    return Vote.model_validate(
        {
            "person": said.get("who"),
            "role": said.get("role"),
            "verdict": said.get("verdict"),
            "reason": said.get("reason") or "",
            "at": datetime.fromisoformat(str(said.get("signed"))),
            "act": said.get("act"),
            "assurance": said.get("assurance"),
            "door": said.get("door"),
            "key": said.get("key"),
            "instead_of": said.get("instead_of"),
            "on_behalf_of": said.get("on_behalf_of"),
            "acting_for": said.get("acting_for"),
            "also": said.get("also") or (),
        }
    )


def _may(
    rule: GateRule, round_: _Asked, vote: Vote, backups: Mapping[str | None, str | None]
) -> bool:
    if vote.on_behalf_of is not None:
        return round_.whole and backups.get(vote.role) == vote.on_behalf_of
    roles = set(roles_named(round_.approve, round_.reject))
    if round_.whole:
        roles |= set(rule.veto)
        if rule.silence.stand_in is not None:
            roles |= set(rule.silence.stand_in.allow)
    return vote.role in roles
