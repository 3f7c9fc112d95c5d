"""From YAML text to a checked model, each problem told with its place."""

import difflib
import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import Tag, ValidationError
from pydantic_core import ErrorDetails

from runbooks.errors import RunbookError, RunbookProblems
from runbooks.grammar.base import Strict
from runbooks.rules.catalogue import RULES
from runbooks.source import read_yaml
from runbooks.tree import Node, Step, describe, node_at, place_of, place_of_use

Written = TypeVar("Written", bound=Strict)

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a block of keys",
    "model_type": "a block of keys",
    "model_attributes_type": "a block of keys",
    "tuple_type": "a list",
}


@dataclass(frozen=True)
class _Problem:
    """What is wrong, before its place is looked up."""

    rule: str
    path: tuple[Step, ...]
    expected: str
    found: str = ""
    mend: str = ""
    at_key: bool = False


def read_model(model: type[Written], text: bytes, *, file: str) -> tuple[Written, Node]:
    """The checked model and the document it was read from; RunbookProblems when it is refused."""
    root = read_yaml(text, file=file)
    return checked(model, root, file=file), root


def checked(model: type[Written], root: Node, *, file: str) -> Written:
    """The model of a document that was read; RunbookProblems, each with its place."""
    try:
        return model.model_validate(root.plain())
    except ValidationError as error:
        problems = [_problem(model, details) for details in error.errors(include_url=False)]
        raise RunbookProblems(_placed(problems, root, file=file)) from error


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` most likely was meant to be."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return close[0] if close else None


def suggestion(word: str, known: Iterable[str], *, otherwise: str) -> str:
    """How to mend a misspelt word: the nearest known one, else the rule's own advice."""
    close = nearest(word, known)
    return f'Did you mean "{close}"? {otherwise}' if close else otherwise


def _placed(problems: Iterable[_Problem], root: Node, *, file: str) -> list[RunbookError]:
    placed: dict[tuple[str, int, int, str, str], RunbookError] = {}
    for problem in problems:
        place = place_of(root, problem.path, key=problem.at_key)
        key = (place.file, place.line, place.column, problem.rule, problem.expected)
        placed.setdefault(
            key,
            RunbookError(
                file=place.file or file,
                line=place.line,
                column=place.column,
                rule=problem.rule,
                found=problem.found or describe(node_at(root, problem.path)),
                expected=problem.expected,
                mend=problem.mend or RULES[problem.rule].mend,
                used=place_of_use(place, file=file),
            ),
        )
    return list(placed.values())


def _problem(model: type[Strict], details: ErrorDetails) -> _Problem:
    path: tuple[Step, ...] = details["loc"]
    context: dict[str, Any] = details.get("ctx", {})
    kind = details["type"]
    if path and path[-1] == "[key]":
        return _Problem(
            rule="RB014",
            path=path[:-1],
            expected=str(context.get("expected", "a name")),
            found=f'"{path[-2]}"',
            at_key=True,
        )
    if kind in RULES:
        return _Problem(
            rule=kind,
            path=(*path, *context["at"]),
            expected=context["expected"],
            found=context["found"],
            mend=context["mend"],
        )
    if kind == "extra_forbidden":
        known = _keys(model, path[:-1])
        return _Problem(
            rule="RB010",
            path=path,
            expected=f"one of {', '.join(known)}",
            found=f'the key "{path[-1]}"',
            mend=suggestion(str(path[-1]), known, otherwise=RULES["RB010"].mend),
            at_key=True,
        )
    if kind == "missing":
        return _Problem(rule="RB011", path=path[:-1], expected=f"`{path[-1]}`", found="no such key")
    if kind in {"enum", "literal_error"}:
        words = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        return _Problem(
            rule="RB013",
            path=path,
            expected=f"one of {', '.join(words)}",
            mend=suggestion(str(details["input"]), words, otherwise=RULES["RB013"].mend),
        )
    if kind in _KINDS:
        return _Problem(rule="RB012", path=path, expected=_KINDS[kind])
    return _Problem(rule="RB014", path=path, expected=_plain(details))


def _plain(details: ErrorDetails) -> str:
    if details["type"] == "too_short":
        return "at least one entry"
    return details["msg"][:1].lower() + details["msg"][1:]


def _keys(model: type[Strict], path: Sequence[Step]) -> list[str]:
    """The keys the language knows at `path`; all of the model's own when it cannot tell."""
    at: Any = model
    for step in path:
        tagged = _tagged(at, step)
        if tagged is not None:
            at = tagged
            continue
        at = _bare(at)
        if isinstance(at, type) and issubclass(at, Strict):
            named = {field.alias: field.annotation for field in at.model_fields.values()}
            at = named.get(str(step))
        else:
            arguments = get_args(at)
            at = arguments[1] if get_origin(at) is dict else arguments[0] if arguments else None
    at = _bare(at)
    if not (isinstance(at, type) and issubclass(at, Strict)):
        return []
    return [str(field.alias) for field in at.model_fields.values()]


def _tagged(annotation: Any, step: Step) -> Any:
    """The form of a choice that is called `step` there; None where there is no such choice."""
    for each in (annotation, *get_args(annotation)):
        for form in get_args(get_args(each)[0]) if get_origin(each) is Annotated else ():
            if Tag(str(step)) in get_args(form):
                return form
    return None


def _bare(annotation: Any) -> Any:
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in {Union, types.UnionType}:
            annotation = next(a for a in get_args(annotation) if a is not type(None))
        else:
            return annotation
