"""Exported cases under an edited runbook: what people did is played, what is not known is said."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from cases.acts import Complete, Raise
from runbooks import Runbook, library, load_runbook
from store import DEMO_KEK, Store
from tests.audit.casework import HOUR, office
from tests.audit.scenarios import CLOSED
from tests.stores import empty_store
from tests.workers.backtest.edits import (
    DEFAULT,
    EVERYTHING_SEVERE,
    LONGER,
    RENAMED,
    SECOND_LOOK,
    TWO_OF_LEGAL,
    UNTOUCHED,
    WITHOUT_LEGAL,
)
from workers.backtest.backtest import Backtest, Cases, backtest, read_cases
from workers.backtest.errors import CasesUnreadableError
from workers.backtest.outcome import Aspect
from workers.engine import Engine

ORDERS = "terrorist-content-removal-order"
SCENARIOS = (
    "approved",
    "walked_by_code",
    "rejected_by_policy",
    "more_information",
    "cancelled",
    "held",
    "late",
    "facts_changed",
    "severity_set",
    "acknowledged",
    "refused_often",
    "forged",
    "failed_action",
    "retried_action",
    "manual_action",
    "undelivered_notices",
    "continued",
    "moved",
    "disabled_automatically",
)


@pytest.fixture(scope="module")
async def exports(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of exports: cases of every kind, each walked to its end by people at doors."""
    folder = tmp_path_factory.mktemp("exports")
    url = f"sqlite+aiosqlite:///{folder / 'store.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as store:
        for name in SCENARIOS:
            async with office(engine, store) as at_work:
                case = await CLOSED[name](at_work)
                await at_work.export(case, folder / "cases" / name)
    return folder / "cases"


@pytest.fixture(scope="module")
def cases(exports: Path) -> Cases:
    """The same, read."""
    return read_cases([exports])


@pytest.fixture(scope="module")
def approved(exports: Path) -> Cases:
    """Three of them: approved, more information asked, and late."""
    return read_cases([exports / name for name in ("approved", "more_information", "late")])


def named(cases: Cases) -> Mapping[str, str]:
    """Scenario → the number of its case."""
    return {Path(each.folder).name: number for number, each in cases.recorded.items()}


async def under(cases: Cases, runbook: Runbook, engine: Engine) -> Backtest:
    """The cases under that text, every one of them played to an end."""
    found = await backtest(cases, {DEFAULT: runbook}, engine=engine)
    assert found.stuck == ()
    return found


async def test_the_same_text_makes_no_difference(engine: Engine, cases: Cases) -> None:
    """Every export comes out exactly as it was recorded, and nothing had to be assumed."""
    orders = load_runbook(library()[ORDERS], file="orders.yaml")
    found = await backtest(cases, {DEFAULT: UNTOUCHED, ORDERS: orders}, engine=engine)

    assert found.differences.none, found.differences.changes
    assert found.recorded == found.known == len(SCENARIOS)
    assert found.assumptions == ()
    assert found.rules == {}


async def test_an_open_case_is_played_to_its_last_entry(engine: Engine, tmp_path: Path) -> None:
    """What has not happened yet is neither played nor assumed."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as store, office(engine, store) as at_work:
        case = await at_work.open(answers={"danger": "no", "kind": "fraud"})
        await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
        await case.forward(HOUR)
        await case.does(Raise(to="legal", reason="now"), person="ines")
        await at_work.export(case, tmp_path / "open")

    found = await under(read_cases([tmp_path / "open"]), UNTOUCHED, engine)
    assert found.differences.none, found.differences.changes
    assert found.known == 1


async def test_a_case_that_was_moved_is_played_under_one_text(
    engine: Engine, tmp_path: Path
) -> None:
    """The edited text is the version every case is played under: its migration is left out."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as store, office(engine, store) as at_work:
        await at_work.export(await CLOSED["migrated"](at_work), tmp_path / "migrated")

    found = await under(read_cases([tmp_path / "migrated"]), TWO_OF_LEGAL, engine)
    dropped = [said for each in found.assumptions for said in each.dropped]
    assert len([said for said in dropped if said.startswith("migrate")]) == 2
    assert Aspect.DISPOSITION not in found.differences.by_aspect


