"""`python -m bench`: the budgets of the design, measured on this machine."""

import argparse
import asyncio
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable

import structlog
from temporalio.runtime import Runtime, TelemetryConfig

from bench import engine_side, house_side, log_side
from bench.line import Line, table
from bench.week import week

Measure = Callable[[], Awaitable[list[Line]]]


def measures(*, quick: bool) -> dict[str, Measure]:
    """Every measurement by its name; `quick` means fewer rounds."""
    rounds = 3 if quick else 5
    return {
        "counts": lambda: engine_side.counts(runs=5 if quick else engine_side.RUNS),
        "throughput": lambda: engine_side.like_for_like(rounds=rounds, cases=30 if quick else 60),
        "naive": lambda: engine_side.naive(rounds=rounds, cases=20 if quick else 40),
        "act": lambda: house_side.act(rounds=rounds, acts=20),
        "instance": lambda: house_side.instance(rounds=10 if quick else 30),
        "proof": lambda: house_side.proof(rounds=5 if quick else 20),
        "log": lambda: log_side.log(leaves=100_000),
        "decisions": lambda: log_side.decisions(acts=20 if quick else 100),
        "outage": house_side.outage,
        "week": lambda: week(cases=100 if quick else 1000),
    }


async def measure(names: list[str], *, quick: bool) -> list[Line]:
    """The lines of these measurements, one after the other, so that none disturbs another."""
    known = measures(quick=quick)
    lines: list[Line] = []
    for name in names or list(known):
        began = time.perf_counter()
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        try:
            lines += await known[name]()
        except Exception as error:  # noqa: BLE001 - the edge: the other figures are still wanted
            lines.append(Line(name, "a figure", f"{type(error).__name__}: {error}"[:200], False))
        print(f"bench: {name} took {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return lines


def main() -> int:
    """0 if every budget was kept."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(measures(quick=True)))
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    asked = parser.parse_args()
    # The SDK's own warnings (a server that is killed on purpose) would stand among the figures.
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=None)))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    lines = asyncio.run(measure(asked.names, quick=asked.quick))
    if asked.json:
        print("\n".join(line.as_json for line in lines))
    else:
        print(table(lines))
        load = os.getloadavg()[0]
        print(
            f"\n{os.cpu_count()} cores; load at the end {load:.1f}. A busy machine distorts this."
        )
    return 0 if all(line.passed for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
