"""What is written in one pass is what protobuf and the standard library write in theirs."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import History, HistoryEvent

from audit.written import kept_events, plain, spelt

HISTORIES = Path(__file__).parents[1] / "histories"
RUNS = [
    (f"{path.stem}/{number}", run)
    for path in sorted(HISTORIES.glob("*/*.json"))
    for number, run in enumerate(json.loads(path.read_text())["runs"])
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def read(run: dict[str, Any]) -> History:
    """The run as protobuf's own reader has it."""
    message = History()
    json_format.ParseDict(run, message)
    return message


def kept(message: History) -> list[bytes]:
    """Its events as they are sealed."""
    return [event.SerializeToString(deterministic=True) for event in message.events]


@pytest.mark.parametrize("run", [run for _, run in RUNS], ids=[name for name, _ in RUNS])
def test_a_history_is_written_as_protobuf_writes_it(run: dict[str, Any]) -> None:
    """Every recorded history: the same JSON, the same spelling, the same events out of it."""
    message = read(run)
    said = json_format.MessageToDict(message)

    assert plain(message) == said
    assert spelt(said) == json_format.MessageToJson(message, indent=1).encode()
    assert kept_events(said, kept(message)) == tuple(message.events)


@given(JSON)
def test_any_json_is_spelt_as_the_standard_library_spells_it(value: object) -> None:
    """Empty lists and objects, every letter, every number."""
    assert spelt(value) == json.dumps(value, indent=1).encode()


@given(
    st.floats(width=32),
    st.floats(),
    st.dictionaries(st.text(max_size=3), st.binary(max_size=3), max_size=3),
)
def test_numbers_and_maps_are_written_as_protobuf_writes_them(
    weight: float, coefficient: float, metadata: dict[str, bytes]
) -> None:
    """The shortest number of four bytes, infinities by name, a map by its keys."""
    event = HistoryEvent(event_id=1, event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    said = event.activity_task_scheduled_event_attributes
    said.priority.fairness_weight = weight
    said.retry_policy.backoff_coefficient = coefficient
    said.input.payloads.append(Payload(metadata=metadata))

    assert _as_text(plain(event)) == _as_text(json_format.MessageToDict(event))


def _as_text(value: object) -> str:
    # As text, so that 0 is not -0 and a number is not a word.
    return json.dumps(value, sort_keys=True)


def _another_attempt(run: dict[str, Any]) -> None:
    run["events"][2]["workflowTaskStartedEventAttributes"]["identity"] = "somebody else"


def _true_for_one(run: dict[str, Any]) -> None:
    scheduled = run["events"][1]["workflowTaskScheduledEventAttributes"]
    assert scheduled["attempt"] == 1
    scheduled["attempt"] = True


def _one_event_less(run: dict[str, Any]) -> None:
    del run["events"][-1]


def _one_field_more(run: dict[str, Any]) -> None:
    run["comment"] = "not Temporal's"


@pytest.mark.parametrize(
    "alter", [_another_attempt, _true_for_one, _one_event_less, _one_field_more]
)
def test_a_json_that_says_something_else_is_read_by_itself(
    alter: Callable[[dict[str, Any]], None],
) -> None:
    """Then nothing is taken from the bytes beside it."""
    run = json_format.MessageToDict(read(RUNS[0][1]))
    events = kept(read(run))
    altered = copy.deepcopy(run)
    alter(altered)

    assert kept_events(run, events) is not None
    assert kept_events(altered, events) is None


@pytest.mark.parametrize("more", [b"\xfa\x7f\x03odd", b"\x08"])
def test_bytes_that_say_more_than_json_can_are_not_taken(more: bytes) -> None:
    """A field that nobody knows, or half of one."""
    message = read(RUNS[0][1])
    events = kept(message)
    events[1] += more

    assert kept_events(plain(message), events) is None
