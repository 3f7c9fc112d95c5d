"""The export of a shadow case: whole, verified, replayed, and it says what it is of."""

from datetime import timedelta
from pathlib import Path

import pytest

from audit.explain import explain_state, lines
from audit.shadow import is_shadow, left_the_house
from audit.strict_replay import strict_replay
from audit.verdict import Outcome
from audit.verify import read_export, verify
from cases.acts import Complete
from cases.report import TicketRef
from store import Store
from tests.audit.casework import PINNED, PINNED_LOG, Matter, Office, office
from tests.audit.scenarios import FRAUD, approved, approved_and_closed
from workers.backtest.errors import CasesUnreadableError
from workers.backtest.recorded import read_recorded
from workers.engine import Engine
from workflows.messages import TICKET_SIGNAL, TicketUpdated


async def ended_outside(at_work: Office) -> Matter:
    """Half walked in practice; then its ticket is solved."""
    case = await at_work.open(answers=FRAUD, shadow=True)
    await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
    await case.forward(timedelta(hours=5))
    news = TicketUpdated(
        delivery="news",
        at=await case.now(),
        ticket=TicketRef(system="standard", instance="test", id=case.request.report.external_id),
        status="solved",
        tags=("suspended",),
    )
    await case.handle.signal(TICKET_SIGNAL, news)
    await case.handle.result()
    return case


async def practised(at_work: Office) -> Matter:
    """The canonical case, walked in practice to its end."""
    case = await at_work.open(answers=FRAUD, shadow=True)
    await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
    return await approved_and_closed(case)


@pytest.mark.parametrize("story", [ended_outside, practised], ids=lambda story: story.__name__)
@pytest.mark.parametrize("cached", [1000, 0])
async def test_the_export_of_a_shadow_passes_and_says_that_it_is_one(
    engine: Engine, store: Store, tmp_path: Path, *, story: object, cached: int
) -> None:
    """Verified with its strict replay; verdict, report and replay have it in their heading."""
    async with office(engine, store, cached=cached) as at_work:
        case = await (ended_outside if story is ended_outside else practised)(at_work)
        export = await at_work.export(case, tmp_path / "export")

    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)
    read = read_export(export)
    replayed = await strict_replay(read.history, read.entries)

    assert verdict.outcome is Outcome.PASS, "\n".join(verdict.lines())
    assert verdict.lines()[0].endswith(", shadow): PASS")
    assert "nothing left" in {check.name for check in verdict.checks}
    assert (replayed.ok, replayed.shadow) == (True, True)
    assert "(shadow: nothing was sent)</h1>" in (export / "report.html").read_text()
    with pytest.raises(CasesUnreadableError, match="ran in the shadow"):
        read_recorded(export)


async def test_a_live_case_is_not_taken_for_a_shadow(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """It ordered mail, a note and an action, each of which a shadow's history must not have."""
    async with office(engine, store) as at_work:
        case = await approved(at_work)
        export = await at_work.export(case, tmp_path / "export")

    history = read_export(export).history
    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG, replay=False)

    assert not is_shadow(history)
    assert not verdict.shadow
    named = {said.rpartition(": ")[2] for said in left_the_house(history)}
    assert named == {"notify", "perform_effect", "sync_ticket"}


async def test_an_explanation_begins_with_it(engine: Engine, store: Store) -> None:
    """Whoever reads why a case is where it is reads first that nobody heard of it."""
    async with office(engine, store) as at_work:
        case = await at_work.open(answers=FRAUD, shadow=True)
        seen = await case.in_stage("triage")
        explained = explain_state(seen, case.request.pathway, at=await case.now())

    assert lines(explained)[0].startswith("Case 1001 (shadow: nothing is sent): ")
