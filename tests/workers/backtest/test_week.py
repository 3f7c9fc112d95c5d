"""A simulated week under an edited runbook is what simulating that runbook gives."""

from dataclasses import replace
from pathlib import Path

import pytest

from runbooks import Runbook
from tests.workers.backtest.edits import (
    DEFAULT,
    EVERYTHING_SEVERE,
    SECOND_LOOK,
    TWO_OF_LEGAL,
    UNTOUCHED,
)
from tests.workers.simulation.orders import model_with, order
from workers.backtest.backtest import Cases, backtest, read_cases
from workers.backtest.differences import differences
from workers.backtest.errors import BacktestError, CasesUnreadableError
from workers.backtest.outcome import Aspect, Outcome
from workers.backtest.week import lines_of
from workers.engine import Engine
from workers.simulation.keeping import keep
from workers.simulation.simulation import simulate

ORDER = order(cases=10, seed=3)


@pytest.fixture(scope="module")
async def week(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten cases of the default runbook, as `simulate --out` leaves them."""
    out = tmp_path_factory.mktemp("week")
    list(keep(await simulate(ORDER, engine=engine), out=out))
    return out


def before(cases: Cases) -> dict[str, Outcome]:
    """What the week came to."""
    return {line.case: line.outcome for week in cases.weeks.values() for line in week.lines}


async def test_the_same_text_makes_no_difference(engine: Engine, week: Path) -> None:
    """Every case comes out exactly as before, and nothing had to be assumed."""
    found = await backtest(read_cases([week]), {DEFAULT: UNTOUCHED}, engine=engine)

    assert found.differences.none, found.differences.changes
    assert found.differences.unchanged == found.simulated == found.known == 10
    assert found.assumed == 0


@pytest.mark.parametrize("runbook", [TWO_OF_LEGAL, SECOND_LOOK], ids=["two", "second-look"])
async def test_differences_are_those_of_simulating_the_edit(
    engine: Engine, week: Path, runbook: Runbook
) -> None:
    """Played again, the cases differ exactly as cases that were simulated under the edit do."""
    cases = read_cases([week])
    found = await backtest(cases, {DEFAULT: runbook}, engine=engine)
    anew = await simulate(replace(ORDER, runbooks={DEFAULT: runbook}), engine=engine)
    lines = lines_of([story.played for story in anew.stories], {DEFAULT: runbook})

    assert found.differences == differences(
        before(cases), {line.case: line.outcome for line in lines}
    )
    assert found.differences.by_aspect[Aspect.APPROVERS] > 0


async def test_the_cases_stay_what_was_reported(engine: Engine, week: Path) -> None:
    """An edit of the severity table judges the reports that came, not reports drawn for it."""
    cases = read_cases([week])
    found = await backtest(cases, {DEFAULT: EVERYTHING_SEVERE}, engine=engine)
    mild = sum(outcome.severity == "SEV3" for outcome in before(cases).values())

    shifts = {shift.what: shift for shift in found.differences.shifts if shift.what == "SEV3"}
    assert mild > 0
    assert shifts["SEV3"].before == mild
    assert shifts["SEV3"].after < mild


async def test_other_runbooks_are_not_played(engine: Engine, week: Path) -> None:
    """Without a case of the edited runbook there is nothing to say, and that is said."""
    with pytest.raises(BacktestError, match="no case of imminent-threat-to-life"):
        await backtest(read_cases([week]), {"imminent-threat-to-life": UNTOUCHED}, engine=engine)


def test_a_changed_text_beside_the_week_is_refused(week: Path) -> None:
    """A week whose runbook is not what was simulated cannot be compared with anything."""
    text = week / "runbooks" / f"{DEFAULT}.yaml"
    kept = text.read_bytes()
    text.write_bytes(kept + b"\n# another\n")

    with pytest.raises(CasesUnreadableError, match="not what was simulated"):
        read_cases([week])
    text.write_bytes(kept)


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    """Neither a week nor an export is no case."""
    with pytest.raises(CasesUnreadableError, match="neither a simulated week nor an export"):
        read_cases([tmp_path])


async def test_a_case_that_moves_is_played_on(engine: Engine, tmp_path: Path) -> None:
    """It goes on as a case of its own that bears its name; both are played again together."""
    model = model_with(outcomes={"threat-to-life": 50}, tiers=_sharp())
    moving = order(DEFAULT, "imminent-threat-to-life", cases=6, seed=5, model=model)
    found = await simulate(moving, engine=engine)
    list(keep(found, out=tmp_path))
    moved = [story.played for story in found.stories if story.played.case.arrival.cause == "moved"]

    assert moved
    assert {each.case.runbook for each in moved} == {"imminent-threat-to-life"}
    assert {each.case.index for each in moved} == {
        s.played.case.index for s in found.stories if s.played.placed.moved_to in moving.runbooks
    }
    assert found.account.moves[DEFAULT] == {"imminent-threat-to-life": len(moved)}
    assert found.account.stuck == ()

    again = await backtest(read_cases([tmp_path]), {DEFAULT: UNTOUCHED}, engine=engine)
    assert again.differences.none, again.differences
    assert again.simulated >= 2 * len(moved)


def _sharp() -> dict[str, object]:
    return {name: {"sensitivity": 1.0, "specificity": 1.0} for name in ("L1", "L2", "L3")}
