"""Runbooks the model has never heard of are drawn and played out of their own text."""

from datetime import date

import pytest

from cases.journal import Kind
from runbooks import load_runbook
from runbooks.template import new_runbook
from tests.workers.simulation.orders import model_with
from tests.workflows.runbooks import FOUR_EYES, SILENT
from workers.engine import Engine
from workers.simulation.simulation import Order, Simulated, simulate

EVENTFUL = {
    "dissent": 0.4,
    "conflict": 0.3,
    "stray": 0.4,
    "held": 0.2,
    "late-evidence": 0.4,
    "delegated": 0.4,
}


async def played(text: bytes, engine: Engine, *, cases: int) -> Simulated:
    """So many eventful cases of that runbook."""
    runbook = load_runbook(text, file="own.yaml")
    order = Order(
        runbooks={runbook.name: runbook},
        cases=cases,
        seed=11,
        days=2,
        faults=frozenset(),
        model=model_with(dynamics=EVENTFUL),
    )
    return await simulate(order, engine=engine)


@pytest.mark.parametrize(
    "text", [new_runbook("own-team", review_by=date(2027, 2, 1)), SILENT], ids=["new", "silent"]
)
async def test_an_unknown_runbook_is_walked_to_its_end(text: bytes, engine: Engine) -> None:
    """Every case closes with a disposition of the runbook's own; none is stuck or cancelled."""
    found = await played(text, engine, cases=4)

    assert found.account.stuck == ()
    assert found.account.closed == 4


async def test_a_gate_with_everything_is_played(engine: Engine) -> None:
    """Memo, blind votes, stand-in and ratification, dissent, conflict and strangers all occur."""
    found = await played(FOUR_EYES, engine, cases=12)
    kinds = {entry.kind for story in found.stories for entry in story.played.placed.entries}

    assert found.account.stuck == ()
    assert found.account.closed == 12 + found.account.reopened
    assert kinds >= {
        Kind.MEMO_WRITTEN,
        Kind.STAND_IN_ALLOWED,
        Kind.RATIFIED,
        Kind.DISSENT_FILED,
        Kind.CONFLICT_DECLARED,
        Kind.ASSIGNED,
        Kind.INFORMATION_GIVEN,
        Kind.ACT_REFUSED,
    }
