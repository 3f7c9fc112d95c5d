"""A simulated week as `simulate --out` leaves it: read back, and played under edited runbooks.

Its people are the model's: the same rules and the same keyed draws answer under both texts, so
nothing has to be assumed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from cases.journal import Entry
from runbooks import Runbook, RunbookProblems, compile_runbook, load_runbook
from workers.backtest.errors import CasesUnreadableError
from workers.backtest.outcome import Outcome, outcome_of
from workers.engine import Engine
from workers.simulation.model import Model
from workers.simulation.play import Played, Progress, unseen
from workers.simulation.simulation import Order, Simulated, simulate

WEEK, OUTCOMES, RUNBOOKS = "simulation.json", "outcomes.jsonl", "runbooks"


class Written(BaseModel):
    """How a week was ordered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = "escalate-week/1"
    seed: int
    days: int
    cases: int
    faults: tuple[str, ...]
    begins: datetime | None = None
    """The Monday on which it began."""
    model: Model
    runbooks: dict[str, str]
    """Name → digest of the text beside it."""


class Line(BaseModel):
    """One case of a week: what it is called, which runbook it walked, and what became of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    case: str
    runbook: str
    outcome: Outcome


@dataclass(frozen=True)
class Week:
    """A week that was simulated."""

    order: Order
    lines: tuple[Line, ...]

    def touched(self, names: frozenset[str]) -> list[Line]:
        """The cases that walked one of these runbooks, with all they moved from and to."""
        roots = {_root(line.case) for line in self.lines if line.runbook in names}
        return [line for line in self.lines if _root(line.case) in roots]


@dataclass(frozen=True)
class PlayedWeek:
    """A week that was played once more, under other texts."""

    lines: list[Line]
    was: datetime | None
    begins: datetime | None

    @property
    def moved(self) -> str:
        """That it was played on other dates than before, and what it can mean; else nothing."""
        if self.begins is None or self.was == self.begins:
            return ""
        was = f"that of {self.was.date()}" if self.was is not None else "unknown"
        return (
            f"the week was {was} and is over: it was played in that of {self.begins.date()}, "
            "whose holidays may be others"
        )


def keep_week(found: Simulated, *, out: Path) -> Iterator[Path]:
    """The week can be read back from the folder."""
    order = found.order
    texts = out / RUNBOOKS
    texts.mkdir(exist_ok=True)
    for name, runbook in order.runbooks.items():
        path = texts / f"{name}.yaml"
        path.write_bytes(runbook.source)
        yield path
    written = Written(
        seed=order.seed,
        days=order.days,
        cases=order.cases,
        faults=tuple(sorted(order.faults)),
        begins=order.begins,
        model=order.model,
        runbooks={name: runbook.digest for name, runbook in order.runbooks.items()},
    )
    path = out / WEEK
    path.write_text(written.model_dump_json(by_alias=True, indent=1) + "\n", encoding="utf-8")
    yield path
    played = [story.played for story in found.stories]
    lines = [line.model_dump_json() for line in lines_of(played, order.runbooks)]
    path = out / OUTCOMES
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    yield path


def lines_of(played: Sequence[Played], runbooks: Mapping[str, Runbook]) -> list[Line]:
    """A line for each case that was played."""
    pathways = {name: compile_runbook(runbook) for name, runbook in runbooks.items()}
    found: list[Line] = []
    for each in played:
        placed, name = each.placed, each.case.runbook

        def minute(entry: Entry, placed: Any = placed) -> int:
            return int(placed.minute(entry.at))

        outcome = outcome_of(
            placed.entries, pathway=pathways[name], minute=minute, stuck=each.stuck
        )
        found.append(Line(case=each.case.name, runbook=name, outcome=outcome))
    return found


def read_week(folder: Path) -> Week:
    """The week in that folder; CasesUnreadableError says what is wrong with it."""
    try:
        written = Written.model_validate_json((folder / WEEK).read_text(encoding="utf-8"))
        texts = {name: (folder / RUNBOOKS / f"{name}.yaml") for name in written.runbooks}
        runbooks = {
            name: load_runbook(path.read_bytes(), file=str(path)) for name, path in texts.items()
        }
        lines = tuple(
            Line.model_validate_json(line)
            for line in (folder / OUTCOMES).read_text(encoding="utf-8").splitlines()
        )
    except (OSError, ValidationError, RunbookProblems, json.JSONDecodeError) as error:
        raise CasesUnreadableError(str(folder), str(error)) from error
    for name, digest in written.runbooks.items():
        if runbooks[name].digest != digest:
            raise CasesUnreadableError(str(folder), f"{name}.yaml is not what was simulated")
    order = Order(
        runbooks=runbooks,
        cases=written.cases,
        seed=written.seed,
        days=written.days,
        faults=frozenset(written.faults),
        model=written.model,
        begins=written.begins,
    )
    return Week(order=order, lines=lines)


async def play_week(
    week: Week, edited: Mapping[str, Runbook], *, engine: Engine, progress: Progress = unseen
) -> PlayedWeek:
    """The week's cases that walked one of the edited runbooks, as they go under these texts."""
    order = replace(week.order, runbooks={**week.order.runbooks, **edited})
    generator = order.generator
    roots = {_root(line.case) for line in week.touched(frozenset(edited))}
    cases = [
        generator.under(case)
        for case in week.order.drawn(week.order.generator)
        if case.name in roots
    ]
    found = await simulate(order, engine=engine, progress=progress, cases=cases)
    return PlayedWeek(
        lines=lines_of([story.played for story in found.stories], order.runbooks),
        was=week.order.begins,
        begins=found.order.begins,
    )


def _root(case: str) -> str:
    return case.partition("+")[0]
