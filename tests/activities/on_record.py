"""The picture of a case in which an effect has been ordered, as the workflow would have left it."""

from cases.records import EffectRecord
from cases.state import picture
from runbooks.library import library
from store import Store
from tests.cases.house import House
from tests.store.building import batch, chain
from workflows.effects import EffectOrder

RUNBOOK = "user-safety-escalation"


async def ordered(store: Store, order: EffectOrder, *words: str) -> None:
    """The case has ordered exactly this, by the default pathway, and somebody ended triage.

    It has an entry a word, one where none is said.
    """
    house = House.of(RUNBOOK)
    state = house.state
    state.case = order.case
    state.visits[0].by = "tess"
    state.visits[0].stage = order.stage
    state.effects = [
        EffectRecord(
            key=order.key,
            name=order.name,
            title=order.title,
            by=order.by,
            owner="incident-manager",
            stage=order.stage,
            state="intended",
            at=order.at,
        )
    ]
    await store.objects.put(kind="runbook", data=library()[RUNBOOK], at=order.at)
    changes = picture(state)
    await store.append_case(
        batch(order.case, chain(order.case, *(words or ("triage",))), changes=changes)
    )
