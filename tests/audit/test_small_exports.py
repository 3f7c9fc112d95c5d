"""What verifying an export asks and in which order, shown by exports made without any server."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.history.v1 import HistoryEvent

from audit.bundle.whole import bundle_of
from audit.contents import export_files
from audit.owed_record import OwedRecord
from audit.record import CaseRecord
from audit.runs import CaseHistory, Run
from audit.verdict import Check, Outcome
from audit.verify import read_export, verify, verify_files
from audit.vouchers import Vouchers
from audit.written import spelt
from cases.journal import Journal, Kind, Stream, obligation_stream
from tests.fuzz.small_bundle import AT, CASE, ROOT, SEAL, SIGNER, small_bundle, small_record

PINNED = frozenset({ROOT.public_key().public_bytes_raw()})
LOGS = frozenset({SIGNER.key})
OWED = "recheck"
SAID = [
    ("files", "PASS"),
    ("signature", "PASS"),
    ("journal", "PASS"),
    ("closed", "INCOMPLETE"),
    ("acts", "PASS"),
    ("decisions", "PASS"),
    ("runbook", "PASS"),
    ("quorum", "PASS"),
    ("doors", "INCOMPLETE"),
    ("parts", "PASS"),
    ("readable", "PASS"),
    ("log", "INCOMPLETE"),
    ("strict replay", "FAIL"),
    ("owed", "PASS"),
    ("seals", "PASS"),
]
"""What is asked of an export and answered for the small one: its two entries nobody replays."""
UNREADABLE = Path("/proc/self/mem")
"""Nothing is mapped where it begins: reading there is an error of the disk's kind."""


async def told(files: Mapping[str, bytes], **how: Any) -> dict[str, Check]:
    """The checks of an export's verdict by name."""
    verdict = await verify_files(files, **{"pinned": PINNED, "logs": LOGS, **how})
    found = {check.name: check for check in verdict.checks}
    assert len(found) == len(verdict.checks)
    return found


def exported(**changed: Any) -> dict[str, bytes]:
    """The small case, exported with these things changed."""
    return export_files(replace(small_record(), **changed), seal=SEAL, at=AT, version="test")


def begun(**changed: Any) -> Run:
    """A run that has begun with the case's input, changed so."""
    request = small_record().request.model_copy(update=changed)
    event = HistoryEvent()
    event.CopyFrom(small_record().history.runs[0].events[0])
    said = event.workflow_execution_started_event_attributes
    said.input.payloads[0].data = request.model_dump_json().encode()
    return Run("run-1", (event,))


def history(*runs: Run) -> CaseHistory:
    """The case's history of these runs."""
    return CaseHistory(case=CASE, namespace="default", runs=runs)


def owing(*runs: Run) -> dict[str, bytes]:
    """An export of a case that owes something, of which there are these runs."""
    journal = Journal(case=CASE, stream=obligation_stream(OWED))
    journal.record(Kind.OBLIGATION_BEGUN, at=AT, salt=b"s" * 32)
    return exported(owed=[OwedRecord(name=OWED, entries=journal.pending, runs=runs)])


async def test_every_check_is_made_and_says_what_it_found() -> None:
    """In the order of the verdict: an export of a case that has only begun."""
    verdict = await verify_files(small_bundle(), pinned=PINNED, logs=LOGS)

    assert (verdict.case, verdict.number, verdict.shadow) == (CASE, "1001", False)
    assert [(check.name, check.outcome.value) for check in verdict.checks] == SAID
    replayed = {check.name: check for check in verdict.checks}["strict replay"]
    assert replayed.reasons[-1] == "the last run goes on"


async def test_whoever_gives_no_keys_has_only_the_exports_word() -> None:
    """Root and log are asked for apart, and each is used."""
    nothing = await verify_files(small_bundle())
    root = await told(small_bundle(), logs=frozenset())

    (signature,) = [check for check in nothing.checks if check.name == "signature"]
    assert signature.outcome is Outcome.INCOMPLETE
    assert root["signature"].outcome is Outcome.PASS
    assert root["log"].outcome is Outcome.INCOMPLETE


