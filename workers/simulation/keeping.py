"""What a simulation leaves in a folder: its account, its cases, its coverage and its pictures.

What `backtest` reads back stands there too: the order, the runbooks, and every case's outcome.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from workers.backtest.week import keep_week
from workers.simulation.drawing import interesting, overview, timeline
from workers.simulation.simulation import Simulated
from workers.simulation.story import Story


def keep(found: Simulated, *, out: Path) -> Iterator[Path]:
    """The files have been written; wall-clock figures stand in `machine.json` alone."""
    pictures = out / "cases"
    pictures.mkdir(parents=True, exist_ok=True)
    yield _written(out / "account.json", found.account.as_json)
    coverage = [each.model_dump(mode="json") for each in found.coverage]
    yield _written(out / "coverage.json", json.dumps(coverage, indent=2) + "\n")
    lines = [json.dumps(case_line(story), sort_keys=True) for story in found.stories]
    yield _written(out / "cases.jsonl", "\n".join(lines) + "\n")
    days = found.account.simulation.days
    yield _written(out / "overview.svg", overview(found.stories, days=days))
    for story in interesting(found.stories):
        case = story.played.case
        name = f"{case.index:05d}{'b' * case.hop}-{case.runbook}.svg"
        yield _written(pictures / name, timeline(story))
    yield from keep_week(found, out=out)
    performance = found.performance
    machine = {
        "seconds": round(performance.seconds, 1),
        "cases_per_second": round(performance.per_second, 2),
        "at_once": performance.places,
        "played_again": performance.again,
        "undecided": performance.undecided,
        "latest_seconds": round(performance.worst.total_seconds(), 2),
    }
    yield _written(out / "machine.json", json.dumps(machine, indent=2) + "\n")


def case_line(story: Story) -> dict[str, object]:
    """One case: what was drawn, what was true, and what became of it."""
    case = story.played.case
    return {
        "case": case.index,
        "moved": case.hop,
        "moved_to": story.played.placed.moved_to or None,
        "runbook": case.runbook,
        "arrived": case.arrival.minute,
        "region": case.arrival.region,
        "cause": case.arrival.cause,
        "jurisdictions": list(case.jurisdictions),
        "receipt_lag": case.receipt_lag,
        "born_late": case.born_late,
        "incomplete": case.incomplete,
        "reported": dict(case.reported),
        "traits": sorted(case.traits),
        "true_severity": case.truth.severity.value,
        "should_escalate": case.truth.should_escalate,
        "correct_disposition": case.truth.disposition,
        "clocks_expected": dict(case.truth.clocks),
        "true_way": [f"{step.stage}: {step.outcome}" for step in case.truth.way.steps],
        "severity": story.severity.value,
        "way": [f"{passage.stage}: {passage.outcome}" for passage in story.passages],
        "disposition": story.disposition or None,
        "ended": story.ended,
        "first_human": story.first_human,
        "breached": sorted(clock.clock for clock in story.clocks if clock.breached),
        "stuck": story.played.stuck or None,
    }


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
