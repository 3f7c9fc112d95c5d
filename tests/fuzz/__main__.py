"""`make fuzz`: every verifier with at least 100,000 deliveries; a line of JSON each on stdout.

make fuzz                                          the full run
make fuzz ARGS="--only pagerduty --count 5000"     one verifier, fewer
make fuzz ARGS="--seed 7"                          other deliveries, the same each time
make fuzz ARGS=--parsers                           a million inputs for every parser instead
"""

import argparse
import asyncio
import json
import sys
import tempfile
from functools import partial
from pathlib import Path

import structlog
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from tests.fuzz.frame import Summary, application, fuzz
from tests.fuzz.parser import fuzz_parser
from tests.fuzz.parsers import PARSERS
from tests.fuzz.strictness import oracles, table
from tests.fuzz.verifier import Verifier
from tests.fuzz.verifiers import VERIFIERS

FULL = 100_000


def main() -> int:
    """0 when every verifier is sound, 1 otherwise."""
    options = argparse.ArgumentParser(prog="make fuzz")
    options.add_argument("--parsers", action="store_true", help="parsers instead of verifiers")
    options.add_argument("--count", type=int, default=None)
    options.add_argument("--seconds", type=float, default=None, help="at most so long each")
    options.add_argument("--seed", type=int, default=0)
    names = [each.name for each in VERIFIERS] + [each.name for each in PARSERS]
    options.add_argument("--only", choices=names, default=None)
    options.add_argument("--table", action="store_true", help="print the tables of docs/ and end")
    asked = options.parse_args()
    if asked.table:
        sys.stdout.write(f"{oracles()}\n{table()}")
        return 0
    if asked.parsers:
        return _parsers(asked)
    asked.count = asked.count or FULL
    # A refused delivery is a line of the log each; a hundred thousand of them help nobody.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    sound = True
    with _progress() as progress:
        for verifier in VERIFIERS:
            if asked.only not in (None, verifier.name):
                continue
            summary = asyncio.run(_one(verifier, asked, progress))
            sys.stdout.write(json.dumps(summary.told()) + "\n")
            sys.stdout.flush()
            sound = sound and summary.sound
    return 0 if sound else 1


def _parsers(asked: argparse.Namespace) -> int:
    sound = True
    with _progress() as progress:
        for parser in PARSERS:
            if asked.only not in (None, parser.name):
                continue
            count = asked.count or parser.full
            bar = progress.add_task(parser.name, total=count)
            found = fuzz_parser(
                parser,
                count=count,
                seconds=asked.seconds,
                seed=asked.seed,
                each=partial(_done, progress, bar),
            )
            sys.stdout.write(json.dumps(found.told()) + "\n")
            sys.stdout.flush()
            sound = sound and found.sound
    return 0 if sound else 1


def _done(progress: Progress, bar: TaskID, number: int) -> None:
    progress.update(bar, completed=number)


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True))


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
