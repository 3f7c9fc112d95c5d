"""Cases that are over, played under edited runbooks on the real engine, and compared.

Cases of a simulated week have people of a model, who behave by the same rules under both texts:
all of it is known. Exported cases have people who did what they did: their acts are played at
their recorded times, and what the record is silent about is assumed by stated rules, case by case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from audit.manifest import MANIFEST
from runbooks import Runbook
from workers.backtest.assumed import SAID, Rule
from workers.backtest.differences import Differences, differences
from workers.backtest.errors import BacktestError, CasesUnreadableError
from workers.backtest.outcome import Outcome
from workers.backtest.people import RecordedStaff, took, without_chance
from workers.backtest.recorded import Recorded, read_recorded
from workers.backtest.rerun import Rerun, Rerunner
from workers.backtest.week import WEEK, Week, play_week, read_week
from workers.backtest.world import RecordedWorld
from workers.engine import Engine
from workers.simulation.faults import Trouble
from workers.simulation.model import load_model
from workers.simulation.play import Progress, unseen
from workers.simulation.theatre import theatre

TOLERANCE = 1
"""Minutes by which a recorded case may end earlier or later and still have ended as it did."""


class Stuck(BaseModel):
    """A case that does not end under the edited text, and why."""

    model_config = ConfigDict(frozen=True)

    case: str
    why: str


class Assumption(BaseModel):
    """What had to be assumed of one case, and which of its recorded acts found no place."""

    model_config = ConfigDict(frozen=True)

    case: str
    assumed: tuple[str, ...]
    dropped: tuple[str, ...]


class Backtest(BaseModel):
    """What an edit would have made of these cases."""

    model_config = ConfigDict(frozen=True)

    edited: dict[str, str]
    """Name → version and digest of the text they were played under."""
    simulated: int
    recorded: int
    other: int
    """Cases of other runbooks, which the edit does not touch: not played."""
    known: int
    """Cases of which nothing had to be assumed."""
    assumed: int
    rules: dict[Rule, str]
    """The rules that were applied, in words."""
    differences: Differences
    assumptions: tuple[Assumption, ...]
    stuck: tuple[Stuck, ...]
    calendars: tuple[str, ...] = ()
    """Weeks that had to be played on other dates than their own, and what that can mean."""

    @property
    def as_json(self) -> str:
        """The whole result as text."""
        return self.model_dump_json(indent=2) + "\n"


@dataclass(frozen=True)
class Cases:
    """What was found in the folders: simulated weeks and exported cases."""

    weeks: Mapping[str, Week]
    recorded: Mapping[str, Recorded]


def read_cases(folders: Sequence[Path]) -> Cases:
    """Weeks and exports in these folders, or one level below; CasesUnreadableError for others."""
    weeks: dict[str, Week] = {}
    recorded: dict[str, Recorded] = {}
    for folder in folders:
        if (folder / WEEK).is_file():
            weeks[str(folder)] = read_week(folder)
            continue
        exports = [folder] if (folder / MANIFEST).is_file() else _below(folder)
        if not exports:
            raise CasesUnreadableError(str(folder), "holds neither a simulated week nor an export")
        for export in exports:
            found = read_recorded(export)
            # Numbers are an installation's own: two of them may have counted as far.
            name = found.number if found.number not in recorded else f"{export.name}/{found.number}"
            recorded[name] = found
    return Cases(weeks=weeks, recorded=recorded)


async def backtest(
    cases: Cases, edited: Mapping[str, Runbook], *, engine: Engine, progress: Progress = unseen
) -> Backtest:
    """Those of the cases that walked one of the edited runbooks have been played under it."""
    names = frozenset(edited)
    touched = {folder: week.touched(names) for folder, week in cases.weeks.items()}
    chosen = {name: each for name, each in cases.recorded.items() if each.runbook in names}
    whole = sum(len(lines) for lines in touched.values()) + len(chosen)
    if not whole:
        raise BacktestError(f"no case of {', '.join(sorted(names))} among these")
    before: dict[str, Outcome] = {}
    after: dict[str, Outcome] = {}
    behind = 0
    calendars: list[str] = []
    for folder, week in cases.weeks.items():
        label = f"{Path(folder).name}/" if len(cases.weeks) > 1 or chosen else ""
        before |= {f"{label}{line.case}": line.outcome for line in touched[folder]}
        played = await play_week(
            week, edited, engine=engine, progress=_beyond(progress, behind, whole)
        )
        after |= {f"{label}{line.case}": line.outcome for line in played.lines}
        calendars += [f"{label}{played.moved}"] if played.moved else []
        behind += len(touched[folder])
    simulated = len(before)
    played_again = await rerun(
        list(chosen.values()), edited, engine=engine, progress=_beyond(progress, behind, whole)
    )
    reruns = dict(zip(chosen, played_again, strict=True))
    before |= {name: each.outcome for name, each in chosen.items()}
    after |= {name: each.outcome for name, each in reruns.items()}
    rules = {one.rule for each in played_again for one in each.assumed}
    unsure = [each for each in played_again if each.assumed]
    return Backtest(
        edited={name: f"{book.version} {book.digest[:12]}" for name, book in edited.items()},
        simulated=simulated,
        recorded=len(chosen),
        other=_number(cases) - simulated - len(chosen),
        known=len(after) - len(unsure),
        assumed=len(unsure),
        rules={rule: said for rule, said in SAID.items() if rule in rules},
        differences=differences(before, after, tolerance=dict.fromkeys(chosen, TOLERANCE)),
        assumptions=tuple(
            Assumption(
                case=name,
                assumed=tuple(str(one) for one in each.assumed),
                dropped=each.dropped,
            )
            for name, each in reruns.items()
            if each.assumed or each.dropped
        ),
        stuck=tuple(
            Stuck(case=name, why=outcome.stuck) for name, outcome in after.items() if outcome.stuck
        ),
        calendars=tuple(calendars),
    )


async def rerun(
    recorded: Sequence[Recorded],
    edited: Mapping[str, Runbook],
    *,
    engine: Engine,
    progress: Progress = unseen,
) -> list[Rerun]:
    """These exported cases, as they go under the edited texts."""
    if not recorded:
        return []
    model = without_chance(load_model(), took(recorded))
    staff = RecordedStaff(model, recorded)
    trouble = Trouble(model=model, faults=frozenset(), days=1)
    world = RecordedWorld(staff=staff, trouble=trouble)
    async with theatre(engine, edited, outside=world, sealed=True) as place:
        world.bustle = place.bustle
        again = Rerunner(
            theatre=place,
            world=world,
            runbooks=edited,
            model=model,
            staff=staff,
            trouble=trouble,
        )
        return await again.play_all(recorded, progress=progress)


def _below(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path.parent for path in folder.glob(f"*/{MANIFEST}"))


def _number(cases: Cases) -> int:
    return sum(len(week.lines) for week in cases.weeks.values()) + len(cases.recorded)


def _beyond(progress: Progress, behind: int, whole: int) -> Progress:
    def seen(done: int, of: int) -> None:
        progress(behind + done, max(whole, behind + of))

    return seen


__all__ = ["Backtest", "Cases", "backtest", "read_cases", "rerun"]
