"""Counts the votes again: each round against the rule in the runbook document, from the journal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue, ValidationError

from audit.independence import Independent
from cases.gate import RoundState, Vote, tally
from cases.journal import Entry, Kind
from runbooks.plan import GateRule, Pathway
from runbooks.quorums import roles_named

_LEVELS = ("L0", "L1", "L2", "L3")


@dataclass
class _Asked:
    """A round as its entries tell it."""

    approve: dict[str, int] = field(default_factory=dict)
    reject: dict[str, int] = field(default_factory=dict)
    question: str = ""
    votes: dict[str, Vote] = field(default_factory=dict)
    state: str | None = None


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

    def _follow(self, pathway: Pathway) -> None:
        self._rules = {stage.name: stage.gate for stage in pathway.stages if stage.gate}
        self._backups = {
            stage.name: {late.page: late.instead_of for late in stage.late if late.instead_of}
            for stage in pathway.stages
        }

    def check(self, entries: Sequence[Entry]) -> Iterator[str]:
        """Every round that was not decided as its rule says."""
        for entry in entries:
            match entry.kind:
                case Kind.ROUND_OPENED:
                    yield from self._opened(entry)
                case Kind.VOTE_CAST:
                    yield from self._cast(entry)
                case Kind.VOTE_WITHDRAWN:
                    self._round(entry).votes.pop(str(entry.body.get("who")), None)
                case Kind.CONFLICT_DECLARED:
                    self._conflict(entry)
                case Kind.CASE_MIGRATED:
                    yield from self._migrated(entry)
                case Kind.INTAKE_ANSWERED | Kind.DECIDERS_PINNED:
                    self._independent.note(entry)
                case Kind.STAGE_COMPLETED:
                    who = str(entry.body.get("by"))
                    yield from self._independent.check(entry, who, str(entry.body.get("stage")))
                case Kind.STAGE_LEFT:
                    self._did(str(entry.body.get("stage")), str(entry.body.get("by")))
                case Kind.ROUND_SUPERSEDED | Kind.ROUND_CLOSED:
                    yield from self._closed(entry)
                case _:
                    continue
        if entries and entries[-1].kind in (Kind.CASE_CLOSED, Kind.CASE_CANCELLED):
            yield from self._left_open()

    def _left_open(self) -> Iterator[str]:
        for (gate, number), round_ in self._rounds.items():
            if round_.state is None:
                yield f"{gate} round {number}: the case closed while it was open"

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
            case "ask":
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
        round_.votes[vote.person] = vote
        if round_.state is not None:
            yield f"entry {entry.sequence}: a vote in a round that was over"
        if rule is None:
            return
        if vote.person in self._out:
            yield f"entry {entry.sequence}: {vote.person} had declared a conflict"
        if _LEVELS.index(vote.assurance.value) < _LEVELS.index(rule.assurance.value):
            yield f"entry {entry.sequence}: the gate needs {rule.assurance.value}"
        if not _may(rule, round_, vote, self._backups[gate]):
            yield f"entry {entry.sequence}: {vote.role} has no vote in this round"
        yield from self._independent.check(entry, vote.person, gate)
        for stage in rule.not_the_same_person_as:
            if vote.person in self._done.get(stage, set()) | self._voters(stage):
                yield f"entry {entry.sequence}: {vote.person} also decided {stage}"

    def _closed(self, entry: Entry) -> Iterator[str]:
        round_ = self._round(entry)
        state = str(entry.body.get("state"))
        rule = self._rules.get(str(entry.body.get("gate")))
        if round_.state is not None:
            yield f"entry {entry.sequence}: the round was over before"
        round_.state = state
        decided = ("approved", "rejected", "more-information", "split")
        if rule is None or state not in decided or entry.body.get("because") == "dissent":
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
            veto=rule.veto if round_.question == "ask" else (),
            stand_in=stand_in.allow if stand_in is not None else {},
            approval_prevails=rule.approval_prevails,
        )

    def _conflict(self, entry: Entry) -> None:
        person = str(entry.body.get("who"))
        self._out.add(person)
        for (gate, _), round_ in self._rounds.items():
            if gate == entry.body.get("stage") and round_.state is None:
                round_.votes.pop(person, None)

    def _did(self, stage: str, person: str) -> None:
        self._done.setdefault(stage, set()).add(person)

    def _voters(self, stage: str) -> set[str]:
        return {
            person
            for (gate, _), round_ in self._rounds.items()
            if gate == stage and round_.state != "superseded"
            for person in round_.votes
        }

    def _round(self, entry: Entry) -> _Asked:
        number = entry.body.get("round")
        key = (str(entry.body.get("gate")), number if isinstance(number, int) else 0)
        return self._rounds.setdefault(key, _Asked())


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
        }
    )


def _may(
    rule: GateRule, round_: _Asked, vote: Vote, backups: Mapping[str | None, str | None]
) -> bool:
    if vote.on_behalf_of is not None:
        return round_.question == "ask" and backups.get(vote.role) == vote.on_behalf_of
    roles = set(roles_named(round_.approve, round_.reject))
    if round_.question == "ask":
        roles |= set(rule.veto)
        if rule.silence.stand_in is not None:
            roles |= set(rule.silence.stand_in.allow)
    return vote.role in roles
