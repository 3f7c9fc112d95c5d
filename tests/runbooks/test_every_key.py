"""No key of the language can change unseen: each is changed once, and the comparison tells."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from runbooks import Runbook, RunbookProblems
from runbooks.comparing import compare
from runbooks.grammar.document import RunbookDocument
from tests.runbooks.texts import WHOLE, load, plain

NAMES_A_TEXT = ("RunbookDocument", "version")
"""Two versions of one text mean the same; the only key that changes nothing."""

# Whatever a key takes, one of these is something else that it takes.
CANDIDATES: tuple[Any, ...] = (
    "7h", "40m", "2028-01-01", "Another sentence.", "another-name", "webhook:other", "open", "L3",
    "roles", "deadline", "receipt", "remaining", "S", "optional", "reject", "notice", "SEV0",
    "99%", "evidence", "stage:triage", "yes-no", "9d", True, False, 5, {"policy": 2},
    "refuted", "actioned", "no-violation", "quality", "safety-expert", "EU-TCO3-1h@1", "priority",
    "lasting", "P5", "allowed", "runs-on", "any",
    {"yes": dict.fromkeys(["yes", "no", "unknown"], "P5")},
    {"fr": {"text": "Ouvert."}},
    "2026-03-01T00:00:00Z", "2026-06-15T00:00:00Z", 5000, 50000, "reach < 3",
)  # fmt: skip


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for field in model.model_fields.values():
        yield model.__name__, str(field.alias)


def _models() -> dict[str, type[BaseModel]]:
    """Every part of the language, by the name of its class."""
    found: dict[str, type[BaseModel]] = {}
    queue: list[Any] = [RunbookDocument]
    while queue:
        each = queue.pop()
        if isinstance(each, type) and issubclass(each, BaseModel):
            if each.__name__ not in found:
                found[each.__name__] = each
                queue += [field.annotation for field in each.model_fields.values()]
        else:
            queue += [
                part
                for part in (*getattr(each, "__args__", ()), getattr(each, "__value__", None))
                if part is not None
            ]
    return found


def _places(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    """Every key that a document uses: its class, its name, and where it stands."""
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            if name in value.model_fields_set:
                yield type(value).__name__, str(field.alias), (*path, str(field.alias))
                yield from _places(getattr(value, name), (*path, str(field.alias)))
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _places(each, (*path, key))
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from _places(each, (*path, number))


BEFORE = load(WHOLE)
PLACES = {(model, field): path for model, field, path in _places(BEFORE.document, ())}


def test_the_runbook_of_everything_uses_every_key() -> None:
    """A key that the language has and this text has not is not proved: write it into whole.yaml."""
    known = {field for model in _models().values() for field in _fields(model)}

    assert known - set(PLACES) == set()
    assert len(known) > 80


@pytest.mark.parametrize("key", sorted(set(PLACES) - {NAMES_A_TEXT}), ids="-".join)
def test_a_key_that_changes_is_told(key: tuple[str, str]) -> None:
    """Every key of the language, changed once, is a change of meaning."""
    after = _mutated(PLACES[key])

    assert not compare(BEFORE, after).same


def _mutated(path: tuple[Any, ...]) -> Runbook:
    """The runbook with something else at that place."""
    path = _as_written(path)
    for document in _alternatives(path):
        if _faults(document) - WRITTEN_SHORT:
            continue
        try:
            # JSON is YAML, and written faster.
            after = load(json.dumps(document))
        except RunbookProblems:
            continue
        if after.document != BEFORE.document:
            return after
    raise AssertionError(path)


def _faults(document: Any) -> set[tuple[Any, ...]]:
    """Where the document is none, as far as is found without reading it as a text: that is slow."""
    try:
        RunbookDocument.model_validate(document)
    except ValidationError as refused:
        wrong = refused.errors(include_url=False, include_input=False)
        # Numbers of a list shift when an item of it is taken out.
        return {tuple(step for step in each["loc"] if isinstance(step, str)) for each in wrong}
    return set()


WRITTEN_SHORT = _faults(plain(WHOLE))
"""What is written in a short form, which only reading it as a text makes whole."""


def _as_written(path: tuple[Any, ...]) -> tuple[Any, ...]:
    """The path as far as the text has it: a short form stands for what is below it."""
    holder = plain(WHOLE)
    for number, step in enumerate(path):
        if (isinstance(holder, dict) and step in holder) or (
            isinstance(holder, list) and isinstance(step, int) and step < len(holder)
        ):
            holder = holder[step]
        else:
            return path[:number]
    return path


def _alternatives(path: tuple[Any, ...]) -> Iterator[Any]:
    """Documents with another value there, one item less there, or nothing there at all."""
    _, holder = _holder(path)
    there = holder[path[-1]]
    sentence = isinstance(there, str) and " " in there
    for candidate in sorted(
        CANDIDATES, key=lambda each: (type(each) is not type(there), sentence != (" " in str(each)))
    ):
        if isinstance(there, dict) and not isinstance(candidate, dict):
            continue
        document, holder = _holder(path)
        if isinstance(there, list):
            holder[path[-1]] = [*there, candidate]
        elif isinstance(there, dict):
            holder[path[-1]] = {**there, **candidate}
        else:
            holder[path[-1]] = candidate
        yield document
    _, holder = _holder(path)
    if isinstance(holder[path[-1]], list | dict):
        for number in range(len(holder[path[-1]])):
            document, again = _holder(path)
            there = again[path[-1]]
            del there[number if isinstance(there, list) else sorted(there)[number]]
            yield document
    document, holder = _holder(path)
    del holder[path[-1]]
    yield document
    if len(path) > 1:
        # A key of one value goes with the block that it stands in.
        document, holder = _holder(path[:-1])
        del holder[path[-2]]
        yield document


def _holder(path: tuple[Any, ...]) -> tuple[Any, Any]:
    """A document of its own, and what in it holds the last step of the path."""
    document = deepcopy(PLAIN)
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    return document, holder


PLAIN = plain(WHOLE)
