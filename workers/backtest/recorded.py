"""A case as an export tells it: what was reported, who did what when, and what the world answered.

Instants are kept as times since the case was opened: it is played again in another time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path

from temporalio.api.enums.v1 import EventType

from audit.commitments import case_input, inputs
from audit.errors import ExportUnreadableError
from audit.histories import CaseHistory, reopened_from
from audit.incoming import salt_of
from audit.payloads import only, read
from audit.reading import check_files
from audit.verify import read_export
from cases.acts import Answer
from cases.envelope import Act
from cases.journal import Entry, Kind
from workers.backtest.answers import Answers, answers_of
from workers.backtest.by_itself import Happening
from workers.backtest.errors import CasesUnreadableError
from workers.backtest.naming import Names
from workers.backtest.outcome import Outcome, outcome_of
from workers.backtest.told import MINUTE, Stay, Told
from workflows.messages import (
    JOINED_SIGNAL,
    REPORT_SIGNAL,
    TICKET_SIGNAL,
    CaseInput,
    ReportJoined,
    ReportReceived,
    TicketUpdated,
)

_BEYOND: Mapping[Kind, str] = {
    Kind.CASE_MERGED_AWAY: "then it became part of another case, by an act of that one",
    Kind.CANCELLED_ALONG: "then it was cancelled along with another case, by an act of that one",
    Kind.CASE_REOPENED: "then it was reopened: its first life is played",
    Kind.CASE_UNMERGED: "then it was parted from another case: its first life is played",
}
"""Where the playing of a case ends, because what follows rests on what is not its own."""

News = ReportReceived | ReportJoined | TicketUpdated

_MESSAGES: Mapping[str, type[News]] = {
    JOINED_SIGNAL: ReportJoined,
    REPORT_SIGNAL: ReportReceived,
    TICKET_SIGNAL: TicketUpdated,
}


@dataclass(frozen=True)
class Done:
    """An act of a person, when it took effect, and whether it was accepted."""

    at: timedelta
    signed: timedelta
    act: Act
    accepted: bool
    asked: timedelta
    """When what it answers had begun to wait."""
    place: int = 0
    """Where its entry stands in the journal."""

    @property
    def said(self) -> str:
        """The act in a few words."""
        return said_of(self.act.body, self.act.actor.person)


@dataclass(frozen=True)
class Message:
    """Something automation sent in: a further report, or a change of the ticket."""

    at: timedelta
    signal: str
    body: News
    place: int = 0

    def moved(self, shift: timedelta) -> News:
        """The same in another time."""
        return self.body.model_copy(update={"at": self.body.at + shift})


@dataclass(frozen=True)
class Recorded:
    """A whole case."""

    folder: str
    request: CaseInput
    opened: datetime
    until: timedelta
    """When its last entry was written."""
    closed: bool
    acts: tuple[Done, ...]
    messages: tuple[Message, ...]
    answers: Answers
    visits: Mapping[tuple[str, int], Stay]
    rounds: Mapping[tuple[str, int], Stay]
    names: Names
    """What its effects, requests and tasks are called by in every run."""
    by_itself: tuple[Happening, ...]
    """What it did by itself, in order."""
    by_hand: frozenset[str]
    """Effects that were a person's to settle."""
    performed: Mapping[str, timedelta]
    """When each effect was first done."""
    outcome: Outcome
    beyond: str = ""
    """Why what the record tells after that is not played; empty where all of it is."""

    @property
    def answered(self) -> dict[str, str]:
        """What was answered in the end."""
        answers = dict(self.request.answers)
        for done in self.acts:
            if done.accepted and isinstance(done.act.body, Answer):
                answers |= done.act.body.answers
        return answers

    @property
    def number(self) -> str:
        """The case's number."""
        return self.request.number

    @property
    def runbook(self) -> str:
        """What it walked."""
        return self.request.pathway.runbook


