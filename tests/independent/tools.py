"""The foreign verifiers: a Go program on x/mod/sumdb, verify.sh with openssl, pymerkle."""

import asyncio
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

from audit.bundle import script
from tests.independent.oracle import oracle
from workers._engine_build import announce, go_tool
from workers._settings_sources import default_cache

SOURCE = Path(__file__).parent / "go"
SCRIPT = Path(script.__file__).parent / script.FILE
ANSWERS = {0: "PASS", 1: "FAIL", 2: "INCOMPLETE"}
_SECONDS = 120


class NoGoError(Exception):
    """The Go program cannot be built here; the message says what is missing."""


def go_program() -> Path:
    """The Go program, built once into the per-user cache; its module's hash is in go.sum."""
    source = b"".join(path.read_bytes() for path in sorted(SOURCE.iterdir()))
    target = default_cache() / "independent" / f"verify-{hashlib.sha256(source).hexdigest()[:16]}"
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        go = asyncio.run(go_tool(Path(folder), progress=announce))
        made = Path(folder) / "verify"
        environ = {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false", "GOTOOLCHAIN": "local"}
        done = subprocess.run(
            [go, "build", "-o", str(made), "."],
            cwd=SOURCE,
            env=environ,
            capture_output=True,
            text=True,
            timeout=_SECONDS * 2,
            check=False,
        )
        if done.returncode:
            raise NoGoError(done.stderr.strip()[-400:])
        made.rename(target)
    return target


def by_go(program: Path, folder: Path, vkey: str, *, kind: str = "bundle") -> str:
    """What the Go program says."""
    done = subprocess.run(
        [str(program), vkey, kind, str(folder)],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    return ANSWERS.get(done.returncode, f"exit {done.returncode}: {done.stderr}")


def by_script(folder: Path, *, root: str, vkey: str, shell: str = "sh") -> tuple[str, str]:
    """What verify.sh says, taken from our source; and all that it printed."""
    done = subprocess.run(
        [shell, str(SCRIPT), "--root", root, "--log", vkey, str(folder)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_SECONDS,
        check=False,
    )
    return ANSWERS.get(done.returncode, f"exit {done.returncode}"), done.stdout + done.stderr


def by_pymerkle(folder: Path, vkey: str) -> str:
    """What pymerkle says."""
    return oracle(folder, vkey)
