"""Every acceptance criterion of the second part: runbooks, clocks, tables, lint, simulation.

What is not built yet is a criterion all the same: it fails, and says so.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.acceptance.criterion import Criterion, Extent, by_tests
from bench.acceptance.running import Verdict, command
from bench.coverage import table
from runbooks import library as shipped

RUNBOOKS, DATED, FAULTS, WEEK = 13, 300, 60, 1000
SECONDS = 600.0
ESCALATE = str(Path(sys.executable).parent / "escalate")


def runbooks(extent: Extent) -> Iterator[Verdict]:
    """How many of the thirteen runbooks ship."""
    del extent
    names = sorted(shipped())
    got = f"{len(names)}: {', '.join(names)}"
    yield Verdict("runbooks that ship", f"{RUNBOOKS}", got, len(names) >= RUNBOOKS)


def coverage(extent: Extent) -> Iterator[Verdict]:
    """What of each runbook its stories try: a verdict for each, none left out."""
    del extent
    began = time.perf_counter()
    for row in asyncio.run(table()):
        got = ", ".join(f"{part} {tried}" for part, tried in row.items() if part != "runbook")
        name = f"stories cover {row['runbook']}"
        yield Verdict(name, "100%", got, row["covered"] == "100%", time.perf_counter() - began)


def week(extent: Extent) -> Iterator[Verdict]:
    """A generated week through the real engine, and the same seed once more."""
    cases = WEEK // 10 if extent.quick else WEEK
    wanted = SECONDS * cases / WEEK
    words = [ESCALATE, "runbook", "simulate", "--cases", str(cases), "--seed", "1", "--json"]
    with tempfile.TemporaryDirectory(prefix="week-") as folder:
        first = command([*words, "--out", f"{folder}/one"], seconds=3000)
        account = json.loads(first.said[first.said.index("{") :])
        yield Verdict(
            f"simulate: a generated week of {cases} cases, all runbooks",
            f"<= {wanted:.0f} s, none stuck",
            f"{first.seconds:.0f} s, {len(account['stuck'])} stuck, exit {first.code}",
            first.seconds <= wanted and not account["stuck"],
            first.seconds,
        )
        again = command([*words, "--out", f"{folder}/two"], seconds=3000)
        one, two = (Path(folder, name, "account.json").read_bytes() for name in ("one", "two"))
        yield Verdict(
            "simulate: the same seed once more",
            "the same JSON",
            "the same" if one == two else "another",
            one == two,
            again.seconds,
        )


def backtest(extent: Extent) -> Iterator[Verdict]:
    """Not built."""
    del extent
    yield Verdict("backtest of an edited runbook", "as simulating it", "not built", passed=False)


def analyst(extent: Extent) -> Iterator[Verdict]:
    """The analyst's path needs a document of its own."""
    del extent
    wanted = "a new runbook written, linted, simulated, released, a case opened, from the docs"
    yield Verdict("an analyst's path", wanted, "not written", passed=False)


CRITERIA: dict[str, Criterion] = {
    "runbooks": runbooks,
    "coverage": coverage,
    "covered": by_tests(
        "stories of every runbook take every way it knows, and play on the server, cached",
        "100 % of stages, outcomes, rows, exits and clocks",
        "tests/workflows/test_library_at_a_desk.py",
        "tests/workflows/test_library.py",
        at_least=40,
        seconds=3600,
    ),
    "uncached": by_tests(
        "the same stories without a workflow cache",
        "all",
        "-m",
        "library",
        "tests/workflows/test_library.py",
        seconds=7200,
    ),
    "dated": by_tests(
        "dated examples of the law's clocks, worked out by hand or by another way",
        f">= {DATED}",
        "tests/runbooks/test_statute_dates.py",
        at_least=DATED,
    ),
    "clock-properties": by_tests(
        "clocks: monotone, additive, recomputable at any past instant",
        "all",
        "tests/runbooks/test_statute_properties.py",
        "tests/cases/test_computed_deadline.py",
    ),
    "seeded-faults": by_tests(
        "seeded faults, each found at the right place",
        f">= {FAULTS}",
        "tests/runbooks/test_faults.py",
        at_least=FAULTS,
    ),
    "counter-examples": by_tests(
        "the way a finding prints really goes wrong",
        "all",
        "tests/runbooks/test_counterexamples.py",
    ),
    "tables": by_tests(
        "decision tables against independent engines (zen-engine, cel-python)",
        ">= 10,000 random tables",
        "tests/runbooks/tables/test_engines.py",
    ),
    "week": week,
    "backtest": backtest,
    "analyst": analyst,
}
