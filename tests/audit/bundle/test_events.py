"""Sealed bytes say the same to whoever has Temporal and to whoever has not."""

from collections.abc import Mapping
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audit.bundle.events import SCHEMA, run_of
from audit.bundle.sealed import SealedRun
from audit.bundle.whole import Bundle, bundle_of
from audit.came_in import case_input, inputs, results
from audit.errors import ExportUnreadableError
from audit.incoming import salt_of
from audit.kinds import EVENT
from audit.runs import CaseHistory, Run
from audit.write_order import performed

KINDS = {
    "number": {FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_ENUM},
    "text": {FieldDescriptor.TYPE_STRING},
    "bytes": {FieldDescriptor.TYPE_BYTES},
}


def _checked(kind: str, descriptor: Descriptor, seen: set[str]) -> None:
    if kind in seen:
        return
    seen.add(kind)
    for number, field in SCHEMA[kind].items():
        theirs = descriptor.fields_by_number[number]
        assert theirs.name == field.name
        assert theirs.is_repeated is field.many
        if field.kind in KINDS:
            assert theirs.type in KINDS[field.kind]
        else:
            assert theirs.message_type is not None
            _checked(field.kind, theirs.message_type, seen)


def test_the_table_is_temporals() -> None:
    """Every number, name and kind of field that is read, and every kind of event."""
    seen: set[str] = set()
    _checked("HistoryEvent", HistoryEvent.DESCRIPTOR, seen)

    assert seen == set(SCHEMA)
    theirs = {name.removeprefix("EVENT_TYPE_"): value for name, value in EventType.items()}
    assert vars(EVENT) == theirs


def _without_temporal(bundle: Bundle) -> CaseHistory:
    runs = [run_of(each, file="events") for each in bundle.sealed["case"]]
    return CaseHistory(case=bundle.manifest.case, namespace="default", runs=runs)


def _with_temporal(bundle: Bundle) -> CaseHistory:
    runs = [
        Run(run=each.run, events=[HistoryEvent.FromString(event) for event in each.events])
        for each in bundle.sealed["case"]
    ]
    return CaseHistory(case=bundle.manifest.case, namespace="default", runs=runs)


def test_both_read_the_same(short: Mapping[str, bytes], whole: Mapping[str, bytes]) -> None:
    """What the case began with, what came in, what was ordered and what came of it."""
    for files in (short, whole):
        bundle = bundle_of(files)
        mine, theirs = _without_temporal(bundle), _with_temporal(bundle)
        request = case_input(mine)

        assert request is not None
        assert request == case_input(theirs)
        salt = salt_of(request)
        assert inputs(mine, salt=salt) == inputs(theirs, salt=salt)
        assert results(mine, salt=salt) == results(theirs, salt=salt)
        assert list(performed(mine.runs)) == list(performed(theirs.runs))


def _event(**fields: Any) -> bytes:
    return HistoryEvent(**fields).SerializeToString()


@pytest.mark.parametrize(
    "data",
    [
        b"\x08",
        b"\xff" * 11,
        b"\x0a\x05ab",
        b"\x0b",
        b"\x0a\x01a",
        b"\x08\x01\x08\x01",
        b"\x18\x01",
        _event(event_type=10) + b"\x82\x01\x00",
        _event(event_type=26, workflow_execution_signaled_event_attributes={"signal_name": "a"})[
            :-1
        ]
        + b"\xff",
    ],
)
def test_what_is_no_event_is_refused_by_its_place(data: bytes) -> None:
    """Cut, without an end, of a kind there is not, doubled, of two kinds, in no known writing."""
    sealed = SealedRun(run="r", ending="", events=(_event(event_id=1, event_type=17), data))

    with pytest.raises(ExportUnreadableError, match="event 2 "):
        run_of(sealed, file="history/1.events")


def test_what_is_not_set_is_what_protobuf_says() -> None:
    """Whoever reads on finds nothing, and no error; a field that is not read is one."""
    sealed = SealedRun(run="r", ending="", events=(_event(event_id=1, event_type=17),))
    (event,) = run_of(sealed, file="history/1.events").events

    accepted = event.workflow_execution_update_accepted_event_attributes.accepted_request
    assert (accepted.input.name, list(accepted.input.args.payloads)) == ("", [])
    with pytest.raises(AttributeError):
        _ = event.timer_started_event_attributes
