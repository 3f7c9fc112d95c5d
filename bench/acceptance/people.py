"""Every acceptance criterion of the third part, in the issue's order.

What is not built yet is a criterion all the same: it fails, and says so.
"""

from bench.acceptance.criterion import Criterion, by_tests

FUZZED, DRIFTS, HOURS, CANARIES = 100_000, 20, 100, 30

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
    "reconciliation": by_tests(
        "induced drift, mended or put to a person",
        f">= {DRIFTS} kinds",
        "tests/integrations/test_reconciliation.py",
        at_least=DRIFTS,
    ),
    "case-operations": by_tests(
        "merge and un-merge, reopen, bulk of 500 with a crash in the middle",
        "all",
        "-m",
        "faults or not faults",
        "tests/workflows/test_case_operations.py",
        seconds=3000,
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
