"""A JSON Schema checker of the few words that vendors' published schemas here are written in."""

import re
from typing import Any

Json = Any
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
_KNOWN = {
    "$ref", "type", "enum", "anyOf", "allOf", "required", "properties", "additionalProperties",
    "items", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "pattern",
    "format", "readOnly", "definitions", "$schema", "description", "title", "oneOf",
}  # fmt: skip


def problems(value: Json, schema: Json, *, root: Json, where: str = "$") -> list[str]:
    """Where the value breaks the schema, and how; a word we do not know is an error of ours."""
    unknown = set(schema) - _KNOWN
    assert not unknown, f"the checker does not know {unknown}"
    if "$ref" in schema:
        return problems(value, _resolve(schema["$ref"], root), root=root, where=where)
    if not _is(value, schema.get("type")):
        return [f"{where}: is not {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: is none of {schema['enum']}"]
    found = _combined(value, schema, root=root, where=where)
    if isinstance(value, dict):
        found += _of_object(value, schema, root=root, where=where)
    elif isinstance(value, list):
        found += _of_list(value, schema, root=root, where=where)
    elif isinstance(value, str):
        length = len(value)
        if not schema.get("minLength", 0) <= length <= schema.get("maxLength", length):
            found.append(f"{where}: has a wrong length")
        if "pattern" in schema and not re.search(schema["pattern"], value):
            found.append(f"{where}: does not match {schema['pattern']}")
    elif isinstance(value, int | float):
        least, most = schema.get("minimum", value), schema.get("maximum", value)
        found += [] if least <= value <= most else [f"{where}: is out of range"]
    return found


def _combined(value: Json, schema: Json, *, root: Json, where: str) -> list[str]:
    found: list[str] = []
    for part in schema.get("allOf", []):
        found += problems(value, part, root=root, where=where)
    for word in ("anyOf", "oneOf"):
        choices = [problems(value, part, root=root, where=where) for part in schema.get(word, [])]
        if choices and all(choices):
            # The choice that fits best says most.
            best: list[str] = min(choices, key=len)
            found += best
    return found


def _of_object(value: Json, schema: Json, *, root: Json, where: str) -> list[str]:
    properties = schema.get("properties", {})
    found = [f"{where}: lacks {name}" for name in schema.get("required", []) if name not in value]
    others = schema.get("additionalProperties", True)
    for name, item in value.items():
        place = f"{where}.{name}"
        if name in properties:
            if properties[name].get("readOnly"):
                found.append(f"{place}: is read only")
            found += problems(item, properties[name], root=root, where=place)
        elif others is False:
            found.append(f"{place}: is not known")
        elif isinstance(others, dict):
            found += problems(item, others, root=root, where=place)
    return found


def _of_list(value: Json, schema: Json, *, root: Json, where: str) -> list[str]:
    found: list[str] = []
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        found.append(f"{where}: has a wrong number of items")
    items = schema.get("items", {})
    for index, item in enumerate(value):
        rule = items[index : index + 1] if isinstance(items, list) else [items]
        found += [
            each
            for schema_ in rule
            for each in problems(item, schema_, root=root, where=f"{where}[{index}]")
        ]
    return found


def _is(value: Json, wanted: str | None) -> bool:
    if wanted is None:
        return True
    if wanted == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if wanted == "number" and isinstance(value, bool):
        return False
    return isinstance(value, _TYPES[wanted])


def _resolve(reference: str, root: Json) -> Json:
    found = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found