async def test_a_reopened_case_is_played_to_its_first_ending(
    engine: Engine, tmp_path: Path
) -> None:
    """Its second life rests on an ending that another text may not have: that is said."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as store, office(engine, store) as at_work:
        again = await (await CLOSED["no_violation"](at_work)).reopen()
        await again.does(Raise(to="legal", reason="now"), person="ines")
        await at_work.export(again, tmp_path / "reopened")
        await again.handle.terminate()

    found = await under(read_cases([tmp_path / "reopened"]), UNTOUCHED, engine)
    assert found.differences.none, found.differences.changes
    assert [each.dropped for each in found.assumptions] == [
        ("the rest of its record: then it was reopened: its first life is played",)
    ]


def test_an_altered_export_is_refused(exports: Path, tmp_path: Path) -> None:
    """Nothing is concluded from a record that is not as it was exported."""
    copy = shutil.copytree(exports / "approved", tmp_path / "altered")
    (copy / "report.html").write_text("another")

    with pytest.raises(CasesUnreadableError, match=r"report\.html: altered"):
        read_cases([copy])


async def test_another_target_is_known_whole(engine: Engine, approved: Cases) -> None:
    """People did what they did at their times: who would still be late is known."""
    found = await under(approved, LONGER, engine)
    (change,) = found.differences.changes
    breaches = [each for each in change.changed if each.aspect is Aspect.BREACHES]

    assert change.case == named(approved)["late"]
    assert [(each.before, each.after) for each in breaches] == [(("legal-review#1",), ())]
    assert found.assumed == 0


async def test_a_severity_row_is_known_whole(engine: Engine, approved: Cases) -> None:
    """Another row judges the recorded answers: every case's severity differs, nothing else."""
    found = await under(approved, EVERYTHING_SEVERE, engine)

    assert found.differences.by_aspect[Aspect.SEVERITY] == 3
    assert found.differences.by_aspect.keys() <= {Aspect.SEVERITY}
    assert found.assumed == 0


async def test_a_gate_nobody_was_asked_at_is_assumed_to_approve(
    engine: Engine, approved: Cases
) -> None:
    """Its vote is marked as assumed, by nobody the record names; what came after it waits."""
    found = await under(approved, SECOND_LOOK, engine)

    assert found.assumed == found.recorded == 3
    assert {"new-act", "later"} <= {rule.value for rule in found.rules}
    added = {
        word
        for change in found.differences.changes
        for each in change.changed
        if each.aspect is Aspect.APPROVERS
        for word in each.after
    }
    assert added == {"second-look: approve by another-quality-1 (quality)"}
    assert Aspect.DISPOSITION not in found.differences.by_aspect


async def test_a_vote_that_is_missing_is_assumed_and_no_other(
    engine: Engine, approved: Cases
) -> None:
    """Two of legal must agree: the one who did is known, the second is assumed to say the same."""
    found = await under(approved, TWO_OF_LEGAL, engine)

    for each in found.assumptions:
        votes = [said for said in each.assumed if said.startswith("new-act: decide legal-review")]
        assert votes == ["new-act: decide legal-review approve by another-legal-1"]
    assert Aspect.DISPOSITION not in found.differences.by_aspect


async def test_a_renamed_outcome_is_the_one_that_leads_there(
    engine: Engine, approved: Cases
) -> None:
    """The same person at the same time takes the outcome that leads to the same stage."""
    found = await under(approved, RENAMED, engine)

    assert {rule.value for rule in found.rules} == {"renamed"}
    assert set(found.differences.by_aspect) == {Aspect.WAY}
    assert all("triage: send-on" in change.changed[0].after for change in found.differences.changes)


async def test_a_gate_that_is_gone_asks_nobody(engine: Engine, approved: Cases) -> None:
    """Its votes have no place any more, which is known; nobody else is taken to be quicker."""
    found = await under(approved, WITHOUT_LEGAL, engine)
    number = named(approved)["approved"]
    dropped = {each.case: each.dropped for each in found.assumptions}

    assert "decide legal-review approve by lena: there is no such stage" in dropped[number]
    assert Aspect.DISPOSITION not in found.differences.by_aspect
    assert {rule.value for rule in found.rules} <= {"new-act", "later", "ending", "told"}
