"""The files whose tests take longest begin first, so that no worker of two ends with one alone.

`python -m tests.longest_first REPORT` reads a JUnit report of the whole suite and writes the list
anew, `make test ARGS=--junitxml=REPORT` the report. Seconds say something of one machine: only
their order counts.
"""

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

HERE = Path(__file__).with_name("longest_first.txt")
LEAST = 20
"""Seconds; what is shorter begins where it stands."""


def _read() -> dict[str, int]:
    lines = HERE.read_text(encoding="utf-8").splitlines()
    return {file: int(seconds) for seconds, file in (line.split() for line in lines)}


SECONDS = _read()


def begins(file: Path) -> int:
    """The place of the file among all, as a key to sort by."""
    return -SECONDS.get(file.as_posix(), 0)


def seconds_of(report: Path) -> dict[str, int]:
    """How long the tests of each file of the report took together, set-up included."""
    root = ET.parse(report).getroot()  # noqa: S314 - our own
    taken: Counter[str] = Counter()
    for case in root.iter("testcase"):
        taken[_file(case.get("classname", ""))] += round(1000 * float(case.get("time", "0")))
    return {file: ms // 1000 for file, ms in taken.most_common() if ms >= 1000 * LEAST}


def _file(classname: str) -> str:
    """`tests.cli.test_case.TestThis` stands in `tests/cli/test_case.py`."""
    parts = classname.split(".")
    last = next(n for n, part in enumerate(parts) if part.startswith("test_"))
    return "/".join(parts[: last + 1]) + ".py"


if __name__ == "__main__":
    lines = [f"{seconds} {file}\n" for file, seconds in seconds_of(Path(sys.argv[1])).items()]
    HERE.write_text("".join(lines), encoding="utf-8")
    sys.stdout.write(f"{len(lines)} files\n")
