"""A case that ended and went on: one chain over both runs, and nothing a door made up."""

from pathlib import Path

import pytest

from audit.verdict import Outcome
from audit.verify import verify
from cases.acts import ChangeSeverity, Complete
from cases.journal import Kind, check_chain
from cases.receipts import Outcome as Answer
from cases.receipts import Reason
from runbooks.plan import Severity
from store import Store
from tests.audit.casework import PINNED, PINNED_LOG, Matter, office
from tests.audit.scenarios import CLOSED, approved_and_closed
from workers.engine import Engine


async def again_and_closed(case: Matter) -> Matter:
    """Reopened, walked once more, closed once more."""
    again = await case.reopen()
    await again.does(Complete(stage="triage", outcome="escalate"), person="tess")
    return await approved_and_closed(again)


@pytest.mark.parametrize("first", ["approved", "walked_by_code", "continued"])
async def test_a_reopened_case_keeps_one_chain_that_verifies_and_replays(
    first: str, engine: Engine, store: Store, tmp_path: Path
) -> None:
    """Export, verification and strict replay go over both runs, obligations included."""
    async with office(engine, store) as at_work:
        case = await CLOSED[first](at_work)
        ended = await store.journal.head(case.handle.id)
        case = await again_and_closed(case)
        export = await at_work.export(case, tmp_path / "export")

    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)
    entries = await store.journal.entries(case.handle.id)

    assert verdict.outcome is Outcome.PASS, "\n".join(verdict.lines())
    assert check_chain(entries) == entries[-1].hash
    reopened = entries[ended.sequence]
    assert (reopened.kind, reopened.previous) == (Kind.CASE_REOPENED, ended.hash)
    owed = [item.body["obligation"] for item in entries if item.kind is Kind.OBLIGATION_RECORDED]
    assert len(owed) == len(set(owed))
    assert {f"{name}-2" for name in owed if not str(name).endswith("-2")} <= set(owed)
    view = await store.views.get(case.handle.id)
    assert view is not None
    assert view.line.status == "closed"


async def test_an_act_of_the_life_that_ended_counts_in_no_other(
    engine: Engine, store: Store
) -> None:
    """What was signed before the reopening is refused, also what nobody had received yet."""
    async with office(engine, store) as at_work:
        case = await CLOSED["no_violation"](at_work)
        worse = ChangeSeverity(severity=Severity.SEV0, reason="it is worse")
        old = await case.envelope(worse, person="ines", signed_at=await case.now())
        again = await case.reopen()
        receipt = await again.deliver(old)
        seen = await again.picture()
        await again.handle.terminate()

    assert (receipt.outcome, receipt.reason) == (Answer.TOO_LATE, Reason.CLOSED)
    assert (seen.status, seen.stage, seen.closing) == ("open", "triage", None)
    assert seen.severity.current is not Severity.SEV0


@pytest.mark.parametrize(
    "forged", ["no_act", "another_ending", "nobody's_role", "unsigned", "an_earlier_severity"]
)
async def test_whoever_starts_a_run_without_an_act_that_holds_changes_nothing(
    forged: str, engine: Engine, store: Store, tmp_path: Path
) -> None:
    """A run begun by Temporal's own client ends at once; one with another state is found out."""
    async with office(engine, store) as at_work:
        case = await CLOSED["no_violation"](at_work)
        before = await store.journal.entries(case.handle.id)
        again = await case.begin_again(forged)
        if forged == "an_earlier_severity":
            await again.does(Complete(stage="triage", outcome="no-violation"), person="tess")
            await again.close("no-violation")
        await again.handle.result()
        after = await store.journal.entries(case.handle.id)
        changed = len(after) > len(before)
        export = await at_work.export(again, tmp_path / "export") if changed else None

    if export is None:
        assert after == before
        return
    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)
    assert verdict.outcome is Outcome.FAIL
    assert "did not begin with the state it had ended with" in "\n".join(verdict.lines())
