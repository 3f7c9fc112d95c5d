"""A clean clone, as somebody else's machine sees it."""

import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.acceptance.running import ROOT, Verdict, command
from bench.newcomer import clean

LONGEST = 3600
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


def clean_clone(*, empty_cache: bool) -> Iterator[Verdict]:
    """`make setup`, `make demo` and `make test` in a clone, with their durations."""
    with tempfile.TemporaryDirectory(prefix="clone-") as made:
        folder = Path(made) / "escalate"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        environ = clean(dict(os.environ), folder=folder)
        caches = "the user's cache"
        if empty_cache:
            environ["XDG_CACHE_HOME"] = str(Path(made) / "cache")
            environ["UV_CACHE_DIR"] = str(Path(made) / "uv")
            caches = "empty caches"
        setup = command(["make", "setup"], seconds=LONGEST, folder=folder, environ=environ)
        there = (folder / ".venv" / "bin" / "escalate").exists()
        yield Verdict(
            f"clean clone, {caches}: make setup",
            "leaves .venv/bin/escalate",
            f"exit {setup.code} in {setup.seconds:.0f} s" + ("" if there else f"; {setup.tail}"),
            setup.code == 0 and there,
            setup.seconds,
        )
        yield _demo(folder, environ, caches)
        tested = command(["make", "test"], seconds=LONGEST, folder=folder, environ=environ)
        yield Verdict(
            f"clean clone, {caches}: make test",
            "works",
            f"exit {tested.code} in {tested.seconds:.0f} s; {tested.tail}",
            tested.code == 0,
            tested.seconds,
        )


def _demo(folder: Path, environ: Mapping[str, str], caches: str) -> Verdict:
    """`make demo` is up when its pages answer and its cases are seeded."""
    log = folder.parent / "demo.log"
    began = time.perf_counter()
    with log.open("wb") as written:
        child = subprocess.Popen(
            ["make", "demo", "ARGS=--port 0"],
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    up = False
    while not up and child.poll() is None and time.perf_counter() - began < LONGEST:
        time.sleep(1)
        said = log.read_text(encoding="utf-8", errors="replace")
        address = _ADDRESS.search(said)
        up = "Ctrl-C" in said and address is not None and _answers(f"{address[0]}/healthz")
    took = time.perf_counter() - began
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGINT)
    try:
        code: int | None = child.wait(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        code = None
    tail = "" if up else "; " + log.read_text(errors="replace")[-300:]
    return Verdict(
        f"clean clone, {caches}: make demo",
        "seeded and answering",
        f"{'up' if up else 'not up'} after {took:.0f} s; ended with {code} on Ctrl-C{tail}",
        up,
        took,
    )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except (OSError, urllib.error.URLError):
        return False
