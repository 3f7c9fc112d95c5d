"""What a criterion is: something asked of the whole, answered by verdicts, whatever happens."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bench.acceptance.running import ROOT, Tested, Verdict, command, tested


@dataclass(frozen=True)
class Extent:
    """How much of what takes long is done."""

    quick: bool = False
    clone: bool = False
    empty_cache: bool = False

    @property
    def demos(self) -> int:
        """How many times the demo plays itself."""
        return 2 if self.quick else 20


Criterion = Callable[[Extent], Iterator[Verdict]]


def by_tests(
    name: str,
    wanted: str,
    *selection: str,
    at_least: int = 1,
    seconds: float = 1200,
    quickly: tuple[str, ...] | None = None,
    fully: Mapping[str, str] | None = None,
    anchor: str = "",
    counting: Mapping[str, int] | None = None,
) -> Criterion:
    """A criterion that tests decide: all pass, and there are enough of them.

    `fully` is the environment in which they try everything, not a sample; left out when quick.
    `anchor` is the figure of those it is measured against.
    `counting` names figures the tests say of themselves, and how much each must be then.
    """

    def run(extent: Extent) -> Iterator[Verdict]:
        chosen = quickly if extent.quick and quickly is not None else selection
        found = tested(*chosen, seconds=seconds, environ=None if extent.quick else fully)
        for fault in found.why:
            print(fault, file=sys.stderr, flush=True)
        least = at_least if chosen is selection else 1
        enough = found.passed >= least and (
            extent.quick or all(_said(found, each) >= n for each, n in (counting or {}).items())
        )
        good = not found.failed and enough
        yield Verdict(name, wanted, found.shown, good, found.seconds, anchor)

    return run


def by_bench(*names: str, anchor: str = "") -> Criterion:
    """Criteria that measurements of `bench/` decide: a verdict for each line of their table."""

    def run(extent: Extent) -> Iterator[Verdict]:
        quick = ("--quick",) if extent.quick else ()
        words = [sys.executable, "-m", "bench", "--json", *quick, *names]
        ended = command(words, seconds=3000)
        lines = [json.loads(line) for line in ended.said.splitlines() if line.startswith("{")]
        if not lines:
            asked = " ".join(("make bench", *names))
            yield Verdict(asked, "a table", ended.tail, passed=False, seconds=ended.seconds)
        for line in lines:
            yield Verdict(
                f"bench: {line['name']}",
                line["budget"],
                f"{line['got']} ({line['note']})" if line["note"] else line["got"],
                line["pass"],
                ended.seconds / len(lines),
                anchor,
            )

    return run


def _said(found: Tested, name: str) -> int:
    """The figure that a test said of itself; -1 when none did."""
    said = found.properties.get(name, "")
    return int(said) if said.isdecimal() else -1


def run(criteria: Mapping[str, Criterion], name: str, extent: Extent) -> Iterator[Verdict]:
    """The verdicts of one criterion; its own failure is one of them."""
    try:
        yield from criteria[name](extent)
    except Exception as error:  # noqa: BLE001 - the edge: the other criteria must still run
        fault = f"{type(error).__name__}: {error}"[:400]
        yield Verdict(name, "an answer", fault.replace(str(ROOT), "."), passed=False)
