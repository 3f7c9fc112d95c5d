"""Every hostile case by its number: shown by tests that ran here, passed, and none was skipped."""

import sys
from collections.abc import Iterator

from bench.acceptance.criterion import Criterion, Extent
from bench.acceptance.running import Verdict, tested

MARKER = "hostile"


def by_number(name: str, *, cases: int, flood: int = 10_000, seconds: float = 2400) -> Criterion:
    """A criterion that each of so many numbers answers by itself."""

    def run(extent: Extent) -> Iterator[Verdict]:
        environ = None if extent.quick else {"ESCALATE_FLOOD": str(flood)}
        found = tested("-m", MARKER, seconds=seconds, environ=environ)
        for fault in found.why:
            print(fault, file=sys.stderr, flush=True)
        said = {key: value for key, value in found.properties.items() if MARKER in key.split()}
        numbers = {int(key.split()[1]) for key in said}
        lacking = [str(number) for number in range(1, cases + 1) if number not in numbers]
        figures = [f"{key} {value}" for key, value in found.properties.items() if key not in said]
        words = [
            f"{len(numbers)} of {cases} shown, by {found.passed} tests",
            *([f"not shown: {', '.join(lacking)}"] if lacking else []),
            *([f"{found.skipped} skipped"] if found.skipped else []),
            *([f"failed: {', '.join(found.failed[:5])}"] if found.failed else []),
            *figures,
        ]
        good = not (lacking or found.failed or found.skipped)
        yield Verdict(name, f"{cases} of {cases}", "; ".join(words), good, found.seconds)

    return run
