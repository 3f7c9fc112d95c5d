"""`make accept-1`: one JSON line a criterion, never stopping at the first that fails.

A line has name, wanted, got, pass (null: not run, and why) and seconds. The exit code is 1 if any
criterion failed.
"""

import argparse
import sys

from bench.acceptance.criteria import CRITERIA, Extent, run


def main() -> int:
    """0 if nothing failed."""
    parser = argparse.ArgumentParser(prog="accept-1", description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(CRITERIA))
    parser.add_argument("--quick", action="store_true", help="smaller samples of what takes long")
    parser.add_argument("--clone", action="store_true", help="also in a clean clone")
    parser.add_argument(
        "--empty-cache", action="store_true", help="the clone builds its server anew (minutes)"
    )
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in CRITERIA]
    if unknown:
        parser.error(f"unknown criteria {', '.join(unknown)}; there are {', '.join(CRITERIA)}")
    extent = Extent(
        quick=asked.quick, clone=asked.clone or asked.empty_cache, empty_cache=asked.empty_cache
    )
    failed = 0
    for name in asked.names or CRITERIA:
        print(f"accept-1: {name} …", file=sys.stderr, flush=True)
        for verdict in run(name, extent):
            failed += verdict.passed is False
            print(verdict.as_json, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
