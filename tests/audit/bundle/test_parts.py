"""The parts beside the record: each says what it should, and is held to it."""

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from audit.bundle.clock_rows import FILE as CLOCKS
from audit.bundle.clock_rows import clock_rows, unpinned
from audit.bundle.code import FILE as BUILD
from audit.bundle.code import PACKAGES, commit_of, read_build, source_digest
from audit.bundle.sealed import SUFFIX as EVENTS
from audit.bundle.whole import bundle_of, start_of
from audit.errors import ExportUnreadableError
from audit.manifest import BEFORE, MANIFEST, SIGNATURE, FileSum, sign_manifest, write
from audit.reading import read_files
from audit.verdict import Outcome
from audit.verify import verify_files
from cases.canonical import sha256
from cases.journal import Journal, Kind
from runbooks import compile_runbook, library, load_runbook
from tests.audit.casework import PINNED, PINNED_LOG, SEAL
from tests.fuzz.small_bundle import AT, small_bundle

ROOT = Path(__file__).parents[3]
COMMIT = "ab" * 20


def test_the_build_names_code_rules_and_workers(whole: Mapping[str, bytes]) -> None:
    """The source's digest is what anybody computes with sha256sum; workers are the history's."""
    build = read_build(whole[BUILD])
    paths = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(ROOT)}\n"
        for path in paths
    ]

    assert build.source == hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()
    assert build.lock == sha256((ROOT / "requirements.lock").read_bytes())
    assert set(build.runbooks) == {
        name.removeprefix("runbooks/").removesuffix(".yaml")
        for name in whole
        if name.startswith("runbooks/")
    }
    assert build.libraries["temporalio"].startswith("1.")
    assert [each.sdk.split()[0] for each in build.ran_on] == ["temporal-python"]
    with pytest.raises(ExportUnreadableError):
        read_build(whole[BUILD] + b"\n")


def test_the_source_digest_is_of_the_tree_it_is_given(tmp_path: Path) -> None:
    """Another file, or another byte of one, is another digest."""
    empty = source_digest(tmp_path)
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "x.py").write_text("1")

    assert source_digest.__wrapped__(tmp_path) != empty


def test_a_commit_is_read_without_git(tmp_path: Path) -> None:
    """A branch, a packed one, a bare commit, a worktree; nothing where there is none."""
    git = tmp_path / "repo" / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    packed = f"# pack-refs\n{'cd' * 20} refs/heads/domain\n{COMMIT} refs/heads/main\n"
    (git / "packed-refs").write_text(packed)
    assert commit_of(tmp_path / "repo") == COMMIT
    (git / "refs" / "heads" / "main").write_text("ef" * 20 + "\n")
    assert commit_of(tmp_path / "repo") == "ef" * 20
    (git / "HEAD").write_text(COMMIT)
    assert commit_of(tmp_path / "repo") == COMMIT
    tree = tmp_path / "tree"
    own = git / "worktrees" / "tree"
    own.mkdir(parents=True)
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {own}\n")
    (own / "HEAD").write_text("ref: refs/heads/main\n")
    (own / "commondir").write_text("../..\n")
    assert commit_of(tree) == "ef" * 20
    assert commit_of(tmp_path) == ""
    (git / "HEAD").write_text("nonsense")
    assert commit_of(tmp_path / "repo") == ""


def test_the_commit_is_the_one_git_says() -> None:
    """Here, where git is."""
    if not (ROOT / ".git").exists() and not os.environ.get("CI"):
        pytest.skip("not a checkout")
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, check=True)

    assert commit_of(ROOT) == told.stdout.decode().strip()


def test_clocks_are_those_of_every_version() -> None:
    """Rows, calendars and pins of the rules; a deadline by any other row is found."""
    source = library()["terrorist-content-removal-order"]
    pathway = compile_runbook(load_runbook(source, file="runbook.yaml"))
    told = json.loads(clock_rows({pathway.digest: pathway}))
    pins = [clock.pin for clock in pathway.clocks if clock.pin]
    journal = Journal(case="case/a")
    for pin in (pins[0], "0" * 32):
        journal.record(Kind.CLOCK_DEADLINE, at=AT, salt=b"s", clock="c", pin=pin)

    [rules] = told["rules"].values()
    assert [clock["id"] for clock in rules["clocks"]] == [clock.id for clock in pathway.clocks]
    assert rules["calendars"].keys() == pathway.calendars.keys()
    found = list(unpinned(journal.pending, {pathway.digest: pathway}))
    assert found == ["entry 2: a deadline by a row the case was never bound to"]


def test_what_a_case_was_started_with_is_read_without_temporal() -> None:
    """The same value that the workflow got; None where a history does not begin so."""
    bundle = bundle_of(small_bundle())
    name = bundle.manifest.runs[0].file
    request = start_of(bundle)

    assert request is not None
    assert (request.number, request.case) == ("1001", bundle.manifest.case)
    for other in (b"{}", b'{"events":[]}', b'{"events":[{}]}', b"[]", b'{"events":5}'):
        spoilt = {**bundle.files, name: other}
        assert start_of(bundle_of(spoilt)) is None


async def test_an_export_of_before_is_still_read(exports: Path) -> None:
    """Without the parts it never had, everything else holds, and their absence is said."""
    files = {
        name: data
        for name, data in read_files(exports / "short").items()
        if not name.startswith(("acts/", "certificates/", "opened/", "code/"))
        and not name.endswith((EVENTS, CLOCKS, "redactions.json", "verify.sh"))
        and name not in (MANIFEST, SIGNATURE)
    }
    told = bundle_of(read_files(exports / "short")).manifest
    sums = {
        name: FileSum(sha256=sha256(data), size=len(data)) for name, data in sorted(files.items())
    }
    owed = {
        name: item.model_copy(
            update={"runs": tuple(run.model_copy(update={"sealed": ""}) for run in item.runs)}
        )
        for name, item in told.owed.items()
    }
    runs = tuple(run.model_copy(update={"sealed": ""}) for run in told.runs)
    manifest = write(
        told.model_copy(update={"format": BEFORE, "files": sums, "runs": runs, "owed": owed})
    )
    signed = sign_manifest(manifest, key=SEAL.key, certificate=SEAL.certificate)
    files |= {MANIFEST: manifest, SIGNATURE: write(signed)}

    verdict = await verify_files(files, pinned=PINNED, logs=PINNED_LOG)

    assert b'"sealed"' not in manifest
    unchecked = [check.name for check in verdict.checks if check.outcome is not Outcome.PASS]
    assert (verdict.outcome, unchecked) == (Outcome.INCOMPLETE, ["parts"]), verdict.lines()
