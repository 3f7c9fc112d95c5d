"""Runs a criterion's command and reads what it says; a criterion never ends the others."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[2]
_MOST_SAID = 3000
"""Characters of a failure that are told."""
_EXAMPLES = re.compile(r"(\d+) passing(?:,| examples)")


@dataclass(frozen=True)
class Verdict:
    """What a criterion came to; `passed` is None for one that was not run."""

    name: str
    wanted: str
    got: str
    passed: bool | None
    seconds: float = 0.0
    anchor: str = ""
    """What the works this one is measured against came to, where they published it."""

    @property
    def as_json(self) -> str:
        """The criterion as one JSON line."""
        fields: dict[str, str | float | bool | None] = {
            "name": self.name,
            "wanted": self.wanted,
            "got": self.got,
        }
        if self.anchor:
            fields["anchor"] = self.anchor
        fields |= {"pass": self.passed, "seconds": round(self.seconds, 1)}
        return json.dumps(fields, ensure_ascii=False)


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    said: str
    seconds: float

    @property
    def tail(self) -> str:
        """Its last words."""
        return " / ".join(line.strip() for line in self.said.splitlines()[-4:])[-400:]


def command(
    words: Sequence[str],
    *,
    seconds: float,
    folder: Path = ROOT,
    environ: Mapping[str, str] | None = None,
) -> Ended:
    """The command has ended, by itself or after `seconds`; nothing it started is left."""
    began = time.perf_counter()
    child = subprocess.Popen(
        list(words),
        cwd=folder,
        env={**os.environ, **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said, wrong = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        said, wrong = child.communicate()
        wrong += f"\nnot finished after {seconds:.0f} s"
    return Ended(child.returncode, said if said.strip() else wrong, time.perf_counter() - began)


@dataclass
class Tested:
    """What a selection of tests came to."""

    passed: int = 0
    names: list[str] = field(default_factory=list)
    """Of those that passed; each with its parameters."""
    failed: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    """What each that failed had to say."""
    skipped: int = 0
    properties: dict[str, str] = field(default_factory=dict)
    examples: int = 0
    seconds: float = 0.0
    tail: str = ""

    @property
    def shown(self) -> str:
        """In a few words."""
        words = [f"{self.passed} passed", f"{len(self.failed)} failed"]
        if self.examples:
            words.append(f"{self.examples} examples")
        words += [f"{name} {value}" for name, value in self.properties.items()]
        if self.failed:
            words.append("failed: " + ", ".join(self.failed[:5]))
        if not self.passed and not self.failed:
            words.append(f"nothing ran: {self.tail}")
        return "; ".join(words)


def tested(*selection: str, seconds: float, environ: Mapping[str, str] | None) -> Tested:
    """The selected tests have run in a process of their own."""
    with tempfile.TemporaryDirectory(prefix="accept-") as folder:
        report = Path(folder) / "report.xml"
        ended = command(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                f"--junitxml={report}",
                # The only family in which a test may say a figure of its own.
                "--override-ini=junit_family=xunit1",
                *selection,
            ],
            seconds=seconds,
            environ=environ,
        )
        found = _read(report) if report.exists() else Tested()
    found.seconds = ended.seconds
    found.tail = ended.tail
    found.examples = sum(int(number) for number in _EXAMPLES.findall(ended.said))
    if ended.code not in (0, 1, 5):
        found.failed.append(f"pytest ended with {ended.code}")
    return found


def _read(report: Path) -> Tested:
    found = Tested()
    # Our own pytest wrote it a moment ago.
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314
        fault = case.find("failure")
        fault = case.find("error") if fault is None else fault
        if fault is not None:
            found.failed.append(str(case.get("name")))
            found.why.append(f"{case.get('name')}: {str(fault.get('message'))[:_MOST_SAID]}")
        elif case.find("skipped") is not None:
            found.skipped += 1
        else:
            found.passed += 1
            found.names.append(str(case.get("name")))
        for item in case.iter("property"):
            found.properties[str(item.get("name"))] = str(item.get("value"))
    return found
