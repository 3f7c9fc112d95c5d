"""Who decided in an earlier case, by its own record."""

from temporalio.testing import ActivityEnvironment

from activities.looking_up import LookingUp
from cases.records import Pinned
from tests.gateway.test_threat_to_life import outside_of
from tests.gateway.world import World
from workflows.effects import DecidersOrder


async def looked_up(world: World, number: str, *, case: str = "case/another") -> Pinned:
    """What the store says of that number, asked by another case."""
    order = DecidersOrder(
        case=case, question="original-case", number=number, at=await world.clock.now()
    )
    return await ActivityEnvironment().run(LookingUp(outside_of(world)).look_up_deciders, order)


async def test_whoever_decided_is_named_by_the_cases_own_record(world: World) -> None:
    """Who completed its triage decided; nothing else of the case comes along."""
    number = await world.case()
    await world.to_gate(number)
    row = await world.store.cases.by_number(number)

    found = await looked_up(world, number)

    assert row is not None
    assert found.case == row.id
    assert {each.person: each.did for each in found.people} == {"tessa": "decided"}
    assert found.failed == ""


async def test_why_nobody_is_known_is_said(world: World) -> None:
    """No such case, the case itself, or one in which nobody has decided yet."""
    number = await world.case()
    row = await world.store.cases.by_number(number)
    assert row is not None

    missing = await looked_up(world, "404")
    itself = await looked_up(world, number, case=row.id)
    untouched = await looked_up(world, number)

    assert missing.failed == "no-such-case"
    assert itself.failed == "the-case-itself"
    assert untouched.failed == "nobody-has-decided-there"
