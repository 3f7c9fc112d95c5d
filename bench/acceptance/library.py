"""Every acceptance criterion of the second part: runbooks, clocks, tables, lint, simulation.

What is not built yet is a criterion all the same: it fails, and says so.
"""

import asyncio
import atexit
import contextlib
import functools
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.acceptance.clocks import clocks
from bench.acceptance.criterion import Criterion, Extent, by_tests
from bench.acceptance.running import ROOT, Ended, Verdict, command
from bench.coverage import table
from runbooks import library as shipped
from workers.backtest.differences import Differences, differences
from workers.backtest.week import read_week

RUNBOOKS, DATED, FAULTS, WEEK = 13, 300, 60, 1000
SECONDS = 600.0
DEFAULT = "user-safety-escalation"
EDITED = f"{DEFAULT}.yaml"
ANALYST = "docs/write-a-runbook.md"
ANALYST_DOES = ("runbook lint", "runbook simulate", "runbook release", "--approve", "case open")
ESCALATE = str(Path(sys.executable).parent / "escalate")


def runbooks(extent: Extent) -> Iterator[Verdict]:
    """How many of the thirteen runbooks ship."""
    del extent
    names = sorted(set(shipped()) - {DEFAULT})
    got = f"{len(names)} and {DEFAULT}: {', '.join(names)}"
    good = len(names) == RUNBOOKS and DEFAULT in shipped()
    yield Verdict("runbooks that ship", f"{RUNBOOKS} and the default one", got, good)


def coverage(extent: Extent) -> Iterator[Verdict]:
    """What of each runbook its stories try: a verdict for each, none left out."""
    del extent
    began = time.perf_counter()
    for row in asyncio.run(table()):
        got = ", ".join(f"{part} {tried}" for part, tried in row.items() if part != "runbook")
        name = f"stories cover {row['runbook']}"
        yield Verdict(name, "100%", got, row["covered"] == "100%", time.perf_counter() - began)


@dataclass(frozen=True)
class _Simulated:
    """A week that was simulated by the command, kept until acceptance ends."""

    folder: Path
    account: bytes
    ended: Ended

    @property
    def stuck(self) -> int:
        """How many of its cases never ended."""
        return len(json.loads(self.account)["stuck"])


_KEPT = contextlib.ExitStack()
atexit.register(_KEPT.close)


def _simulated(cases: int, *words: str) -> _Simulated:
    folder = Path(_KEPT.enter_context(tempfile.TemporaryDirectory(prefix="week-")), "week")
    asked = [ESCALATE, "runbook", "simulate", "--cases", str(cases), "--seed", "1", "--json"]
    ended = command([*asked, *words, "--out", str(folder)], seconds=3000)
    return _Simulated(folder, (folder / "account.json").read_bytes(), ended)


@functools.cache
def _the_week(cases: int) -> _Simulated:
    """The week that is played twice, and played again under an edited runbook."""
    return _simulated(cases)


def _cases(extent: Extent) -> int:
    return WEEK // 20 if extent.quick else WEEK


def week(extent: Extent) -> Iterator[Verdict]:
    """A generated week through the real engine, and the same seed once more."""
    cases = _cases(extent)
    wanted = SECONDS * cases / WEEK
    first = _the_week(cases)
    seconds = first.ended.seconds
    yield Verdict(
        f"simulate: a generated week of {cases} cases, all runbooks",
        f"<= {wanted:.0f} s, none stuck",
        f"{seconds:.0f} s, {first.stuck} stuck, exit {first.ended.code}",
        seconds <= wanted and not first.stuck,
        seconds,
    )
    again = _simulated(cases)
    same = again.account == first.account
    yield Verdict(
        "simulate: the same seed once more",
        "the same JSON",
        "the same" if same else "another",
        same,
        again.ended.seconds,
    )


def backtest(extent: Extent) -> Iterator[Verdict]:
    """That week under an edited runbook, played again and simulated anew: the same differences."""
    cases = _cases(extent)
    before = _the_week(cases)
    with tempfile.TemporaryDirectory(prefix="backtest-") as folder:
        edited, same = Path(folder, "edited"), Path(folder, "same")
        edited.mkdir()
        same.mkdir()
        Path(same, EDITED).write_bytes(shipped()[DEFAULT])
        Path(edited, EDITED).write_bytes(edit(shipped()[DEFAULT]))
        after = _simulated(cases, "--runbooks", str(edited))
        words = [ESCALATE, "runbook", "backtest", "--cases", str(before.folder), "--json"]
        changed = command([*words, str(edited / EDITED)], seconds=3000)
        identity = command([*words, str(same / EDITED)], seconds=3000)
        wanted = _between(before.folder, after.folder)
        got = _differences(changed.said)
        yield Verdict(
            f"backtest of an edited runbook on that week of {cases} cases",
            "differences, and those of simulating it",
            f"{len(got.changes)} of {got.cases} cases differ; "
            f"{'the same' if got == wanted else 'others than simulated'}",
            got == wanted and len(got.changes) > 0,
            changed.seconds,
        )
        none = _differences(identity.said)
        yield Verdict(
            "backtest of a runbook nobody edited",
            "no difference",
            f"{len(none.changes)} of {none.cases} cases differ",
            none.none and none.cases > 0,
            identity.seconds,
        )


