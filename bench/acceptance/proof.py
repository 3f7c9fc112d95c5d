"""Every acceptance criterion of the fourth part, in the issue's order.

What is not built yet is a criterion all the same: it fails, and says so.
"""

from bench.acceptance.criterion import Criterion, by_bench, by_tests
from bench.acceptance.hostile import by_number
from bench.acceptance.mutants import by_areas

ALTERED, LIES, CELLS, KILLS, HOSTILE = 2000, 12, 5000, 200, 64
FAULTS, KILLED = 400, 500

CRITERIA: dict[str, Criterion] = {
    "twenty": by_tests(
        "the twenty alterations of a history, each caught and located",
        "20 of 20",
        "tests/audit/test_twenty_alterations.py",
        at_least=20,
        anchor="Temporal's Replayer alone 5 of 20, strict replay alone 13",
    ),
    "alterations": by_tests(
        "alterations made by machine: every event kind, every field, the order of events",
        f">= {ALTERED}, all caught by verify, each located",
        "tests/audit/test_generated_alterations.py",
        seconds=3600,
        fully={"ESCALATE_ALTERATIONS": "4000"},
        anchor="Temporal's Replayer alone 5 of 20, strict replay alone 13",
    ),
    "lying-log": by_tests(
        "a log that lies: forks, truncations, withheld leaves, keys it brings along, forged proofs",
        f">= {LIES} lies, all caught",
        "tests/audit/log/test_lying_log.py",
        at_least=LIES,
        anchor="immudb's verifier accepted forged proofs, CVE-2022-36111 and 39199",
    ),
    "tampering": by_tests(
        "every file of a bundle flipped, dropped, swapped, cut, doubled, added to; good ones pass",
        "every altered bundle FAIL, no crash, no hang, no false alarm",
        "tests/audit/bundle",
        "tests/audit/test_good_exports.py",
        "tests/audit/test_verify.py",
        seconds=3600,
        fully={"BUNDLE_DAMAGE": "20", "GOOD_BUNDLES": "200"},
        anchor="Tessera's fsck 1.0.4: 2 of 4 spoilt logs hang, 2 end with 0",
    ),
    "independent": by_tests(
        "verifiers that we did not write: Go on x/mod/sumdb, openssl and a shell, pymerkle",
        ">= 50 bundles, good and bad, the same answer from all",
        "tests/independent",
        seconds=3600,
        fully={"INDEPENDENT_BUNDLES": "60"},
        anchor="Tessera's fsck, x/mod's sumdb, openssl",
    ),
    "witness": by_tests(
        "witnesses, authorities of time, policies and keyrings; a witness killed again and again",
        f"all; {KILLS} kills, no inconsistent tree cosigned",
        "tests/audit/log/test_witness.py",
        "tests/audit/log/test_vouched.py",
        "tests/audit/log/test_timestamp.py",
        "tests/audit/log/test_keyring_note.py",
        "tests/audit/log/test_policy.py",
        "tests/audit/test_vouched_exports.py",
        seconds=2400,
        fully={"ESCALATE_WITNESS_KILLS": str(KILLS)},
        anchor="C2SP's witnesses test vectors, no kills",
    ),
    "keys": by_tests(
        "workers' keys certified to builds and runbooks, rotated, revoked; authenticators by model",
        "all",
        "tests/workers/test_worker_keys.py",
        "tests/audit/test_marked_by_workers.py",
        "tests/store/test_worker_keys.py",
        "tests/workers/test_keyrings.py",
        "tests/cli/test_keys.py",
        "tests/integrations/test_authenticators.py",
        "tests/gateway/test_passkeys.py",
        seconds=2400,
    ),
    "deploy-gate": by_tests(
        "every run of a live namespace replayed strictly on this code: which would break, and why",
        "all",
        "tests/cli/test_audit_replay.py",
        "tests/workflows/test_golden_histories.py",
    ),
    "write-order": by_tests(
        "decisions and irreversible effects wait for the log; two people may go without it",
        "all",
        "tests/audit/test_write_order.py",
        "tests/gateway/test_log_first.py",
        "tests/activities/test_intents.py",
    ),
    "recorder-faults": by_tests(
        "every call of the recorder to the system: EIO, ENOSPC, SIGKILL",
        f">= {FAULTS} for each place it is kept, no corrupt log, no acknowledged leaf lost",
        "tests/audit/log/test_recorder_faults.py",
        "tests/audit/log/test_directory.py",
        "tests/audit/log/test_killed.py",
        seconds=5400,
        fully={"ESCALATE_RECORDER_FAULTS": "all"},
        anchor="Tessera: eight system calls, EIO and SIGKILL",
        counting={"faults (store)": FAULTS, "faults (directory)": FAULTS},
    ),
    "kills": by_tests(
        "kill -9 of worker, gateway, recorder, witness and Temporal where activities begin and end",
        f">= {KILLED} kills, no decision lost or doubled, every case closes, every bundle verifies",
        "tests/faults/test_kill_matrix.py",
        seconds=7200,
        fully={"KILL_MATRIX": str(KILLED)},
        counting={"kills": KILLED},
        anchor="Temporal injects faults into its own persistence",
    ),
    "parsers": by_tests(
        "bytes made to break readers of notes, proofs, policies, tokens and requests",
        ">= 1,000,000 each, nothing uncaught",
        "tests/audit/log/test_hostile_bytes.py",
        "tests/workflows/test_hostile_payloads.py",
        seconds=5400,
        fully={"ESCALATE_HOSTILE_BYTES": "1000000"},
        anchor="standardwebhooks: 95 of 160 hostile inputs uncaught; immudb: one fuzz target",
    ),
    "cost": by_bench(
        "log",
        "proof",
        "decisions",
        "counts",
        anchor="Go verifies 70,000 leaves in 0.13 s; Crosby and Wallach: a proof of 3 KB; "
        "Tessera answers in 0.6 to 3 s",
    ),
    "access": by_tests(
        "every role, class, stage, action and relation against an oracle written apart",
        f">= {CELLS} cells, no difference",
        "tests/gateway/test_access_matrix.py",
        "tests/gateway/test_access.py",
        "tests/cases/test_authorised.py",
        "tests/audit/test_access.py",
        "tests/integrations/test_cedar.py",
        seconds=2400,
        fully={"ESCALATE_ACCESS_MATRIX": "full"},
    ),
    "leaks": by_tests(
        "canaries in restricted cases, in every sink, the server's database among them",
        "30 canaries, none found",
        "tests/faults/test_leaks.py",
        seconds=2400,
        anchor="OWASP ASVS 5.0, 16.2.5: a demand without a figure",
    ),
    "erasure": by_tests(
        "after a shred no ciphertext opens, live, exported or restored; a hold is never overtaken",
        "all; the bundle still proves everything but content",
        "tests/store/test_erasing.py",
        "tests/workers/test_keeping_erased.py",
        "tests/audit/test_redacted.py",
        "tests/gateway/test_keeping.py",
        seconds=2400,
        fully={"SHRED_RACES": "50"},
    ),
    "hostile": by_number(
        "each hostile case is a named test with its expected outcome (docs/hostile-cases.md)",
        cases=HOSTILE,
    ),
    # ESCALATE_MUTANTS=all judges every one of them, which takes hours.
    "mutants": by_areas(sample=60, quick=6),
}
