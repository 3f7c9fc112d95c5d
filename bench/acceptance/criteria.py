"""Every acceptance criterion of the first part, in the issue's order."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.acceptance.clone import clean_clone
from bench.acceptance.criterion import Criterion, Extent, by_bench, by_tests
from bench.acceptance.running import Tested, Verdict, command, tested
from tests.audit.alterations import SEALED_ONLY, TWENTY

CAUGHT, BROKEN, EXAMPLES, ON_SERVER = 13, 25, 2000, 50
FAULTS = "tests/faults"


def clone(extent: Extent) -> Iterator[Verdict]:
    """Clean clone: `make setup`, `make test`, `make demo`."""
    if not extent.clone:
        wanted = "make demo and make test work in a clean clone"
        got = "not run: ask with --clone, and --empty-cache to build the server as well"
        yield Verdict("clean clone", wanted, got, None)
        return
    yield from clean_clone(empty_cache=extent.empty_cache)


def demo(extent: Extent) -> Iterator[Verdict]:
    """`escalate demo --auto --json`, again and again."""
    good, seconds, wrong = 0, 0.0, ""
    escalate = str(Path(sys.executable).parent / "escalate")
    for _ in range(extent.demos):
        ended = command([escalate, "demo", "--auto", "--json"], seconds=900)
        seconds += ended.seconds
        fault = _fault(ended.code, ended.said)
        good += not fault
        wrong = fault or wrong
    yield Verdict(
        "escalate demo --auto --json, warm cache",
        f"{extent.demos} of {extent.demos} runs exit 0; all closed, verified, replayed",
        f"{good} of {extent.demos}" + (f"; last fault: {wrong}" if wrong else ""),
        good == extent.demos,
        seconds,
    )


def _fault(code: int, said: str) -> str:
    try:
        tally = json.loads(said[said.index("{") :])
    except ValueError:
        return f"exit {code}, no JSON: {said[-300:]}"
    whole = tally["cases"] == tally["closed"] == tally["verified"] == tally["replayed"]
    if code == 0 and whole and not tally["failures"]:
        return ""
    names = ("cases", "closed", "verified", "replayed", "failures")
    return f"exit {code}, " + ", ".join(f"{name} {tally[name]}" for name in names)


def alterations(extent: Extent) -> Iterator[Verdict]:
    """The twenty alterations: how many are caught, and which by the seal of the run alone."""
    del extent
    found = tested("tests/audit/test_twenty_alterations.py", seconds=900, environ=None)
    caught = len(TWENTY) if not found.failed else 0
    yield Verdict(
        "strict replay and verify against the 20 alterations",
        f">= {CAUGHT} of {len(TWENTY)} caught",
        f"{caught} caught; by the seal of the run alone: "
        f"{', '.join(sorted(SEALED_ONLY))}; {found.shown}",
        caught >= CAUGHT,
        found.seconds,
    )


def pure_gate(extent: Extent) -> Iterator[Verdict]:
    """The gate as a state machine, pure."""
    yield _examples(
        extent,
        name="state machine over a gate, pure",
        least=EXAMPLES,
        selection=("tests/cases/test_gate_machine.py",),
    )


def server_gate(extent: Extent) -> Iterator[Verdict]:
    """The gate as a state machine, on the real server."""
    yield _examples(
        extent,
        name="state machine over a gate, on the real server",
        least=ON_SERVER,
        selection=("tests/workflows/test_gate_on_the_server.py",),
    )


def _examples(extent: Extent, *, name: str, least: int, selection: tuple[str, ...]) -> Verdict:
    profile = () if extent.quick else ("--hypothesis-profile=full",)
    shown = ("--hypothesis-show-statistics", "--timeout=3000")
    found: Tested = tested(*selection, *profile, *shown, seconds=3000, environ=None)
    enough = found.examples >= least
    passed = not found.failed and found.passed > 0 and (enough or extent.quick)
    return Verdict(name, f">= {least} examples", found.shown, passed, found.seconds)


def newcomer(extent: Extent) -> Iterator[Verdict]:
    """README and docs, block by block."""
    del extent
    ended = command([sys.executable, "-m", "bench.newcomer", "--json"], seconds=3000)
    blocks = [json.loads(line) for line in ended.said.splitlines() if line.startswith("{")]
    ran = [block for block in blocks if block["ended"] in ("ran", "started")]
    failed = [f"{b['document']}:{b['line']}" for b in blocks if b["ended"] == "failed"]
    slowest = max((block["seconds"] for block in ran), default=0.0)
    got = f"{len(ran)} blocks ran, slowest {slowest} s, {len(failed)} failed {' '.join(failed)}"
    yield Verdict(
        "newcomer: README and docs run as written",
        "every block that is meant to be run",
        got.strip(),
        bool(ran) and not failed,
        ended.seconds,
    )


CRITERIA: dict[str, Criterion] = {
    "clone": clone,
    "demo": demo,
    "real-servers": by_tests(
        "real servers end to end: tracker, mail, link, comment, resolve; also on Postgres",
        "ticket to resolved ticket, on SQLite and on Postgres",
        f"{FAULTS}/test_real_servers.py",
        at_least=2,
    ),
    "worker-killed": by_tests(
        "kill -9 of the worker after every history event of the canonical case",
        "journals equal to the re-derived ones and to the unkilled run's; nothing lost or doubled",
        f"{FAULTS}/test_worker_killed.py",
        "-m",
        "faults",
        seconds=3600,
        quickly=(f"{FAULTS}/test_worker_killed.py",),
    ),
    "gateway-killed": by_tests(
        "kill -9 of the gateway at every named fault point of an act and of a delivery",
        "everything applied once",
        f"{FAULTS}/test_gateway_killed.py",
        at_least=17,
    ),
    "server-killed": by_tests(
        "kill -9 of the Temporal server on its file",
        "the case goes on",
        f"{FAULTS}/test_outage.py",
        "-k",
        "server",
        at_least=2,
    ),
    "fifty-acts": by_tests(
        "50 acts posted while all workers are down",
        "50 recorded, 50 applied, 0 twice",
        f"{FAULTS}/test_outage.py",
        "-k",
        "fifty",
    ),
    "deadline": by_tests(
        "approval signed a second before, at, a second after the deadline, workers up and down",
        "counts, counts, refused",
        f"{FAULTS}/test_deadline.py",
        at_least=6,
    ),
    "watch": by_tests(
        "server and workers killed: the duty manager has a mail",
        "within 180 s",
        f"{FAULTS}/test_watch_tells.py",
        "-m",
        "faults",
    ),
    "raw-acts": by_tests(
        "unsigned, wrongly signed, replayed act sent with Temporal's own client",
        "refused, journalled",
        f"{FAULTS}/test_raw_acts.py",
        at_least=6,
    ),
    "webhooks": by_tests(
        "five identical webhooks in parallel, worker up and down",
        "one case, one ticket",
        f"{FAULTS}/test_outage.py",
        "-k",
        "five_identical",
        at_least=2,
    ),
    "vendors": by_tests(
        "vendor 429, 5xx, time-out after success",
        "no duplicate ticket or mail",
        f"{FAULTS}/test_vendors.py",
        at_least=4,
    ),
    "alterations": alterations,
    "gate-pure": pure_gate,
    "gate-server": server_gate,
    "broken-runbooks": by_tests(
        "broken runbooks, each refused at the right line",
        f">= {BROKEN}",
        "tests/runbooks/test_broken.py",
        "-k",
        "refused",
        at_least=BROKEN,
    ),
    "bench": by_bench(),
    "uncached": by_tests(
        "every workflow story with max_cached_workflows=0, then replayed",
        "all",
        "tests/workflows/test_scenarios.py",
        "-k",
        "uncached",
        at_least=20,
    ),
    "newcomer": newcomer,
}
