"""What attackers do, what must come of it, and which tests show that.

The cases stand in tests/hostile.toml. A test says which it shows by `@pytest.mark.hostile(n)`;
nobody keeps a list of names. `python -m tests.hostile_cases` writes docs/hostile-cases.md.
"""

import ast
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.servers.install import SUITES

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "tests" / "hostile.toml"
PAGE = ROOT / "docs" / "hostile-cases.md"
MARKER = "hostile"
LONG = frozenset({"faults", "fuzz", "library"})
"""Marks of tests that run only with `-m`, as the acceptance does."""
ELSEWHERE = LONG | {suite.marker for suite in SUITES}
"""Marks of tests that do not run everywhere: a case must be shown without them."""

_HEAD = """\
# Hostile cases

What attackers and unlucky moments do, what must come of it, and the tests that show it. Odd
numbers are those of the research the project began with; the even one after each is its neighbour.
This page is written from `tests/hostile.toml` and the tests' own marks by
`python -m tests.hostile_cases`, and a test fails when it is not; `pytest -m hostile` runs them all.
"""


class Hostile(NamedTuple):
    """One attack, and the only outcome that is right."""

    number: int
    attack: str
    outcome: str
    lacks: str = ""
    """What has to be built before a test can show it; empty for all that is shown."""


class Shown(NamedTuple):
    """A test that shows some of them."""

    file: str
    test: str
    numbers: tuple[int, ...]
    asserts: bool
    """Whether it says what it expects, and is not skipped anywhere."""
    everywhere: bool

    @property
    def id(self) -> str:
        """As pytest is asked for it."""
        return f"{self.file}::{self.test}"


class Area(NamedTuple):
    """Cases about one thing."""

    title: str
    cases: tuple[Hostile, ...]


def areas() -> tuple[Area, ...]:
    """The table."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(
        Area(title=area["title"], cases=tuple(Hostile(**case) for case in area["cases"]))
        for area in table["areas"]
    )


AREAS = areas()
CASES = {case.number: case for area in AREAS for case in area.cases}


def shown(tests: Path = ROOT / "tests") -> list[Shown]:
    """Every test that carries the mark, as it stands in the tree; nothing is imported."""
    found: list[Shown] = []
    for path in sorted(tests.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        whole = {name for name, _ in _marks(_module_marks(tree))}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found += _of(node, str(path.relative_to(tests.parent)), whole)
    return found


def strays(tests: Path = ROOT / "tests") -> list[str]:
    """Marks that stand elsewhere than over a test of a module, where `shown` does not see them."""
    where: list[str] = []
    for path in sorted(tests.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        all_marks = sum(
            isinstance(node, ast.Attribute)
            and node.attr == MARKER
            and isinstance(node.value, ast.Attribute)
            and node.value.attr == "mark"
            for node in ast.walk(tree)
        )
        over_tests = sum(
            name == MARKER
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for name, _ in _marks(node.decorator_list)
        )
        if all_marks != over_tests:
            where.append(str(path.relative_to(tests.parent)))
    return where


def page(tests: Sequence[Shown]) -> str:
    """The page for people."""
    by_number: dict[int, list[Shown]] = {number: [] for number in CASES}
    for test in tests:
        for number in test.numbers:
            by_number[number].append(test)
    lines = [_HEAD]
    for area in AREAS:
        lines += [f"## {area.title}", "", "| | What happens | What comes of it | Shown by |"]
        lines += ["| --- | --- | --- | --- |"]
        for case in area.cases:
            by = " · ".join(f"`{test.id}`" for test in by_number[case.number])
            by = by or f"not yet: {case.lacks}"
            lines += [f"| {case.number} | {case.attack} | {case.outcome} | {by} |"]
        lines += [""]
    return "\n".join(lines)


def _of(
    node: ast.FunctionDef | ast.AsyncFunctionDef, file: str, whole: set[str]
) -> Iterator[Shown]:
    marks = list(_marks(node.decorator_list))
    numbers = [number for name, given in marks if name == MARKER for number in given]
    if not numbers:
        return
    names = {name for name, _ in marks} | whole
    says = any(
        isinstance(part, ast.Assert) or (isinstance(part, ast.Attribute) and part.attr == "raises")
        for part in ast.walk(node)
    )
    yield Shown(
        file=file,
        test=node.name,
        numbers=tuple(sorted(numbers)),
        asserts=says and not names & {"skip", "skipif", "xfail"},
        everywhere=not names & ELSEWHERE,
    )


def _module_marks(tree: ast.Module) -> list[ast.expr]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
        ):
            value = node.value
            return value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
    return []


def _marks(decorators: Sequence[ast.expr]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Each `pytest.mark.NAME` with the numbers it is given."""
    for each in decorators:
        called = each.func if isinstance(each, ast.Call) else each
        if (
            isinstance(called, ast.Attribute)
            and isinstance(called.value, ast.Attribute)
            and called.value.attr == "mark"
        ):
            given = each.args if isinstance(each, ast.Call) else []
            yield (
                called.attr,
                tuple(
                    arg.value
                    for arg in given
                    if isinstance(arg, ast.Constant) and isinstance(arg.value, int)
                ),
            )


if __name__ == "__main__":
    PAGE.write_text(page(shown()), encoding="utf-8")
