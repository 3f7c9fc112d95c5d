"""`make mutants`: small mistakes are put into the code that decides, and tests must notice.

A JSON line for each area: how many mutants there are, how many were judged, the score, and every
one that no test noticed, with its place. The exit code is 1 if a score is below 90.
"""

import argparse
import sys

from bench.mutation.areas import AREAS
from bench.mutation.running import WANTED, NothingJudgedError, judged, progress


def main() -> int:
    """0 if every area reached its score."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("areas", nargs="*", help=", ".join(AREAS))
    how_many = parser.add_mutually_exclusive_group()
    how_many.add_argument("--sample", type=int, default=60, help="mutants of each area (60)")
    how_many.add_argument("--all", action="store_true", help="every mutant; takes hours")
    parser.add_argument("--seed", type=int, default=1, help="draws the sample (1)")
    asked = parser.parse_args()
    unknown = [name for name in asked.areas if name not in AREAS]
    if unknown:
        parser.error(f"unknown areas {', '.join(unknown)}; there are {', '.join(AREAS)}")
    below = 0
    for name in asked.areas or AREAS:
        try:
            score = judged(name, sample=None if asked.all else asked.sample, seed=asked.seed)
        except NothingJudgedError as error:
            progress(f"{name}: {error}")
            below += 1
            continue
        print(score.as_json, flush=True)
        below += score.score < WANTED
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
