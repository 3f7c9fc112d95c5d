"""docs/architecture.md names tests that exist, for every invariant of the design."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (I\d+) \|([^|]+)\|(.+)\|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[a-z_/0-9]+\.py)::(test_[a-z0-9_]+)(?:\[([a-z0-9_-]+)\])?`")
PACKAGES = (
    "runbooks", "cases", "workflows", "activities", "integrations",
    "store", "audit", "insights", "gateway", "workers", "cli",
)  # fmt: skip
CLOCK = "workers/clock.py"
READS_THE_CLOCK = re.compile(
    r"datetime\.(?:now|utcnow|today)\(|date\.today\(|\btime\.time(?:_ns)?\(|time\.(?:gm|local)time\("
)


def table() -> dict[str, list[tuple[str, str, str]]]:
    """Invariant → the tests that hold it: file, function, story."""
    text = (ROOT / "docs/architecture.md").read_text()
    return {name: NAMED.findall(tests) for name, _, tests in ROW.findall(text)}


def test_every_invariant_has_a_test() -> None:
    """Eighteen invariants, none without something that breaks."""
    named = table()

    assert list(named) == [f"I{number}" for number in range(1, 19)]
    assert [name for name, tests in named.items() if not tests] == []


@pytest.mark.parametrize("invariant", list(table()))
def test_every_named_test_exists(invariant: str) -> None:
    """Its file defines the function, and its story is one of those that are told."""
    workflows = ROOT / "tests/workflows"
    told = [workflows / "scenarios.py", *(workflows / "stories").glob("*.py")]
    stories = "".join(file.read_text() for file in told)

    for file, function, story in table()[invariant]:
        assert f"def {function}(" in (ROOT / file).read_text(), f"{file}::{function}"
        assert not story or f"async def {story.rpartition('-')[2]}(" in stories, story


def test_only_one_file_reads_the_wall_clock() -> None:
    """I16: everything else is handed a clock or an instant; simulation moves only cases' time."""
    readers = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if READS_THE_CLOCK.search(path.read_text())
    }

    assert CLOCK in readers
    # The simulation's clock is the same port, ahead of the wall by what was skipped.
    assert readers - {CLOCK, "workers/virtual_clock.py"} == set()
