"""Events out of the bytes that were sealed, read without Temporal: the fields that are asked for.

An event is a protobuf message. Which of its fields say what came in and what was ordered stands in
one table here, under Temporal's names; everything else is passed over. The bytes are those that the
seals vouch for, and so is what is read from them: the JSON that people read is not asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from audit.bundle.sealed import SealedRun
from audit.errors import ExportUnreadableError
from audit.kinds import EVENT
from audit.runs import Run

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MOST_OF_A_VARINT = 10
_LAST = 0x7F


class _Field(NamedTuple):
    """A field by its number: how it is called, and of what kind it is."""

    name: str
    kind: str
    """`number`, `text`, `bytes`, or the message that stands in it."""
    many: bool = False


_BY_NAME: dict[str, Any] = {"number": 0, "text": "", "bytes": b""}
SCHEMA: Mapping[str, Mapping[int, _Field]] = {
    "HistoryEvent": {
        1: _Field("event_id", "number"),
        3: _Field("event_type", "number"),
        6: _Field("workflow_execution_started_event_attributes", "Started"),
        12: _Field("workflow_task_completed_event_attributes", "TaskDone"),
        15: _Field("activity_task_scheduled_event_attributes", "Scheduled"),
        17: _Field("activity_task_completed_event_attributes", "Completed"),
        18: _Field("activity_task_failed_event_attributes", "Failed"),
        19: _Field("activity_task_timed_out_event_attributes", "Failed"),
        26: _Field("workflow_execution_signaled_event_attributes", "Signaled"),
        46: _Field("workflow_execution_update_accepted_event_attributes", "Accepted"),
        48: _Field("workflow_execution_update_completed_event_attributes", "Answered"),
        52: _Field("workflow_execution_update_admitted_event_attributes", "Admitted"),
    },
    "Started": {
        6: _Field("input", "Payloads"),
        10: _Field("continued_execution_run_id", "text"),
        14: _Field("original_execution_run_id", "text"),
    },
    "TaskDone": {
        3: _Field("identity", "text"),
        6: _Field("sdk_metadata", "Sdk"),
        11: _Field("deployment_version", "Version"),
    },
    "Sdk": {3: _Field("sdk_name", "text"), 4: _Field("sdk_version", "text")},
    "Version": {1: _Field("build_id", "text"), 2: _Field("deployment_name", "text")},
    "Scheduled": {2: _Field("activity_type", "ActivityType"), 6: _Field("input", "Payloads")},
    "Completed": {1: _Field("result", "Payloads"), 2: _Field("scheduled_event_id", "number")},
    "Failed": {2: _Field("scheduled_event_id", "number")},
    "Signaled": {1: _Field("signal_name", "text"), 2: _Field("input", "Payloads")},
    "Accepted": {
        1: _Field("protocol_instance_id", "text"),
        4: _Field("accepted_request", "Request"),
    },
    "Answered": {2: _Field("outcome", "Outcome"), 3: _Field("accepted_event_id", "number")},
    "Admitted": {1: _Field("request", "Request")},
    "Request": {1: _Field("meta", "Meta"), 2: _Field("input", "Input")},
    "Meta": {1: _Field("update_id", "text")},
    "Input": {2: _Field("name", "text"), 3: _Field("args", "Payloads")},
    "Outcome": {1: _Field("success", "Payloads")},
    "ActivityType": {1: _Field("name", "text")},
    "Payloads": {1: _Field("payloads", "Payload", many=True)},
    "Payload": {1: _Field("metadata", "Pair", many=True), 2: _Field("data", "bytes")},
    "Pair": {1: _Field("key", "text"), 2: _Field("value", "bytes")},
}
"""Every field that is read; a test holds the table against Temporal's own descriptors."""

