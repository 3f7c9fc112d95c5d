"""Mutates one area: lists its mutants, draws some, has mutmut judge them, and says which live."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.mutation.areas import AREAS, Area
from bench.mutation.scratch import scratch

WANTED = 90.0
"""Percent of an area's mutants that its tests must notice."""
_CHILDREN = 2
_SAID_EVERY = 15
"""Seconds between two words of progress."""


class NothingJudgedError(Exception):
    """Mutmut did not get as far as judging a mutant: its last words."""


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test noticed."""

    module: str
    line: int
    diff: str
    why: str
    """`survived`, or `no tests` where none even runs that code."""

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.diff} ({self.why})"


@dataclass(frozen=True)
class Score:
    """What became of an area's mutants."""

    area: str
    modules: tuple[str, ...]
    of: int
    """How many mutants there are."""
    seed: int | None
    """By which those that were judged were drawn; None where all were."""
    mutants: int
    killed: int
    timeout: int
    """How many ran until they were stopped: they were noticed as well."""
    survivors: tuple[Survivor, ...]
    seconds: float

    @property
    def score(self) -> float:
        """Percent that were noticed."""
        return round(100 * (self.killed + self.timeout) / self.mutants, 1)

    @property
    def as_json(self) -> str:
        """One JSON line."""
        told = asdict(self)
        told["survived"] = len(self.survivors)
        told["score"] = self.score
        told["wanted"] = WANTED
        # The long list comes last.
        told["survivors"] = told.pop("survivors")
        return json.dumps(told, ensure_ascii=False)


def judged(name: str, *, sample: int | None, seed: int) -> Score:
    """The area's score: of all its mutants, or of so many that the seed draws."""
    area = AREAS[name]
    began = time.perf_counter()
    with scratch(area) as folder:
        every: list[str] = json.loads(_inside(folder, "list"))
        drawn = _drawn(every, sample=sample, seed=seed)
        progress(f"{name}: {len(drawn)} of {len(every)} mutants")
        _mutmut(folder, drawn if len(drawn) < len(every) else (), name=name)
        told = json.loads(_inside(folder, "tell", given=json.dumps(drawn)))
    by_status = [each["status"] for each in told]
    return Score(
        area=name,
        modules=area.modules,
        of=len(every),
        seed=None if len(drawn) == len(every) else seed,
        mutants=len(told),
        killed=by_status.count("killed"),
        timeout=by_status.count("timeout"),
        survivors=tuple(_survivors(told)),
        seconds=round(time.perf_counter() - began, 1),
    )


def _drawn(every: Sequence[str], *, sample: int | None, seed: int) -> list[str]:
    if sample is None or sample >= len(every):
        return list(every)
    # Which mutants are looked at is no secret: the same seed draws the same ones anywhere.
    return sorted(random.Random(seed).sample(every, sample), key=every.index)  # noqa: S311


def _survivors(told: Sequence[dict[str, str]]) -> list[Survivor]:
    return [
        Survivor(
            module=each["module"],
            line=int(each["line"]),
            diff=each["diff"],
            why=each["status"],
        )
        for each in told
        if "diff" in each
    ]


def _inside(folder: Path, what: str, *, given: str = "[]") -> str:
    words = [sys.executable, "-m", "bench.mutation.inside", what]
    return subprocess.run(
        words, cwd=folder, input=given, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def _mutmut(folder: Path, names: Sequence[str], *, name: str) -> None:
    """Every one of the mutants has been judged; NothingJudgedError with mutmut's reason if not."""
    mutmut = Path(sys.executable).parent / "mutmut"
    child = subprocess.Popen(
        [str(mutmut), "run", f"--max-children={_CHILDREN}", *names],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    last = time.monotonic()
    # It goes back to the beginning of its line with a carriage return, which ends a line here.
    for line in child.stdout or ():
        said.append(line.strip())
        if "/" in line and time.monotonic() - last > _SAID_EVERY:
            last = time.monotonic()
            progress(f"{name}: {line.strip()}")
    if child.wait() != 0:
        raise NothingJudgedError("\n".join(filter(None, said[-40:])))


def progress(said: str) -> None:
    """Somebody who waits knows how far it is."""
    print(f"mutants: {said}", file=sys.stderr, flush=True)


__all__ = ["WANTED", "Area", "NothingJudgedError", "Score", "Survivor", "judged", "progress"]
