"""An export of a case that filed a report is verified and replayed like any other."""

from pathlib import Path

import pytest

from audit.verdict import Outcome
from audit.verify import verify
from cases.acts import Answer, Close, Complete, Decide, Memo, Receipt, Resolution, Verdict
from cases.records import HELD_BACK
from store import Store
from tests.audit.casework import PINNED, PINNED_LOG, Matter, office
from tests.cases.reporting import ANSWERS, MEMO, TEXT
from workers.engine import Engine
from workflows.effects import EffectResult, EffectState

APPROVE = Decide(gate="review", verdict=Verdict.APPROVE)
REFUSED = EffectResult(state=EffectState.FAILED, detail="not taken as filled in: category")


async def refused_corrected_and_filed(case: Matter) -> None:
    """The authority refuses a field; it is corrected, approved anew behind the case, and filed."""
    case.world.effect_results["statement"] = REFUSED
    await case.does(Answer(answers=ANSWERS), person="tess")
    await case.does(Complete(stage="triage", outcome="restrict"), person="tess")
    await case.in_stage("review")
    await case.does(Memo(gate="review", fields=MEMO), person="lena")
    await case.until(lambda seen: seen.open_round("review") is not None)
    await case.does(APPROVE, person="lena")
    await case.in_stage("filing")
    await case.does(Complete(stage="filing", outcome="file"), person="tess")
    seen = await case.until(
        lambda seen: (it := seen.effect_named("statement")) is not None and it.state == "failed"
    )
    failed = seen.effect_named("statement")
    assert failed is not None
    del case.world.effect_results["statement"]
    await case.does(Answer(answers={"kind": "suicide"}), person="tess")
    await case.does(Receipt(effect=failed.key, resolution=Resolution.RETRY), person="lena")
    seen = await case.until(lambda seen: seen.open_round("review") is not None)
    held = seen.effect_named("statement")
    assert held is not None
    assert held.state == HELD_BACK
    await case.does(APPROVE, person="lena")
    await case.until(
        lambda seen: (it := seen.effect_named("statement")) is not None and it.state == "done"
    )
    await case.does(Close(disposition="restricted", record="facts, rule, decision"), person="ines")
    await case.handle.result()


@pytest.mark.parametrize("cached", [1000, 0])
async def test_a_filed_report_is_in_an_export_that_passes(
    engine: Engine, store: Store, tmp_path: Path, cached: int
) -> None:
    """Drafts, approvals, the refusal and the retry: every act is found, every byte replays."""
    async with office(engine, store, cached=cached) as at_work:
        case = await at_work.open(runbook="restriction", text=TEXT)
        await refused_corrected_and_filed(case)
        export = await at_work.export(case, tmp_path / "export")

    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)

    assert verdict.outcome is Outcome.PASS, "\n".join(verdict.lines())
    orders = [order for order in case.world.performed if order.name == "statement"]
    assert len({order.key for order in orders}) == 1
    reports = [order.report for order in orders if order.report is not None]
    assert [report.fields["category"] for report in reports] == ["scams-and-fraud", "self-harm"]
