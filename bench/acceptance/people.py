"""Every acceptance criterion of the third part, in the issue's order.

What is not built yet is a criterion all the same: it fails, and says so.
"""

import csv
import json
import sys
from collections.abc import Iterator

from bench.acceptance.criterion import Criterion, Extent, by_tests
from bench.acceptance.running import ROOT, Tested, Verdict, command
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


EXAMPLES_SHOWN = ("--hypothesis-show-statistics", "--timeout=3000")
"""Each property then says how many examples it tried, and that is what is counted."""

REGRESSIONS = {
    "Mozilla #15252": "test_mozilla_addons_15252_a_timer_passes_no_gate",
    "#15398": "test_mozilla_addons_15398_a_newer_question_stops_what_the_older_decision_had_set",
    "#15568": "test_mozilla_addons_15568_nothing_is_held_that_the_rule_does_not_hold",
    "#16258 (its text unread)": "test_two_who_approve_at_once_count_once_each",
    "#15278 (its text unread)": "test_who_asked_does_not_approve_through_a_delegate",
    "#15330": "test_mozilla_addons_15330_an_overridden_decision_can_be_acted_on_no_more",
    "preloop #510": "test_preloop_510_an_approval_after_its_time_is_told_that_it_came_too_late",
    "st2 #4135": "test_st2_4135_an_answer_that_comes_at_once_is_neither_lost_nor_stuck",
    "OnCall #4654": "test_oncall_4654_nothing_is_sent_after_an_acknowledgement",
    "#4760": "test_oncall_4760_a_page_by_hand_stops_as_well",
    "#934": "test_oncall_934_the_next_step_does_not_cut_the_second_channel_short",
    "#1206": "test_oncall_1206_an_escalation_goes_on_when_every_process_was_killed",
    "#1326": "test_oncall_1326_nobody_reachable_brings_the_next_step_at_once",
    "GoAlert #3378": "test_goalert_3378_an_acknowledgement_that_is_forgotten_lapses",
    "a second before, at and after expiry": "test_an_approval_around_its_expiry",
}
"""What each is called, and its test; a name that is not among those that passed fails the line."""

PROPERTIES = 7
"""Four of generated policies and histories, and three state machines of a gate."""
GENERATED = 2_000

TRACKER = "test_a_real_ticket_is_mended_told_and_followed"
MERGED = "test_merge_and_unmerge_return_both_cases_to_what_they_were"
REOPENED = "test_a_reopened_case_keeps_one_chain_that_verifies_and_replays"
BULK = "test_five_hundred_cases_survive_a_crash_in_the_middle"

DRIFT = ROOT / "tests" / "integrations" / "drift.csv"
"""One kind a row."""

ALL_SERVERS = {"CI": "true"}
"""A test whose real server is missing then fails; without it it would be left out."""


def kinds_of_drift(found: Tested) -> int:
    """How many rows of the table passed on every tracker they name."""
    passed = [name for name in found.names if name.startswith("test_drift_is_mended_or_told[")]
    tried = {name.partition("[")[2].removesuffix("]") for name in passed}
    rows = csv.DictReader(DRIFT.read_text(encoding="utf-8").splitlines())
    return sum(tried >= {f"{row['kind']}-{system}" for system in row["on"].split()} for row in rows)


CRITERIA: dict[str, Criterion] = {
    "regressions": by_tests(
        "what went wrong elsewhere, each under its own name",
        f"{len(REGRESSIONS)} by name: Mozilla add-ons, preloop, st2, OnCall, GoAlert, expiry",
        "-m",
        "faults or not faults",
        "tests/regressions",
        at_least=len(REGRESSIONS),
        by_name=REGRESSIONS,
    ),
    "escalation-policies": by_tests(
        "no notice after an acknowledgement, one outcome a request, a person at every end",
        f">= {GENERATED:,} generated policies, histories and runs of a gate for each of"
        f" {PROPERTIES} properties",
        "--hypothesis-profile=full",
        *EXAMPLES_SHOWN,
        "-m",
        "faults or not faults",
        "tests/cases/test_escalation_policies.py",
        "tests/cases/test_gate_machine.py",
        "tests/faults/test_acknowledged_in_an_outage.py",
        seconds=5400,
        examples=GENERATED * PROPERTIES,
        quickly=(
            *EXAMPLES_SHOWN,
            "tests/cases/test_escalation_policies.py",
            "tests/cases/test_gate_machine.py",
        ),
    ),
    "chaos": by_tests(
        "200 cases in a storm: vendors down and slow, doubled webhooks, worker and gateway killed;"
        " sixty-fold time: a minute of the table is a second, an attempt has 10 s and waits 0.3 s"
        " to 2 s for the next one, a lease has 10 s, a channel that is out is tried every second",
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
        f">= {DRIFTS} kinds, and on a real Request Tracker",
        "tests/integrations/test_reconciliation.py",
        "tests/integrations/test_reconciliation_rt.py",
        at_least=DRIFTS,
        counted=("kinds of drift", kinds_of_drift),
        by_name={"a real Request Tracker 5": TRACKER},
        environ=ALL_SERVERS,
        seconds=2400,
    ),
    "case-operations": by_tests(
        "merge and un-merge, reopen, bulk of 500 with a crash in the middle",
        "all",
        "-m",
        "faults or not faults",
        "tests/workflows/test_case_operations.py",
        "tests/audit/test_reopened.py",
        "tests/gateway/test_reopening.py",
        "tests/faults/test_bulk_order.py",
        at_least=20,
        by_name={"merge and un-merge": MERGED, "reopen": REOPENED, "bulk of 500": BULK},
        seconds=5400,
        quickly=(
            "tests/workflows/test_case_operations.py",
            "tests/audit/test_reopened.py",
            "tests/gateway/test_reopening.py",
        ),
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