_KINDS = {
    EVENT.WORKFLOW_EXECUTION_STARTED: 6,
    EVENT.WORKFLOW_TASK_COMPLETED: 12,
    EVENT.ACTIVITY_TASK_SCHEDULED: 15,
    EVENT.ACTIVITY_TASK_COMPLETED: 17,
    EVENT.ACTIVITY_TASK_FAILED: 18,
    EVENT.ACTIVITY_TASK_TIMED_OUT: 19,
    EVENT.WORKFLOW_EXECUTION_SIGNALED: 26,
    EVENT.WORKFLOW_EXECUTION_UPDATE_ACCEPTED: 46,
    EVENT.WORKFLOW_EXECUTION_UPDATE_COMPLETED: 48,
    EVENT.WORKFLOW_EXECUTION_UPDATE_ADMITTED: 52,
}
"""By the kind of an event, the field in which it says more."""
_OF_KINDS = frozenset(_KINDS.values())


class Told:
    """A message: what is not set in it has the value that protobuf gives it."""

    def __init__(self, kind: str, values: Mapping[str, Any]) -> None:
        self._kind = kind
        self._values = values

    def __getattr__(self, name: str) -> Any:
        """The field's value; AttributeError for one that is not read."""
        if name in self._values:
            return self._values[name]
        for field in SCHEMA[self._kind].values():
            if field.name == name:
                if field.many:
                    return {} if field.kind == "Pair" else ()
                return _BY_NAME[field.kind] if field.kind in _BY_NAME else Told(field.kind, {})
        raise AttributeError(name)

    def WhichOneof(self, name: str) -> str | None:  # noqa: N802 -- protobuf's name for it
        """In which field the event says more, if it is one that is read."""
        del name
        numbers = SCHEMA[self._kind]
        said = (numbers[number].name for number in _OF_KINDS)
        return next((each for each in said if each in self._values), None)


def run_of(sealed: SealedRun, *, file: str) -> Run:
    """The run in these bytes; ExportUnreadableError where they are no events."""
    events: list[Told] = []
    if not sealed.events:
        raise ExportUnreadableError(file, "holds no event")
    for place, data in enumerate(sealed.events, start=1):
        try:
            event = _message("HistoryEvent", data)
        except ValueError as error:
            raise ExportUnreadableError(file, f"event {place} cannot be read") from error
        number = _KINDS.get(event.event_type)
        wanted = SCHEMA["HistoryEvent"][number].name if number is not None else None
        if event.WhichOneof("attributes") != wanted:
            why = f"event {place} is of one kind and says what belongs to another"
            raise ExportUnreadableError(file, why)
        events.append(event)
    return Run(run=sealed.run, events=cast("Sequence[Any]", tuple(events)))


def _message(kind: str, data: bytes) -> Told:
    fields = SCHEMA[kind]
    values: dict[str, Any] = {}
    for number, value in _pairs(data):
        field = fields.get(number)
        if field is None:
            continue
        if (field.kind == "number") is not isinstance(value, int):
            raise ValueError(field.name)
        read = _read(field, value)
        if field.kind == "Pair":
            values.setdefault(field.name, {})[read.key] = read.value
        elif field.many:
            values.setdefault(field.name, []).append(read)
        elif field.name in values:
            # Protobuf would join them: no server writes one twice.
            raise ValueError(field.name)
        else:
            values[field.name] = read
    return Told(kind, values)


def _read(field: _Field, value: Any) -> Any:
    match field.kind:
        case "number" | "bytes":
            return value
        case "text":
            return value.decode()
        case _:
            return _message(field.kind, value)


def _pairs(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field, as they stand; ValueError for what is no message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        value: int | bytes
        if wire == _VARINT:
            value, at = _varint(data, at)
        else:
            length = {_FIXED64: 8, _FIXED32: 4}.get(wire)
            if wire == _BYTES:
                length, at = _varint(data, at)
            if length is None or at + length > len(data):
                raise ValueError(number)
            value = data[at : at + length]
            at += length
        yield number, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(_MOST_OF_A_VARINT):
        if at + place >= len(data):
            break
        byte = data[at + place]
        value |= (byte & _LAST) << (7 * place)
        if byte <= _LAST:
            return value, at + place + 1
    raise ValueError(at)
