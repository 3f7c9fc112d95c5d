"""A document as text again: the runbook that a case walks, its fragments in their places."""

import json
import re

from runbooks.tree import Block, Listing, Node, Scalar

_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9%:._/@-]*(?<!:)")
WIDE = 100
_INDENT = "  "


def written(root: Node) -> str:
    """The document as YAML; a line says from which fragment what follows comes."""
    if not isinstance(root, Block):
        return f"{_flow(root)}\n"
    lines: list[str] = []
    for key, value in root.values.items():
        match value:
            case Block() if value.values:
                lines += ["", f"{_word(key)}:"]
                for name, part in value.values.items():
                    lines += [*_origin(value.keys[name].file, part), *_entry(name, part, depth=1)]
            case Listing() if key == "stages" or len(_flow(value)) > WIDE:
                lines += ["", f"{_word(key)}:"]
                for item in value.items:
                    lines += [*_origin(item.place.file, item), *_item(item, open_=key == "stages")]
            case _:
                lines.append(f"{_word(key)}: {_flow(value)}")
    return "\n".join(lines).lstrip("\n") + "\n"


def _origin(file: str, node: Node) -> list[str]:
    used = node.place.used
    return [f"{_INDENT}# {file}, used at line {used.line}"] if file and used else []


def _entry(name: str, value: Node, *, depth: int) -> list[str]:
    line = f"{_INDENT * depth}{_word(name)}: {_flow(value)}"
    if len(line) <= WIDE or not isinstance(value, Block) or not value.values:
        return [line]
    lines = [f"{_INDENT * depth}{_word(name)}:"]
    for key, part in value.values.items():
        lines += _entry(key, part, depth=depth + 1)
    return lines


def _item(item: Node, *, open_: bool) -> list[str]:
    if not open_ or not isinstance(item, Block) or not item.values:
        return [f"{_INDENT}- {_flow(item)}"]
    lines = [line for key, part in item.values.items() for line in _entry(key, part, depth=2)]
    return [f"{_INDENT}- {lines[0].lstrip()}", *lines[1:]]


def _flow(node: Node) -> str:
    match node:
        case Block():
            inside = ", ".join(f"{_word(key)}: {_flow(part)}" for key, part in node.values.items())
            return f"{{{inside}}}"
        case Listing():
            return f"[{', '.join(_flow(item) for item in node.items)}]"
        case Scalar(value=str(text)):
            return json.dumps(text, ensure_ascii=False) if node.quoted else _word(text)
        case Scalar(value=value):
            return json.dumps(value)


def _word(text: str) -> str:
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)
