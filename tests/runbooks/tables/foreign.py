"""Our tables in the language of another rule engine, which knows nothing of our code."""

import json
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction

import zen

from runbooks.tables import Absent, Cell, Given, Not, Span, Table, Value, Words
from runbooks.tables.parsing import Listed, Literal, Name, Operation, Syntax

_SIGNS = {"&&": "and", "||": "or"}


def decision(table: Table, *, collect: bool) -> zen.ZenDecision:
    """The table as a JDM decision; each rule says the number of the row it was made of."""
    columns = [{"id": f"c{n}", "name": name} for n, name in enumerate((*table.inputs, "when"))]
    rules: list[dict[str, str]] = []
    for number, row in enumerate(table.rows):
        for cells in row.alternatives:
            rule = {
                f"c{n}": _test(name.replace("-", "_"), cells[name])
                for n, name in enumerate(table.inputs)
                if name in cells
            }
            if row.expression is not None:
                rule[f"c{len(table.inputs)}"] = _text(row.expression.tree)
            rules.append({"_id": f"{number}-{len(rules)}", "out": str(number)} | rule)
    content = {
        "hitPolicy": "collect" if collect else "first",
        "inputs": columns,
        "outputs": [{"id": "out", "field": "row", "name": "row"}],
        "rules": rules,
    }
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in"},
        {"id": "table", "type": "decisionTableNode", "name": "table", "content": content},
        {"id": "end", "type": "outputNode", "name": "end"},
    ]
    edges = [
        {"id": "one", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "two", "sourceId": "table", "targetId": "end", "type": "edge"},
    ]
    return zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))


def context(values: Mapping[str, Value]) -> dict[str, object]:
    """The answers as that engine takes them: no answer is null, an instant is its seconds."""
    return {name.replace("-", "_"): _plain(value) for name, value in values.items()}


def _plain(value: object) -> object:
    match value:
        case Absent():
            return None
        case Fraction():
            return float(value)
        case datetime():
            return int(value.timestamp())
        case _:
            return value


def _test(name: str, cell: Cell) -> str:
    match cell:
        case Given(given=given):
            return f"{name} {'!=' if given else '=='} null"
        case Not(cell=other):
            return f"{name} != null and not({_test(name, other)})"
        case Words(words=words):
            return f"{name} in [{', '.join(repr(word) for word in words)}]"
        case Span():
            parts = [f"{name} != null"]
            if cell.low is not None:
                parts.append(f"{name} {'>=' if cell.with_low else '>'} {_plain(cell.low)}")
            if cell.high is not None:
                parts.append(f"{name} {'<=' if cell.with_high else '<'} {_plain(cell.high)}")
            return " and ".join(parts)


def _text(tree: Syntax) -> str:
    match tree:
        case Literal(value=str() as word):
            return repr(word)
        case Literal(value=value):
            return str(_plain(value))
        case Name(name=name):
            return name
        case Listed(items=items):
            return f"[{', '.join(_text(item) for item in items)}]"
        case Operation(sign="!", parts=(one,)):
            return f"not({_text(one)})"
        case Operation(sign="negate", parts=(one,)):
            return f"(0 - {_text(one)})"
        case Operation(sign=sign, parts=(one, other)):
            return f"({_text(one)} {_SIGNS.get(sign, sign)} {_text(other)})"
    raise AssertionError(tree)
