"""`escalate-verify` needs five libraries, keeps to its time, and never takes silence for a PASS."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.bundle.alone import verify_alone
from audit.bundle.limit import verify_within
from audit.bundle.main import main
from audit.bundle.tar import packed
from audit.log.cosignature import WitnessSigner
from audit.verdict import Outcome, Verdict
from audit.verifying import main as verifying
from tests.audit.casework import LOG, PINNED, PINNED_LOG

ROOT = Path(__file__).parents[3]
DISTRIBUTION = ROOT / "deploy" / "verifier"
BROUGHT = {
    "cryptography": {"cryptography", "cffi", "_cffi_backend", "pycparser", "_openssl"},
    "pydantic": {"pydantic", "pydantic_core", "annotated_types", "typing_extensions"}
    | {"typing_inspection"},
    "rfc3161-client": {"rfc3161_client"},
    "rfc8785": {"rfc8785"},
    "ruamel.yaml": {"ruamel"},
}
"""The modules that come with each of its dependencies."""
_BLOCKED = """
import sys
allowed = set({allowed!r}) | set(sys.stdlib_module_names)
class Nothing:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in allowed and not top.startswith("_sysconfigdata"):
            raise ModuleNotFoundError("not installed here: " + name, name=name)
sys.path[:] = [{wheel!r}, *(p for p in sys.path if {tree!r} != p)]
sys.meta_path.insert(0, Nothing())
from audit.verifying import main
import audit
assert audit.__path__[0].startswith({wheel!r}), audit.__path__
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel of the verifier holds, unpacked as an installer does."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=DISTRIBUTION, check=True, capture_output=True, timeout=120)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed_:
        packed_.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_verifies_with_its_dependencies_alone(installed: Path, exports: Path) -> None:
    """With nothing but five libraries to import, the verdict is that of the whole program."""
    allowed = {name for names in BROUGHT.values() for name in names}
    allowed |= {"audit", "cases", "runbooks", "workflows"}
    code = _BLOCKED.format(allowed=sorted(allowed), wheel=str(installed), tree=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *_keys(exports), str(exports / "whole")],
        capture_output=True,
        check=False,
        timeout=60,
        cwd=exports,
    )

    assert done.returncode == 0, done.stderr.decode()
    verdict = Verdict.model_validate_json(done.stdout)
    assert verdict == verify_alone(exports / "whole", pinned=PINNED, logs=PINNED_LOG)
    unchecked = [check.name for check in verdict.checks if check.outcome is not Outcome.PASS]
    assert unchecked == ["strict replay"]


def test_replay_without_temporal_is_incomplete(installed: Path, exports: Path) -> None:
    """Whoever asks for more than is installed is told so, and gets no PASS."""
    allowed = {name for names in BROUGHT.values() for name in names}
    allowed |= {"audit", "cases", "runbooks", "workflows"}
    code = _BLOCKED.format(allowed=sorted(allowed), wheel=str(installed), tree=str(ROOT))
    arguments = ["--with", "replay", *_keys(exports), str(exports / "short")]
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        capture_output=True,
        check=True,
        timeout=60,
    )

    verdict = Verdict.model_validate_json(done.stdout)
    assert verdict.outcome is Outcome.INCOMPLETE
    assert "needs the whole of escalate" in verdict.checks[0].reasons[0]


def test_its_dependencies_are_ours() -> None:
    """Five libraries, each pinned as the whole program pins it."""
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    alone = tomllib.loads((DISTRIBUTION / "pyproject.toml").read_text())["project"]

    assert set(alone["dependencies"]) <= set(whole["dependencies"])
    assert {re.split("[>=]", name)[0] for name in alone["dependencies"]} == set(BROUGHT)
    assert alone["version"] == whole["version"]
    assert alone["scripts"]["escalate-verify"] == whole["scripts"]["escalate-verify"]


def test_it_answers_for_a_person_and_for_a_program(
    exports: Path, short: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder and a tar alike: 2 as nothing was replayed, 0 with replay, 1 for what is spoilt."""
    keys = ["--keys", str(exports / "keys.json")]
    (tmp_path / "case.tar").write_bytes(packed(short))
    (tmp_path / "bad.tar").write_bytes(packed({**short, "case.json": b"{}"}))

    codes = [
        main([str(exports / "short"), *keys]),
        main([str(tmp_path / "case.tar"), *keys, "--replay", "--json"]),
        main([str(tmp_path / "bad.tar"), *keys]),
        main([str(tmp_path / "none"), *keys]),
        main([str(exports / "short"), "--keys", str(tmp_path / "none")]),
    ]

    printed = capsys.readouterr().out
    assert codes == [2, 0, 1, 1, 2]
    assert "PASS       owed" in printed
    assert "PASS       seals" in printed
    assert json.loads(printed[printed.index("{") : printed.rindex("}") + 1])["outcome"] == "PASS"
    assert "case.json: altered" in printed


def test_witnesses_are_asked_where_a_policy_says_which(
    exports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody vouched for this one: INCOMPLETE, as by the whole program; without a clock no use."""
    witness = WitnessSigner(name="witness.example/w", private=Ed25519PrivateKey.generate())
    policy = tmp_path / "policy"
    policy.write_text(f"log {LOG.key}\nwitness w {witness.key}\nquorum w\n")
    words = [str(exports / "short"), "--keys", str(exports / "keys.json"), "--policy", str(policy)]

    codes = [
        main(words),
        main([*words, "--at", "2030-01-01T00:00:00Z"]),
        main([*words, "--at", "2030-01-01T00:00:00Z", "--keyring", str(tmp_path / "none")]),
    ]

    said = capsys.readouterr()
    assert codes == [2, 2, 2]
    assert "INCOMPLETE witnesses" in said.out
    assert said.out.count("case 1001") == 1
    assert "--at" in said.err


def test_a_verification_that_takes_too_long_is_incomplete(exports: Path) -> None:
    """It is ended, and nothing is said of the export."""
    verdict = verify_within(
        0.01, exports / "short", pinned=PINNED, logs=PINNED_LOG, how="histories"
    )

    assert (verdict.outcome, verdict.exit_code) == (Outcome.INCOMPLETE, 2)
    assert "no verdict within 0.01 s" in verdict.checks[0].reasons[0]


def test_an_export_that_never_ends_is_ended(tmp_path: Path) -> None:
    """A pipe where a tar should be: it is no file, and is never opened."""
    os.mkfifo(tmp_path / "export.tar")

    verdict = verify_within(120, tmp_path / "export.tar", pinned=(), logs=(), how="alone")

    assert verdict.outcome is Outcome.FAIL
    assert "is not a directory" in verdict.checks[0].reasons[0]


@pytest.mark.parametrize(
    "said", ["import os; os._exit(3)", "import os; os.kill(os.getpid(), 9)", ""]
)
def test_a_verification_that_breaks_off_fails(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exit code, a signal, or nothing written: FAIL, whatever the process had found."""
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{said}"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))

    verdict = verify_within(120, tmp_path, pinned=(), logs=(), how="alone")

    assert verdict.outcome is Outcome.FAIL
    assert verdict.checks[0].reasons[0].startswith("broke off: ")


def test_an_error_of_ours_is_a_fail_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """A key that is none reaches the process only by another's hand: still a verdict."""
    assert verifying(["--root", "%%%", "nowhere"]) == 0
    verdict = Verdict.model_validate_json(capsys.readouterr().out)
    assert verdict.checks[0].reasons == ("broke off: Error",)


def _keys(exports: Path) -> list[str]:
    told = json.loads((exports / "keys.json").read_text())
    return ["--root", told["root"], "--log", told["log"]]