def read_recorded(folder: Path) -> Recorded:
    """The case that was exported into the folder; CasesUnreadableError where it cannot be read."""
    try:
        export = read_export(folder)
    except (ExportUnreadableError, OSError) as error:
        raise CasesUnreadableError(str(folder), str(error)) from error
    wrong = check_files(export.files, export.manifest)
    if wrong:
        raise CasesUnreadableError(str(folder), f"is not as it was exported: {wrong[0]}")
    request = case_input(export.history)
    entries = sorted(export.entries, key=lambda entry: entry.sequence)
    if request is None or not entries:
        raise CasesUnreadableError(str(folder), "its first entry or its input cannot be read")
    if request.shadow:
        raise CasesUnreadableError(
            str(folder), "it ran in the shadow: nothing was done in it that could be done again"
        )
    return recorded_of(request, entries, export.history, folder=str(folder))


def recorded_of(
    request: CaseInput, entries: Sequence[Entry], history: CaseHistory, *, folder: str
) -> Recorded:
    """The case that these entries and this history tell."""
    beyond = next((_BEYOND[entry.kind] for entry in entries if entry.kind in _BEYOND), "")
    entries = list(takewhile(lambda entry: entry.kind not in _BEYOND, entries))
    runs = list(takewhile(lambda run: reopened_from(run) is None, history.runs))
    history = replace(history, runs=runs)
    told = Told(entries)
    ends = (Kind.CASE_CLOSED, Kind.CASE_CANCELLED)
    return Recorded(
        folder=folder,
        request=request,
        opened=told.opened,
        until=told.since(entries[-1].at),
        closed=any(entry.kind in ends for entry in entries),
        acts=tuple(_acts(request, history, told)),
        messages=tuple(_messages(history, told)),
        answers=answers_of(history, happenings=told.by_itself, opened=told.opened),
        visits=told.visits,
        rounds=told.rounds,
        names=told.names,
        by_itself=told.by_itself,
        by_hand=frozenset(told.by_hand),
        performed=dict(told.performed),
        outcome=outcome_of(
            entries,
            pathway=request.pathway,
            minute=lambda entry: int(told.since(entry.at) // MINUTE),
        ),
        beyond=beyond,
    )


def _acts(request: CaseInput, history: CaseHistory, told: Told) -> Iterator[Done]:
    """The acts of people in the order they took effect, each once."""
    seen: set[str] = set()
    found: list[Done] = []
    for item in inputs(history, salt=salt_of(request)):
        came = told.came.get(item.commitment)
        if item.envelope is None or came is None or item.commitment in told.unproven:
            # What proves nothing was nobody's act: signed anew it would become somebody's.
            continue
        act = Act.model_validate_json(item.envelope.payload)
        if act.act in seen:
            continue
        seen.add(act.act)
        at, place = came
        found.append(
            Done(
                at=at,
                signed=min(told.since(act.signed_at), at),
                act=act,
                accepted=item.commitment not in told.refused,
                asked=told.asked(act, at),
                place=place,
            )
        )
    yield from sorted(found, key=lambda done: (done.at, done.place))


def _messages(history: CaseHistory, told: Told) -> Iterator[Message]:
    for run in history.runs:
        for event in run.events:
            if event.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                continue
            said = event.workflow_execution_signaled_event_attributes
            kind = _MESSAGES.get(said.signal_name)
            message = read(only(said.input.payloads), kind) if kind is not None else None
            if message is not None and message.delivery in told.delivered:
                at, place = told.delivered[message.delivery]
                yield Message(at, said.signal_name, message, place)


def said_of(body: object, person: str) -> str:
    """An act in a few words: its verb, what it is about, how it was decided, and by whom."""
    names = ("verb", "stage", "gate", "outcome", "verdict", "disposition")
    found = [getattr(body, name, "") for name in names]
    words = [str(getattr(word, "value", word)) for word in found if word]
    return f"{' '.join(words) or 'report'} by {person}"
