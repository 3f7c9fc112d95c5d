"""Runs the Dockerfile's steps without a Docker engine: COPY and RUN happen in a scratch folder.

Absolute paths of the image become paths under the scratch folder. What only a container can do
(making users) is named instead.
Usage: `python -m deploy.exercise_dockerfile [--stage NAME] [--keep]`.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_CONTAINER_ONLY = ("useradd",)
_IMAGE_FOLDERS = ("/opt/", "/out/", "/src", "/etc/temporal", "/usr/local/bin/")


@dataclass
class Stage:
    """One FROM and what follows it."""

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)


def stages(text: str) -> list[Stage]:
    """The Dockerfile's stages, lines joined and comments dropped."""
    found: list[Stage] = []
    for word, rest in _instructions(text):
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base=base.strip(), name=name.strip()))
        else:
            found[-1].steps.append((word, rest))
    return found


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        yield word.upper(), " ".join(rest.split())


class Scratch:
    """A folder that plays the images' file systems, one below the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = dict(os.environ)

    def run(self, stage: Stage) -> None:
        """Every step of the stage has been done, or the first that fails has raised."""
        root = self.folder / stage.name
        root.mkdir(parents=True, exist_ok=True)
        work = root
        for word, rest in stage.steps:
            if word == "WORKDIR":
                work = self._inside(root, rest)
                work.mkdir(parents=True, exist_ok=True)
            elif word == "ENV":
                pairs = (pair.split("=", 1) for pair in shlex.split(rest))
                known = {name: os.path.expandvars(value) for name, value in pairs}
                self.environ |= {k: v for k, v in known.items() if not k.startswith("ESCALATE_")}
            elif word == "COPY":
                self._copy(rest, root=root, work=work)
            elif word == "RUN":
                self._run(rest, root=root, work=work)

    def _inside(self, root: Path, path: str) -> Path:
        return root / path.lstrip("/")

    def _copy(self, rest: str, *, root: Path, work: Path) -> None:
        words = shlex.split(rest)
        source_root = ROOT
        if words[0].startswith("--from="):
            source_root = self.folder / words.pop(0).removeprefix("--from=")
        *sources, target = words
        for source in sources:
            origin = source_root / source.lstrip("/")
            goal = self._inside(root, target) if target.startswith("/") else work / target
            print(f"COPY {source} → {target}", flush=True)
            if origin.is_dir():
                shutil.copytree(origin, goal, dirs_exist_ok=True, ignore=_ignored, symlinks=True)
            else:
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin, goal)

    def _run(self, command: str, *, root: Path, work: Path) -> None:
        if command.split(maxsplit=1)[0] in _CONTAINER_ONLY:
            there = shutil.which(command.split(maxsplit=1)[0]) is not None
            print(f"RUN {command}: a container only{'' if there else ' (not here)'}", flush=True)
            return
        for folder in _IMAGE_FOLDERS:
            command = command.replace(f" {folder}", f" {root}{folder}")
            command = command.replace(f"={folder}", f"={root}{folder}")
            if command.startswith(folder):
                command = f"{root}{command}"
        print(f"RUN {command}", flush=True)
        started = time.monotonic()
        # Wheels from a folder of this machine would hide that the image's build needs them.
        environ = {k: v for k, v in self.environ.items() if k != "PIP_FIND_LINKS"}
        subprocess.run(["sh", "-ec", command], check=True, cwd=work, env=environ)
        print(f"    {time.monotonic() - started:.0f} s", flush=True)


def _ignored(folder: str, names: list[str]) -> list[str]:
    listed = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    top = [name for name in listed if "*" not in name] if Path(folder) == ROOT else []
    caches = [name for name in names if name == "__pycache__" or name.endswith("_cache")]
    return [*top, *caches]


def main() -> int:
    """Zero if every step that can run here ran."""
    parser = argparse.ArgumentParser(description="run the Dockerfile's steps in a scratch folder")
    parser.add_argument("--stage", action="append", help="only this stage (may be repeated)")
    parser.add_argument("--keep", action="store_true", help="leave the scratch folder")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="dockerfile-"))
    try:
        scratch = Scratch(folder)
        for stage in stages((ROOT / "Dockerfile").read_text(encoding="utf-8")):
            if not options.stage or stage.name in options.stage:
                print(f"── {stage.name} (from {stage.base})", flush=True)
                scratch.run(stage)
        escalate = folder / "build" / "opt" / "escalate" / "bin" / "escalate"
        if escalate.exists():
            # From the root folder: the code of this checkout cannot stand in for the image's.
            subprocess.run(
                [str(escalate), "--help"], check=True, cwd="/", stdout=subprocess.DEVNULL
            )
            print("the installed `escalate --help` answers", flush=True)
    finally:
        if options.keep:
            print(folder, flush=True)
        else:
            shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