async def test_what_a_verifier_brings_is_held_against_the_export(tmp_path: Path) -> None:
    """A keyring that no pinned root signed is told of, and asked for only where a root is known."""
    brought = Vouchers(at=AT, keyring=b"no keyring")
    place = _written(tmp_path / "small")

    checks = await told(small_bundle(), vouchers=brought)
    of_a_folder = await verify(place, pinned=PINNED, logs=LOGS, vouchers=brought)
    without_a_root = await told(small_bundle(), vouchers=brought, pinned=frozenset())

    assert checks["keyring"].outcome is Outcome.FAIL
    assert "keyring" in [check.name for check in of_a_folder.checks]
    assert "keyring" not in without_a_root
    assert "keyring" not in await told(small_bundle())


async def test_a_replay_that_was_left_out_is_said() -> None:
    """Then the verdict is no PASS, and nothing of a replay is in it."""
    checks = await told(small_bundle(), replay=False)

    assert checks["strict replay"] == Check(
        name="strict replay", outcome=Outcome.INCOMPLETE, reasons=("left out",)
    )


async def test_a_case_that_ran_in_the_shadow_is_told_as_one() -> None:
    """Its verdict says so."""
    shadow = await verify_files(
        exported(
            history=history(begun(shadow=True)),
            request=small_record().request.model_copy(update={"shadow": True}),
        )
    )

    assert shadow.shadow
    assert "nothing left" in [check.name for check in shadow.checks]


async def test_a_start_that_cannot_be_read_ends_what_can_be_asked() -> None:
    """No record, no seals and nothing owed: what the case is bound to is not known."""
    run = begun()
    run.events[0].workflow_execution_started_event_attributes.input.payloads[0].data = b"{}"
    spoilt = replace(small_record(), history=history(run))
    files = _with_history(spoilt)

    checks = await told(files)

    assert checks["case"].outcome is Outcome.FAIL
    assert not {"acts", "seals", "owed"} & checks.keys()
    assert checks["strict replay"].outcome is Outcome.FAIL


def _with_history(record: CaseRecord) -> dict[str, bytes]:
    """The small export, in which only the histories are this record's."""
    name = "history/1-run-1"
    made = {**small_bundle()}
    from audit.bundle.sealed import events_file  # noqa: PLC0415 -- only here
    from audit.histories import as_json  # noqa: PLC0415 -- only here

    (run,) = record.history.runs
    made[f"{name}.json"] = as_json(run).encode()
    (kept,) = [file for file in made if file.startswith(name) and file != f"{name}.json"]
    made[kept] = events_file([event.SerializeToString(deterministic=True) for event in run.events])
    return made


async def test_an_event_that_is_not_what_was_kept_fails_the_seals() -> None:
    """People and replay read the JSON, which must say what the sealed bytes say."""
    other = _with_history(replace(small_record(), history=history(begun(number="1002"))))
    name = "history/1-run-1.json"
    mixed = {**small_bundle(), name: other[name]}

    checks = await told(mixed)

    assert checks["seals"].outcome is Outcome.FAIL
    assert "event 1 is not what was sealed" in checks["seals"].reasons[0]
    assert (await told(small_bundle()))["seals"].outcome is Outcome.PASS


@pytest.mark.parametrize(
    "spoil,why",
    [
        (lambda data: data + b"\n", "is not written as an export writes it"),
        (lambda data: data.replace(b'"events"', b'"events" '), "is not written as an export"),
        (lambda _: b"{", "history/1-run-1.json"),
        (lambda _: spelt({"events": 7}), "is not a history"),
    ],
)
async def test_a_history_has_one_spelling(spoil: Any, why: str) -> None:
    """The file is named, and nothing else is asked."""
    name = "history/1-run-1.json"
    files = {**small_bundle(), name: spoil(small_bundle()[name])}

    verdict = await verify_files(files, pinned=PINNED, logs=LOGS)

    assert [check.name for check in verdict.checks] == ["files"]
    (reason,) = verdict.checks[0].reasons
    assert reason.startswith(name)
    assert why in reason


async def test_what_is_nested_too_deeply_is_named() -> None:
    """No history is, and a reader must not fall over one."""
    name = "history/1-run-1.json"
    deep = b"[" * 100_000 + b"]" * 100_000

    (check,) = (await verify_files({**small_bundle(), name: deep})).checks

    assert (check.name, check.outcome) == ("files", Outcome.FAIL)
    assert check.reasons[0].startswith(name)