def edit(text: bytes) -> bytes:
    """Legal has an hour instead of four, and two people of it must agree."""
    changed = text.replace(b"within: 4h", b"within: 1h", 1)
    return changed.replace(b"approve: {legal: 1}", b"approve: {legal: 2}", 1)


def _differences(said: str) -> Differences:
    return Differences.model_validate(json.loads(said[said.index("{") :])["differences"])


def _between(week: Path, again: Path) -> Differences:
    """How two simulated weeks differ in the cases that come to the edited runbook."""
    before = read_week(week).touched(frozenset({DEFAULT}))
    after = read_week(again).touched(frozenset({DEFAULT}))
    return differences(
        {line.case: line.outcome for line in before}, {line.case: line.outcome for line in after}
    )


def analyst(extent: Extent) -> Iterator[Verdict]:
    """The blocks of the analysts' page, in a clean clone and a fresh demo."""
    del extent
    ended = command([sys.executable, "-m", "bench.newcomer", "--json", ANALYST], seconds=3000)
    blocks = [json.loads(line) for line in ended.said.splitlines() if line.startswith("{")]
    ran = [block for block in blocks if block["ended"] == "ran"]
    wrong = [f"line {block['line']}" for block in blocks if block["ended"] == "failed"]
    text = Path(ROOT, ANALYST).read_text(encoding="utf-8")
    missing = [word for word in ANALYST_DOES if word not in text]
    took = ", ".join(f"{block['seconds']:.0f}" for block in ran)
    got = f"{len(ran)} blocks ran in {took} s"
    got += f"; failed: {', '.join(wrong)}" if wrong else ""
    got += f"; not in it: {', '.join(missing)}" if missing else ""
    yield Verdict(
        "an analyst's path: a runbook written, linted, simulated, released, a case opened",
        f"all blocks of {ANALYST} run",
        got,
        ended.code == 0 and bool(ran) and not wrong and not missing,
        ended.seconds,
    )


CRITERIA: dict[str, Criterion] = {
    "runbooks": runbooks,
    "coverage": coverage,
    "covered": by_tests(
        "stories of every runbook, without an engine",
        "100 % of stages, outcomes, rows, exits and clocks",
        "tests/workflows/test_library_at_a_desk.py",
        at_least=100,
        seconds=1200,
    ),
    "played": by_tests(
        "the same stories on the real server with time skipping, cached and uncached, replayed",
        "all",
        "tests/workflows/test_library.py",
        "-m",
        "library or not library",
        at_least=300,
        seconds=10_800,
        quickly=("tests/workflows/test_library.py",),
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
    "clocks-expected": clocks,
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
    "migrated": by_tests(
        "running cases moved to another version: previewed, by two, back by one; old rows keep",
        "all, pure and on the real server, exports verified",
        "tests/cases/test_migration.py",
        "tests/audit/test_rules.py",
        "tests/gateway/test_migrations.py",
        "tests/cli/test_migrate.py",
        "tests/workflows/test_scenarios.py",
        at_least=100,
        seconds=2400,
    ),
    "shadow": by_tests(
        "a runbook in the shadow of today's process: nothing leaves the house, compared at the end",
        "all",
        "tests/cases/test_shadow.py",
        "tests/insights/test_shadow.py",
        "tests/workflows/test_shadow.py",
        "tests/gateway/test_shadow.py",
        "tests/cli/test_shadow.py",
        "tests/audit/test_shadow.py",
        seconds=2400,
    ),
    "week": week,
    "backtest": backtest,
    "backtest-exports": by_tests(
        "backtest of exported cases: none differs under its own text, assumptions are marked",
        "all",
        "tests/workers/backtest/test_recorded.py",
    ),
    "backtest-stories": by_tests(
        "backtest of every story of every runbook under its own text: none differs",
        "all",
        "-m",
        "library",
        "tests/workers/backtest/test_stories.py",
        # An hour on one core: two processes share the runbooks.
        "-n",
        "2",
        seconds=7200,
    ),
    "analyst": analyst,
}
