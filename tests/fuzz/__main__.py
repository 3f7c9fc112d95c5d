"""`make fuzz`: every verifier with at least 100,000 deliveries; a line of JSON each on stdout.

make fuzz                                          the full run
make fuzz ARGS="--only pagerduty --count 5000"     one verifier, fewer
make fuzz ARGS="--seed 7"                          other deliveries, the same each time
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.fuzz.frame import Summary, application, fuzz
from tests.fuzz.strictness import oracles, table
from tests.fuzz.verifier import Verifier
from tests.fuzz.verifiers import VERIFIERS

FULL = 100_000


def main() -> int:
    """0 when every verifier is sound, 1 otherwise."""
    options = argparse.ArgumentParser(prog="make fuzz")
    options.add_argument("--count", type=int, default=FULL)
    options.add_argument("--seconds", type=float, default=None, help="at most so long each")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--only", choices=[each.name for each in VERIFIERS], default=None)
    options.add_argument("--table", action="store_true", help="print the tables of docs/ and end")
    asked = options.parse_args()
    if asked.table:
        sys.stdout.write(f"{oracles()}\n{table()}")
        return 0
    # A refused delivery is a line of the log each; a hundred thousand of them help nobody.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    sound = True
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        for verifier in VERIFIERS:
            if asked.only not in (None, verifier.name):
                continue
            summary = asyncio.run(_one(verifier, asked, progress))
            sys.stdout.write(json.dumps(summary.told()) + "\n")
            sys.stdout.flush()
            sound = sound and summary.sound
    return 0 if sound else 1


async def _one(verifier: Verifier, asked: argparse.Namespace, progress: Progress) -> Summary:
    bar = progress.add_task(verifier.name, total=asked.count)
    with tempfile.TemporaryDirectory(prefix="escalate-fuzz-") as folder:
        async with application([verifier], Path(folder)) as app:
            return await fuzz(
                verifier,
                app,
                count=asked.count,
                seconds=asked.seconds,
                seed=asked.seed,
                each=lambda: progress.advance(bar),
            )


if __name__ == "__main__":
    sys.exit(main())
