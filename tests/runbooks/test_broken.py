"""A table of broken runbooks, each refused at the right place with the right rule."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from runbooks import Finding, RunbookError, RunbookProblems, lint, load_runbook

HERE = Path(__file__).parent / "broken"
BASE = (HERE / "base.yaml").read_text(encoding="utf-8")
ROWS: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(HERE / "table.yaml")
TODAY = date(2026, 11, 22)
MARK = "¦"


def broken(row: dict[str, Any]) -> tuple[str, tuple[int, int] | None]:
    """The text of a broken runbook, and the place its reader must be pointed at."""
    replaced = str(row["replace"])
    assert BASE.count(replaced) == 1, f"found {BASE.count(replaced)} times: {replaced}"
    text = BASE.replace(replaced, str(row["by"]))
    if "at" in row:
        line, column = row["at"]
        return text, (line, column)
    if "place" in row:
        pointed = str(row["place"])
        assert text.count(pointed.replace(MARK, "")) == 1, f"not found once: {pointed}"
        text = text.replace(pointed.replace(MARK, ""), pointed)
    before, mark, after = text.partition(MARK)
    place = (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1) if mark else None
    return before + after, place


def complaints(text: str) -> list[RunbookError | Finding]:
    """What is told about a runbook: why it is refused, else what lint finds."""
    try:
        runbook = load_runbook(text.encode(), file="broken.yaml")
    except RunbookProblems as problems:
        return list(problems.problems)
    return list(lint(runbook, today=TODAY, library={}))


def test_the_base_of_the_table_is_in_order() -> None:
    """What the table breaks is whole before it is broken."""
    found = complaints(BASE)

    assert found == []


def test_the_table_has_at_least_thirty_rows() -> None:
    """The table breaks the language in more than thirty ways, each under its own name."""
    names = [row["name"] for row in ROWS]

    assert len(names) >= 30
    assert len(names) == len(set(names))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"].replace(" ", "-"))
def test_a_broken_runbook_is_refused_at_the_right_place(row: dict[str, Any]) -> None:
    """The rule, the line and the column of every problem are told, and how to mend it."""
    text, place = broken(row)

    found = complaints(text)

    fitting = [each for each in found if each.rule == row["rule"]]
    assert fitting, [f"{each.line}:{each.column} {each}" for each in found]
    if place is not None:
        assert place in {(each.line, each.column) for each in fitting}, [
            f"{each.line}:{each.column} {each}" for each in fitting
        ]
    assert str(row.get("says", "")) in "\n".join(str(each) for each in fitting)
    assert str(row.get("mend", "")) in "\n".join(each.mend for each in fitting)
    assert all(each.mend for each in fitting)
