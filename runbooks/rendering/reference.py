"""The language as a reference: every part and key, made from the grammar that reads them."""

from collections.abc import Iterator, Mapping
from typing import Any

from runbooks.grammar import RunbookDocument
from runbooks.grammar.base import CLOCK_PATTERN, DURATION_PATTERN, NAME_PATTERN, VERSION_PATTERN
from runbooks.rendering.key_words import KEY_WORDS
from runbooks.schema import schema as written

Part = Mapping[str, Any]

ROOT = RunbookDocument.__name__
_REF = "#/$defs/"
_PATTERNS = {
    NAME_PATTERN: "name",
    CLOCK_PATTERN: "clock",
    VERSION_PATTERN: "version",
    DURATION_PATTERN: "duration",
}
_TYPES = {"boolean": "true or false", "integer": "whole number", "number": "number"}
_HEAD = """\
# Every key of a runbook

Made from the grammar by `escalate runbook schema --as markdown`; a test fails when it is stale.
What the keys do together, and why: [runbooks](runbooks.md). A **bold** key has to be there. A name
is in kebab case, a duration is like `15m`, `4h`, `1h30m` or `7d`.
"""


def schema() -> dict[str, Any]:
    """The JSON Schema of the language; every key says what it means."""
    made = written()
    for name, part in [(ROOT, made), *made["$defs"].items()]:
        for key, value in part.get("properties", {}).items():
            words = KEY_WORDS.get(name, {}).get(key)
            if words is not None:
                value["description"] = words
    return made


def reference() -> str:
    """The same as Markdown: a table for every part, in the order a reader meets them."""
    made = schema()
    parts: dict[str, Part] = {ROOT: made, **made["$defs"]}
    return "\n".join([_HEAD, *(_section(name, parts) for name in _met(ROOT, parts))])


def _met(name: str, parts: Mapping[str, Part]) -> list[str]:
    """The parts with keys that this one leads to, itself first, each once."""
    found = [name]
    for key in parts[name]["properties"].values():
        for other in _named(key):
            if "properties" in parts[other]:
                found += [each for each in _met(other, parts) if each not in found]
    return found


def _named(value: Any) -> Iterator[str]:  # whatever stands in a JSON Schema
    if isinstance(value, Mapping):
        if isinstance(ref := value.get("$ref"), str):
            yield ref.removeprefix(_REF)
        for inner in value.values():
            yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)


def _section(name: str, parts: Mapping[str, Part]) -> str:
    part = parts[name]
    needed = set(part.get("required", ()))
    lines = [f"## {_title(name)}", "", part["description"], ""]
    lines += ["| Key | Takes | Default | Means |", "| --- | --- | --- | --- |"]
    for key, value in part["properties"].items():
        said = f"**`{key}`**" if key in needed else f"`{key}`"
        means = value.get("description", "")
        lines.append(f"| {said} | {_takes(value, parts)} | {_default(value)} | {means} |")
    return "\n".join([*lines, ""])


def _title(name: str) -> str:
    if name == ROOT:
        return "The whole"
    return _spaced(name.removesuffix("Rule"))


def _spaced(name: str) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return words.strip().capitalize()


def _takes(value: Part, parts: Mapping[str, Part]) -> str:
    forms = value.get("anyOf") or value.get("oneOf")
    if forms is not None:
        said = [_takes(form, parts) for form in forms if form.get("type") != "null"]
        return " or ".join(dict.fromkeys(said))
    if "$ref" in value:
        name = str(value["$ref"]).removeprefix(_REF)
        if "enum" in parts[name]:
            return _words(parts[name]["enum"])
        anchor = _title(name).lower().replace(" ", "-")
        return f"[{_title(name).lower()}](#{anchor})"
    if "const" in value or "enum" in value:
        return _words(value.get("enum") or [value["const"]])
    match value.get("type"):
        case "array":
            return f"list of: {_takes(value['items'], parts)}"
        case "object":
            return _object(value, parts)
        case "string":
            return _text(value)
        case kind:
            return _TYPES[str(kind)]


def _object(value: Part, parts: Mapping[str, Part]) -> str:
    if "properties" in value:
        return "the use of a fragment"
    inner = [*value.get("patternProperties", {}).values()]
    return f"by name: {_takes((inner or [value['additionalProperties']])[0], parts)}"


def _text(value: Part) -> str:
    known = _PATTERNS.get(str(value.get("pattern")))
    if known is not None:
        return known
    if value.get("format") == "date":
        return "date"
    return "sentence" if "maxLength" in value else "text"


def _words(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _default(value: Part) -> str:
    default = value.get("default")
    if default is None or default == []:
        return ""
    said = str(default).lower() if isinstance(default, bool) else str(default)
    return f"`{_duration(said)}`"


def _duration(said: str) -> str:
    """`P7D`, as JSON writes a duration, as a runbook writes it."""
    if said.startswith("P") and said[-1] in "DHMS" and any(each.isdigit() for each in said):
        return said.removeprefix("P").removeprefix("T").lower()
    return said
