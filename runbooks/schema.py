"""The JSON Schema of a runbook's text, fragments included, for editors."""

from typing import Any

from runbooks.fragments import USE, USES
from runbooks.grammar.document import RunbookDocument

_NAME = {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"}
_USED = {
    "type": "object",
    "properties": {USE: _NAME, "with": {"type": "object"}},
    "required": [USE],
    "additionalProperties": False,
}


def schema() -> dict[str, Any]:
    """The schema of what an analyst writes: a fragment stands in it as its use."""
    written = RunbookDocument.model_json_schema(by_alias=True)
    properties = written["properties"]
    properties[USES] = {"type": "array", "items": {"anyOf": [_NAME, _USED]}}
    stages = properties["stages"]
    stages["items"] = {"anyOf": [stages["items"], _USED]}
    # What a fragment can bring need not stand in the runbook itself.
    written["required"] = [key for key in written["required"] if key != "intake"]
    return written
