"""How acceptance is asked for and told: one JSON line a criterion, none ends the others.

A line has name, wanted, got, pass (null: not run, and why), seconds and, where one is known, the
figure of those it is measured against (`anchor`). The exit code is 1 if any criterion failed.
"""

import argparse
import sys
from collections.abc import Mapping

from bench.acceptance.criterion import Criterion, Extent, run


def accept(prog: str, criteria: Mapping[str, Criterion]) -> int:
    """0 if nothing failed."""
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(criteria))
    parser.add_argument("--quick", action="store_true", help="smaller samples of what takes long")
    parser.add_argument("--clone", action="store_true", help="also in a clean clone")
    parser.add_argument(
        "--empty-cache", action="store_true", help="the clone builds its server anew (minutes)"
    )
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in criteria]
    if unknown:
        parser.error(f"unknown criteria {', '.join(unknown)}; there are {', '.join(criteria)}")
    extent = Extent(
        quick=asked.quick, clone=asked.clone or asked.empty_cache, empty_cache=asked.empty_cache
    )
    failed = 0
    for name in asked.names or criteria:
        print(f"{prog}: {name} …", file=sys.stderr, flush=True)
        for verdict in run(criteria, name, extent):
            failed += verdict.passed is False
            print(verdict.as_json, flush=True)
    return 1 if failed else 0
