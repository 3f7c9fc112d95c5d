"""Handover notes and updates are written by those who owe them, and now and then forgotten."""

from collections import Counter

from cases.journal import Kind
from runbooks import load_runbook
from tests.workers.simulation.orders import model_with
from tests.workflows.runbooks import FOUR_EYES
from workers.engine import Engine
from workers.simulation.model import Model
from workers.simulation.simulation import Order, Simulated, simulate

HOURLY = (
    b"\nupdates:\n  executives: {to: executive, by: communications, every: 1h}\n"
    b"handover: {every: 2h, by: incident-manager}\n"
)
NEVER_FORGOTTEN = {"day": 0.0, "night": 0.0}
FORGOTTEN = {"day": 1.0, "night": 1.0}


async def written(engine: Engine, model: Model) -> Counter[str]:
    """How many notes, updates, and audiences without one, four cases came to."""
    runbook = load_runbook(FOUR_EYES + HOURLY, file="own.yaml")
    books = {runbook.name: runbook}
    order = Order(runbooks=books, cases=4, seed=11, days=2, faults=frozenset(), model=model)
    return counted(await simulate(order, engine=engine))


def counted(found: Simulated) -> Counter[str]:
    """By what it is."""
    assert found.account.stuck == ()
    count: Counter[str] = Counter()
    for story in found.stories:
        for entry in story.played.placed.entries:
            if entry.kind is Kind.INFORMATION_GIVEN:
                count[str(entry.body["request"]).partition("-")[0]] += 1
            count["missed"] += entry.kind is Kind.UPDATE_MISSED
    return count


async def test_who_owes_them_writes_them(engine: Engine) -> None:
    """By those whose duty it is, whatever else the runbook asks for; hardly one comes too late."""
    count = await written(engine, model_with(no_response=NEVER_FORGOTTEN))

    assert count["handover"] > 0
    assert count["update"] > 5 * count["missed"]


async def test_an_update_that_is_forgotten_is_missed(engine: Engine) -> None:
    """Somebody who waits for it asks in the end."""
    count = await written(engine, model_with(no_response=FORGOTTEN))

    assert count["missed"] > count["update"] > 0