async def test_a_file_that_is_missing_is_named() -> None:
    """The history, the bytes of it that were sealed, and everything."""
    for missing in ("history/1-run-1.json", "manifest.json"):
        files = {name: data for name, data in small_bundle().items() if name != missing}
        (check,) = (await verify_files(files)).checks
        assert check.reasons == (f"{missing}: is missing",)


async def test_an_export_is_read_from_where_it_is(tmp_path: Path) -> None:
    """A folder; what is no export, cannot be read, or is not there, fails and is named."""
    place = _written(tmp_path / "small")

    verdict = await verify(place, pinned=PINNED, logs=LOGS)
    alone = await verify(place, replay=False)
    absent = await verify(tmp_path / "absent")

    assert verdict == await verify_files(small_bundle(), pinned=PINNED, logs=LOGS)
    assert alone == await verify_files(small_bundle(), replay=False)
    assert absent.checks == (
        Check(name="files", outcome=Outcome.FAIL, reasons=("absent: is not a directory",)),
    )
    assert read_export(place).files == small_bundle()


@pytest.mark.skipif(not UNREADABLE.exists(), reason="only Linux has a file that cannot be read")
async def test_what_cannot_be_read_from_the_disk_is_said() -> None:
    """With the system's word for it."""
    (check,) = (await verify(UNREADABLE)).checks

    assert check == Check(
        name="files", outcome=Outcome.FAIL, reasons=("cannot be read: Input/output error",)
    )


async def test_a_redacted_bundle_is_verified_as_one(tmp_path: Path) -> None:
    """It says so itself, by its manifest."""
    (tmp_path / "redacted.json").write_text("{}")

    verdict = await verify(tmp_path, pinned=PINNED, logs=LOGS)

    assert verdict.outcome is Outcome.FAIL


def _written(place: Path) -> Path:
    for name, data in small_bundle().items():
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return place


async def test_what_a_case_owes_is_replayed_and_told_under_its_name() -> None:
    """A history that is another workflow's is found there, and not in the case."""
    checks = await told(owing(Run("run-2", begun().events)))
    left_out = await told(owing(Run("run-2", begun().events)), replay=False)
    not_there = await told(owing())

    found = [reason for reason in checks["owed"].reasons if "another workflow" in reason]
    assert found == [
        f"{OWED}: input: event 1: another workflow: expected Obligation, found Escalation"
    ]
    assert not [reason for reason in left_out["owed"].reasons if "another workflow" in reason]
    assert not [reason for reason in checks["strict replay"].reasons if "workflow:" in reason]
    assert not_there["owed"].reasons == (f"{OWED}: the case does not owe it",)
    assert checks["seals"].outcome is Outcome.PASS


def test_an_export_is_told_with_its_histories() -> None:
    """The case's runs, what resets left behind, and what it owes, each in its stream."""
    left = Run("run-0", begun().events)
    record = replace(small_record(), left_behind=[left])
    files = export_files(
        replace(
            record,
            owed=[OwedRecord(name=OWED, entries=(), runs=[Run("run-2", begun().events)])],
        ),
        seal=SEAL,
        at=AT,
        version="test",
    )
    from audit.verify import _export  # noqa: PLC0415 -- read_export without a disk

    export = _export(bundle_of(files))

    assert export.manifest.case == CASE
    assert export.files == files
    assert export.keyring == bundle_of(files).keyring
    assert list(export.entries) == list(record.entries)
    assert list(export.door) == []
    assert (export.history.case, export.history.namespace) == (CASE, "default")
    assert [(run.run, len(run.events)) for run in export.history.runs] == [("run-1", 1)]
    owed = export.owed[OWED]
    assert owed.history.case == f"{CASE}/obligation/{OWED}"
    assert owed.history.namespace == "default"
    assert owed.told == export.manifest.owed[OWED]
    assert owed.lines == export.bundle.owed[OWED]
    assert {stream: [run.run for run in runs] for stream, runs in export.runs.items()} == {
        Stream.CASE.value: ["run-1", "run-0"],
        obligation_stream(OWED): ["run-2"],
    }
