"""Every acceptance criterion of the third part, in the issue's order.

What is not built yet is a criterion all the same: it fails, and says so.
"""

import json
import sys
from collections.abc import Iterator

from bench.acceptance.criterion import Criterion, Extent, by_tests
from bench.acceptance.running import Verdict, command
from tests.fuzz.verifiers import VERIFIERS

FUZZED, DRIFTS, HOURS, CANARIES = 100_000, 20, 100, 30


def verifiers(extent: Extent) -> Iterator[Verdict]:
    """Every webhook verifier against its vendor's own: a verdict each."""
    count = FUZZED // 20 if extent.quick else FUZZED
    ended = command([sys.executable, "-m", "tests.fuzz", "--count", str(count)], seconds=3600)
    lines = [json.loads(line) for line in ended.said.splitlines() if line.startswith("{")]
    found = {line["verifier"]: line for line in lines}
    for each in VERIFIERS:
        line = found.get(each.name)
        if line is None:
            yield Verdict(f"webhooks of {each.name}", "fuzzed", ended.tail, passed=False)
            continue
        faults = {name: len(line[name]) for name in ("uncaught", "too_trusting", "too_strict")}
        counted = ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in faults.items())
        yield Verdict(
            f"webhooks of {each.name} against {each.oracle}",
            f">= {count} inputs, nothing uncaught, nothing believed that the oracle refuses",
            f"{line['inputs']} inputs; {counted}; stricter: {', '.join(line['stricter'])}",
            line["sound"] and line["inputs"] >= count,
            line["seconds"],
        )


CRITERIA: dict[str, Criterion] = {
    "regressions": by_tests(
        "what went wrong elsewhere, each under its own name",
        "14 and more: Mozilla add-ons, preloop, st2, OnCall, GoAlert, expiry",
        "tests/regressions",
        at_least=15,
    ),
    "escalation-policies": by_tests(
        "no notice after an acknowledgement, one outcome a request, a person at every end",
        ">= 2,000 generated policies and histories",
        "--hypothesis-profile=full",
        "tests/cases/test_escalation_policies.py",
        quickly=("tests/cases/test_escalation_policies.py",),
    ),
    "chaos": by_tests(
        "200 cases in a storm: vendors down and slow, doubled webhooks, worker and gateway killed",
        "no decision lost, no ticket or page doubled, all cases closed",
        "-m",
        "faults",
        "tests/faults/test_chaos.py",
        seconds=5400,
        quickly=("tests/faults/test_chaos.py",),
    ),
    "verifiers": verifiers,
    "reconciliation": by_tests(
        "induced drift, mended or put to a person",
        f">= {DRIFTS} kinds",
        "tests/integrations/test_reconciliation.py",
        "tests/integrations/test_reconciliation_rt.py",
        at_least=DRIFTS,
        seconds=2400,
    ),
    "case-operations": by_tests(
        "merge and un-merge, reopen, bulk of 500 with a crash in the middle",
        "all",
        "-m",
        "faults or not faults",
        "tests/workflows/test_case_operations.py",
        "tests/faults/test_bulk_order.py",
        seconds=5400,
        quickly=("tests/workflows/test_case_operations.py",),
    ),
    "recipient-hours": by_tests(
        "business hours: zones of case and recipient, DST, holidays, Friday 16:59",
        f">= {HOURS} rows",
        "tests/cases/test_recipient_hours.py",
        at_least=HOURS,
    ),
    "leaks": by_tests(
        "canaries in restricted cases appear nowhere outside",
        f"{CANARIES} canaries, none found",
        "tests/faults/test_leaks.py",
        seconds=2400,
    ),
    "log-in": by_tests(
        "OIDC through a real provider: log in, roles from claims, L2, revoked sessions",
        "all",
        "tests/gateway/test_oidc.py",
        seconds=2400,
    ),
}
