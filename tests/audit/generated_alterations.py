"""Alterations of a history, made by machine: every field of every event, and the order of events.

What an alteration touches is named by event kind and field, so that a table of them shows that
none was left out.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from google.protobuf.message import Message
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audit.histories import CaseHistory, Run

Path = tuple[tuple[str, int | str | None], ...]
"""Field by field from the event to one value; the second part is a place in a list or map."""


@dataclass(frozen=True)
class Alteration:
    """One thing about one event that is not as it was."""

    run: int
    """Which of the history's runs it is in."""
    event_id: int
    kind: str
    what: str
    make: Callable[[list[HistoryEvent]], None]

    @property
    def name(self) -> str:
        """For a person: `TIMER_STARTED 17: start_to_fire_timeout.seconds`."""
        return f"{self.kind} {self.event_id} of run {self.run}: {self.what}"

    @property
    def sort(self) -> tuple[str, str]:
        """The kind of event and the class of field, wherever in a list it stands."""
        return self.kind, re.sub(r"\[\d+\]", "[]", self.what)

    def of(self, history: CaseHistory) -> CaseHistory:
        """The history with it; the one given is as it was."""
        run = history.runs[self.run]
        events = [HistoryEvent.FromString(event.SerializeToString()) for event in run.events]
        self.make(events)
        runs = list(history.runs)
        runs[self.run] = Run(run=run.run, events=tuple(events))
        return replace(history, runs=tuple(runs))


def alterations(history: CaseHistory) -> Iterator[Alteration]:
    """Each set field changed, each event left out, doubled, and swapped with the next."""
    for run, place, event, kind in _events(history):
        for path in _paths(event):
            yield Alteration(run, event.event_id, kind, _spelt(path), _changing(place, path))
        yield Alteration(run, event.event_id, kind, "left out", _leaving_out(place))
        yield Alteration(run, event.event_id, kind, "doubled", _doubling(place))
        if place + 1 < len(history.runs[run].events):
            what = "swapped with the next"
            yield Alteration(run, event.event_id, kind, what, _swapping(place))


def clearings(history: CaseHistory) -> Iterator[Alteration]:
    """Each set field as if nobody had ever set it, and each message that holds some of them."""
    for run, place, event, kind in _events(history):
        seen = {event.SerializeToString()}
        for path in _holders(_paths(event)):
            make = _clearing(place, path)
            altered = HistoryEvent.FromString(event.SerializeToString())
            make([HistoryEvent()] * place + [altered])
            # Nothing is left of a message whose only field is gone: one alteration, two names.
            if altered.SerializeToString() not in seen:
                seen.add(altered.SerializeToString())
                what = f"{_spelt(path)} cleared"
                yield Alteration(run, event.event_id, kind, what, make)


def new_to(found: Iterable[Alteration], known: Iterable[Alteration]) -> list[Alteration]:
    """One of each kind of event and class of field that is not among the known."""
    sorts = {each.sort for each in known}
    fresh: dict[tuple[str, str], Alteration] = {}
    for each in found:
        if each.sort not in sorts:
            fresh.setdefault(each.sort, each)
    return list(fresh.values())


def _events(history: CaseHistory) -> Iterator[tuple[int, int, HistoryEvent, str]]:
    for number, run in enumerate(history.runs):
        for place, event in enumerate(run.events):
            kind = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
            yield number, place, event, kind


def _spelt(path: Path) -> str:
    return ".".join(name if at is None else f"{name}[{at}]" for name, at in path)


def _holders(paths: Iterable[Path]) -> Iterator[Path]:
    """Each path, and each that leads to it; those into a list or a map end at the whole of it."""
    seen: set[Path] = set()
    for path in paths:
        for end in range(1, len(path) + 1):
            part = (*path[: end - 1], (path[end - 1][0], None))
            if part not in seen:
                seen.add(part)
                yield part


def _paths(message: Message, before: Path = ()) -> Iterator[Path]:
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            inner = field.message_type.fields_by_name["value"]
            for key in value:
                here = (*before, (field.name, key))
                if inner.message_type is None:
                    yield here
                else:
                    yield from _paths(value[key], here)
        elif field.is_repeated:
            for index, item in enumerate(value):
                here = (*before, (field.name, index))
                if field.message_type is None:
                    yield here
                else:
                    yield from _paths(item, here)
        elif field.message_type is not None:
            here = (*before, (field.name, None))
            found = list(_paths(value, here))
            # A message that says nothing but that it is there has no field to change.
            yield from found or [here]
        else:
            yield (*before, (field.name, None))


def _changing(place: int, path: Path) -> Callable[[list[HistoryEvent]], None]:
    def make(events: list[HistoryEvent]) -> None:
        holder: Message = events[place]
        for name, at in path[:-1]:
            found = getattr(holder, name)
            holder = found if at is None else found[at]
        name, at = path[-1]
        field = holder.DESCRIPTOR.fields_by_name[name]
        kinds = field.enum_type.values if field.enum_type is not None else ()
        numbers = [each.number for each in kinds]
        if at is not None:
            values = getattr(holder, name)
            values[at] = _another(values[at], numbers)
        elif field.message_type is not None:
            holder.ClearField(name)
        else:
            setattr(holder, name, _another(getattr(holder, name), numbers))

    return make


def _clearing(place: int, path: Path) -> Callable[[list[HistoryEvent]], None]:
    def make(events: list[HistoryEvent]) -> None:
        holder: Message = events[place]
        for name, at in path[:-1]:
            found = getattr(holder, name)
            holder = found if at is None else found[at]
        holder.ClearField(path[-1][0])

    return make


def _another(value: object, numbers: Sequence[int]) -> object:
    """Some other value of the same type; `numbers` are those an enumeration has."""
    match value:
        case bool():
            return not value
        case bytes():
            return bytes([value[0] ^ 1, *value[1:]]) if value else b"x"
        case str():
            return f"{value[:-1]}{'y' if value.endswith('x') else 'x'}"
        case float():
            return value + 1
        case int() if numbers:
            return numbers[(numbers.index(value) + 1) % len(numbers)]
        case int():
            return value + 1
        case _:
            raise TypeError(type(value))


def _leaving_out(place: int) -> Callable[[list[HistoryEvent]], None]:
    def make(events: list[HistoryEvent]) -> None:
        del events[place]

    return make


def _doubling(place: int) -> Callable[[list[HistoryEvent]], None]:
    def make(events: list[HistoryEvent]) -> None:
        events.insert(place, events[place])

    return make


def _swapping(place: int) -> Callable[[list[HistoryEvent]], None]:
    def make(events: list[HistoryEvent]) -> None:
        events[place], events[place + 1] = events[place + 1], events[place]

    return make


def spread(found: Sequence[Alteration], most: int) -> list[Alteration]:
    """So many of them, from everywhere, and each event kind with each field class among them."""
    if len(found) <= most:
        return list(found)
    classes: dict[tuple[str, str], Alteration] = {}
    for each in found:
        classes.setdefault((each.kind, each.what), each)
    distinct = list(classes.values())
    step = max(1, len(distinct) // most)
    return distinct[::step][:most]
