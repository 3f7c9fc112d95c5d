"""How many small mistakes in the code that decides the tests notice: a verdict for each area."""

import json
import os
import sys
from collections.abc import Iterator

from bench.acceptance.criterion import Criterion, Extent
from bench.acceptance.running import Verdict, command
from bench.mutation.areas import AREAS

HOW_MANY = "ESCALATE_MUTANTS"
"""The environment variable that says how many of each area are judged: a number, or `all`."""


def by_areas(*, sample: int, quick: int, seed: int = 1, seconds: float = 14_400) -> Criterion:
    """A criterion that so many mutants of each area decide."""

    def run(extent: Extent) -> Iterator[Verdict]:
        asked = os.environ.get(HOW_MANY) or str(quick if extent.quick else sample)
        how_many = ("--all",) if asked == "all" else ("--sample", asked, "--seed", str(seed))
        for area in AREAS:
            words = [sys.executable, "-m", "bench.mutation", area, *how_many]
            ended = command(words, seconds=seconds)
            yield _verdict(area, ended.said, ended.seconds, quick=extent.quick)

    return run


def _verdict(area: str, said: str, seconds: float, *, quick: bool) -> Verdict:
    # A handful says that it works, and no more: a survivor among eight would be an eighth.
    wanted = "it runs" if quick else ">= 90 % noticed, survivors named"
    name = f"mutants of {area}: mutmut"
    lines = [line for line in said.splitlines() if line.startswith("{")]
    if not lines:
        return Verdict(name, wanted, said[-400:] or "nothing", passed=False, seconds=seconds)
    told = json.loads(lines[-1])
    living = [f"{each['module']}:{each['line']} {each['diff']}" for each in told["survivors"]]
    drawn = "" if told["seed"] is None else f", drawn by seed {told['seed']}"
    got = f"{told['score']} % of {told['mutants']} (of {told['of']}{drawn})"
    if living:
        got += f"; not noticed: {'; '.join(living)}"
    return Verdict(name, wanted, got, quick or told["score"] >= told["wanted"], seconds)
