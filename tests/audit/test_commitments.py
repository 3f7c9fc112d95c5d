"""Whatever came into a case has the entry that commits to it, and no entry commits to more."""

from dataclasses import replace

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audit.commitments import check_commitments
from audit.findings import Finding, Rule
from audit.incoming import Incoming, salt_of
from audit.runs import CaseHistory, Run
from cases.canonical import commit
from cases.envelope import ActEnvelope
from cases.journal import Entry, Journal, Kind
from cases.receipts import ActReceipt, Outcome, Reason
from tests.fuzz.small_bundle import AT, CASE, small_record
from workflows.effects import PERFORM, EffectResult, EffectState

ENVELOPE = ActEnvelope(payload="{}")
REFUSED = ActReceipt(act="a", outcome=Outcome.REFUSED, reason=Reason.UNSIGNED, applied_at=AT)
ACCEPTED = ActReceipt(act="a", outcome=Outcome.ACCEPTED, applied_at=AT)


def came(commitment: str, **said: object) -> Incoming:
    """Something that came in, and must be committed to so."""
    return replace(Incoming("run-1", 4, "message", commitment), **said)  # type: ignore[arg-type]


def journal(*entries: tuple[Kind, dict[str, object]]) -> list[Entry]:
    """These entries."""
    made = Journal(case=CASE)
    for kind, body in entries:
        made.record(kind, at=AT, salt=b"s" * 32, **body)
    return made.pending


def checked(
    incoming: list[Incoming], entries: list[Entry], *, open_case: bool = False
) -> list[Finding]:
    """What is found of a case into which just this came."""
    return list(
        check_commitments(small_record().history, entries, open_case=open_case, incoming=incoming)
    )


def uncommitted(commitment: str, what: str = "message") -> Finding:
    """Nothing says that it came in."""
    return Finding(
        rule=Rule.COMMITMENT,
        run="run-1",
        event_id=4,
        what=f"no entry commits to this {what}",
        expected=commitment,
    )


def invented(sequence: int, commitment: str) -> Finding:
    """It never came in."""
    return Finding(
        rule=Rule.COMMITMENT,
        what=f"entry {sequence} commits to something that never came in",
        found=commitment,
    )


def test_inputs_and_results_are_committed_to_once_each() -> None:
    """One entry for each; the second of two needs a second."""
    entries = journal(
        (Kind.CASE_OPENED, {"input": "aa"}), (Kind.EFFECT_DONE, {"result": "bb", "key": "k"})
    )

    assert checked([came("aa"), came("bb")], entries) == []
    assert checked([came("aa"), came("bb"), came("aa")], entries) == [uncommitted("aa")]
    assert checked([came("bb")], entries) == [invented(1, "aa")]
    assert checked([], entries) == [invented(1, "aa"), invented(2, "bb")]


def test_what_is_excused_or_still_on_its_way_needs_no_entry() -> None:
    """The others do, and are looked at all the same."""
    entries = journal((Kind.CASE_OPENED, {"input": "aa"}))
    more = [came("bb", excused=True), came("cc"), came("aa")]

    assert checked(more, entries) == [uncommitted("cc")]
    assert checked(more, entries, open_case=True) == []
    # What an entry claims is asked of an open case as well.
    assert checked([], entries, open_case=True) == [invented(1, "aa")]


def test_refused_acts_beyond_counting_are_told_by_their_number() -> None:
    """As many as the entry says, and only acts that were not accepted."""
    entries = journal((Kind.ACTS_REFUSED, {"number": 2}))
    refused = [came(c, envelope=ENVELOPE, receipt=REFUSED, what="act") for c in ("a", "b", "c")]
    accepted = came("d", envelope=ENVELOPE, receipt=ACCEPTED, what="act")

    assert checked(refused[:2], entries) == []
    assert checked(refused, entries) == [uncommitted("c", "act")]
    assert checked([accepted], entries) == [uncommitted("d", "act")]
    assert checked([came("e")], entries) == [uncommitted("e")]
    assert checked(refused[:1], journal((Kind.ACTS_REFUSED, {"number": "2"}))) == [
        uncommitted("a", "act")
    ]
    assert checked(refused[:1], journal((Kind.ACTS_REFUSED, {}))) == [uncommitted("a", "act")]
    two = journal((Kind.ACTS_REFUSED, {"number": 1}), (Kind.ACTS_REFUSED, {"number": 1}))
    assert checked(refused, two) == [uncommitted("c", "act")]
    # A number in another entry is none of refused acts.
    assert checked(refused[:1], journal((Kind.CASE_OPENED, {"number": 2}))) == [
        uncommitted("a", "act")
    ]


@pytest.mark.parametrize("kind", [Kind.NOTICE_ENDED, Kind.NOTICE_HELD])
def test_what_came_of_a_notice_that_was_stopped_is_left_out(kind: Kind) -> None:
    """Unless an entry has its result too: then it was heard, and counts."""
    stopped = journal((kind, {"key": "n1"}), (kind, {"by": "nobody"}))
    heard = journal((kind, {"key": "n1"}), (kind, {"key": "n1", "result": "aa"}))
    of_it, other = came("aa", notice="n1"), came("bb", notice="n2")

    assert checked([of_it, other], stopped) == [uncommitted("bb")]
    assert checked([of_it], heard) == []
    assert checked([], heard) == [invented(2, "aa")]
    assert checked([of_it], journal((Kind.CASE_OPENED, {"key": "n1"}))) == [uncommitted("aa")]


def test_a_ratification_and_what_is_no_text_commit_to_nothing() -> None:
    """Its result is a word, not a commitment."""
    entries = journal((Kind.RATIFIED, {"result": "aa"}), (Kind.CASE_OPENED, {"input": 7}))

    assert checked([], entries) == []
    assert checked([came("aa")], entries) == [uncommitted("aa")]


def test_what_came_in_is_read_out_of_the_history_where_nobody_has() -> None:
    """The case's input, and the result of each effect, under the case's own salt."""
    record = small_record()
    (run,) = record.history.runs
    ordered = HistoryEvent(event_id=2, event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    ordered.activity_task_scheduled_event_attributes.activity_type.name = PERFORM.name
    done = HistoryEvent(event_id=3, event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
    said = done.activity_task_completed_event_attributes
    said.scheduled_event_id = 2
    result = EffectResult(state=EffectState.DONE)
    said.result.payloads.add(data=result.model_dump_json().encode())
    history = CaseHistory(
        case=CASE, namespace="default", runs=(Run("run-1", (*run.events, ordered, done)),)
    )
    salt = salt_of(record.request)
    begun, ended = commit(salt, record.request), commit(salt, result)

    found = list(check_commitments(history, journal(), open_case=False))

    assert [(each.event_id, each.what, each.expected) for each in found] == [
        (1, "no entry commits to this start", begun),
        (3, f"no entry commits to this {PERFORM.name} result", ended),
    ]
    entries = journal((Kind.CASE_OPENED, {"input": begun}), (Kind.EFFECT_DONE, {"result": ended}))
    assert list(check_commitments(history, entries, open_case=False)) == []


def test_a_case_whose_input_cannot_be_read_is_told_of_at_its_first_event() -> None:
    """Nothing else can be said of it."""
    history = CaseHistory(case=CASE, namespace="default", runs=())

    assert list(check_commitments(history, journal(), open_case=False)) == [
        Finding(rule=Rule.INPUT, event_id=1, what="the case's input cannot be read")
    ]
