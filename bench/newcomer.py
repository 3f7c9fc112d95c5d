"""`make newcomer`: walks the path of somebody new, by running what README and docs say.

Fenced blocks of `sh` and `console` are run in order, document by document, in a clean clone with a
fresh environment; in `console` only the lines after `$ `. A fence marked `no-run` is listed, not
run: ```sh no-run. A fence marked `background` is started and left running until its document ends.
Prints the seconds of every block.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 1800
_FENCE = re.compile(r"^(?P<indent> {0,3})(?P<ticks>`{3,})(?P<info>[^`\n]*)$")


@dataclass(frozen=True)
class Block:
    """One fenced block that a reader would type."""

    document: str
    line: int
    script: str
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Ran:
    """What became of a block."""

    document: str
    line: int
    first: str
    ended: str
    """`ran`, `failed`, `not run`, `started`."""
    seconds: float = 0.0
    tail: str = ""


def blocks_of(text: str, *, document: str) -> list[Block]:
    """The blocks of a document that are commands, in order."""
    found: list[Block] = []
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, line in lines:
        fence = _FENCE.match(line)
        if fence is None:
            continue
        body = list(_until_closed(lines, fence["ticks"], indent=len(fence["indent"])))
        language, *marks = fence["info"].split() or [""]
        script = _script(language, body)
        if script:
            found.append(Block(document, number, script, frozenset(marks)))
    return found


def _until_closed(lines: Iterator[tuple[int, str]], ticks: str, *, indent: int) -> Iterator[str]:
    for _, line in lines:
        if line.strip().startswith(ticks) and not line.strip().strip("`"):
            return
        yield line[indent:] if not line[:indent].strip() else line


def _script(language: str, body: list[str]) -> str:
    if language == "sh":
        return "\n".join(body).strip()
    if language == "console":
        return "\n".join(line[2:] for line in body if line.startswith("$ ")).strip()
    return ""


def run(blocks: list[Block], *, folder: Path, environ: dict[str, str]) -> Iterator[Ran]:
    """Each block is run where a newcomer would stand; one that fails does not stop the rest."""
    with _background() as started:
        for block in blocks:
            first = block.script.splitlines()[0]
            if "no-run" in block.marks:
                yield Ran(block.document, block.line, first, "not run")
                continue
            began = time.perf_counter()
            child = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", block.script],
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            if "background" in block.marks:
                started.append(child)
                time.sleep(1)
                yield Ran(block.document, block.line, first, "started")
                continue
            said, fine = _ended(child)
            took = round(time.perf_counter() - began, 1)
            ended, tail = ("ran", "") if fine else ("failed", said[-800:])
            yield Ran(block.document, block.line, first, ended, took, tail)


def _ended(child: "subprocess.Popen[str]") -> tuple[str, bool]:
    try:
        said, _ = child.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        said, _ = child.communicate()
        return f"{said}\nnot finished after {LONGEST} s", False
    return said, child.returncode == 0


@contextmanager
def _background() -> Iterator[list["subprocess.Popen[str]"]]:
    started: list[subprocess.Popen[str]] = []
    try:
        yield started
    finally:
        for child in started:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
        for child in started:
            try:
                child.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.communicate()


def clean(environ: dict[str, str], *, folder: Path) -> dict[str, str]:
    """The environment of somebody who has just cloned: no virtual environment, no settings."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("ESCALATE_") and name not in ("VIRTUAL_ENV", "PYTHONPATH")
    }
    bin_ = folder / ".venv" / "bin"
    path = [
        part
        for part in kept.get("PATH", "").split(os.pathsep)
        if not part.endswith(f"{os.sep}.venv{os.sep}bin")
    ]
    home = folder.parent / "home"
    return {
        **kept,
        "PATH": os.pathsep.join([str(bin_), *path]),
        # What a newcomer makes stays here; the cache of built servers is the user's own.
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
    }


def main() -> int:
    """0 if every block that is meant to be run ended well."""
    parser = argparse.ArgumentParser(prog="newcomer", description=__doc__)
    parser.add_argument("documents", nargs="*", help="default: README.md and docs/*.md")
    parser.add_argument("--json", action="store_true", help="one JSON object a block")
    parser.add_argument("--list", action="store_true", help="say what would be run")
    asked = parser.parse_args()
    names = asked.documents or [
        "README.md",
        *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")),
    ]
    by_document = {
        name: blocks_of((ROOT / name).read_text(encoding="utf-8"), document=name) for name in names
    }
    if asked.list:
        for block in (block for blocks in by_document.values() for block in blocks):
            marks = " ".join(sorted(block.marks))
            print(f"{block.document}:{block.line} {marks}\n{block.script}\n")
        return 0
    failed = 0
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="newcomer-") as made:
        folder = Path(made) / "escalate"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        environ = clean(dict(os.environ), folder=folder)
        for blocks in by_document.values():
            for ran in run(blocks, folder=folder, environ=environ):
                failed += ran.ended == "failed"
                _say(ran, as_json=asked.json)
    print(f"{time.perf_counter() - began:.0f} seconds, {failed} failed", file=sys.stderr)
    return 1 if failed else 0


def _say(ran: Ran, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(ran)), flush=True)
        return
    print(f"{ran.seconds:7.1f} s  {ran.ended:8} {ran.document}:{ran.line}  {ran.first}", flush=True)
    if ran.tail:
        print(ran.tail, flush=True)


if __name__ == "__main__":
    sys.exit(main())
