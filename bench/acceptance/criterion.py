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
    environ: Mapping[str, str] | None = None,
    by_name: Mapping[str, str] | None = None,
    counted: tuple[str, Callable[[Tested], int]] | None = None,
    examples: int = 0,
    anchor: str = "",
    counting: Mapping[str, int] | None = None,
) -> Criterion:
    """A criterion that tests decide: all pass, and there are enough of them.

    `fully` is the environment in which they try everything, not a sample; left out when quick.
    `environ` is the one they always run in: with `CI` none is left out for want of a real server.
    `by_name` says which tests must be among those that passed, and what each of them is called.
    `counted` is what `at_least` counts, where it is not tests. `examples` is how many generated
    ones there must be. `anchor` is the figure of those it is measured against.
    `counting` names figures the tests say of themselves, and how much each must be then.
    """

    def run(extent: Extent) -> Iterator[Verdict]:
        chosen = quickly if extent.quick and quickly is not None else selection
        around = {**(environ or {}), **({} if extent.quick else fully or {})}
        found = tested(*chosen, seconds=seconds, environ=around or None)
        for fault in found.why:
            print(fault, file=sys.stderr, flush=True)
        least = at_least if chosen is selection else 1
        number = counted[1](found) if counted is not None else found.passed
        shown = [found.shown]
        if counted is not None:
            shown.append(f"{counted[0]} {number}")
        named, missing = _by_name(found, by_name or {} if chosen is selection else {})
        if named:
            shown.append("among them " + ", ".join(named))
        if missing:
            shown.append("MISSING " + ", ".join(missing))
        enough = number >= least and (
            extent.quick
            or (
                found.examples >= examples
                and all(_said(found, each) >= n for each, n in (counting or {}).items())
            )
        )
        good = not found.failed and found.passed > 0 and enough and not missing
        yield Verdict(name, wanted, "; ".join(shown), good, found.seconds, anchor)

    return run


def _by_name(found: Tested, wanted: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """What those are called that passed, of the ones that had to; and of the ones that did not."""
    passed = {name.partition("[")[0] for name in found.names}
    named = [called for called, test in wanted.items() if test in passed]
    return named, [called for called, test in wanted.items() if test not in passed]


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
