"""The gateway dies at every named point of an act or delivery; nothing is lost or doubled."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from cases.acts import Raise
from cases.envelope import Door
from gateway.acting import Answered, act
from gateway.doors import Doors
from gateway.faults import FaultPoint
from gateway.serve import run_dispatchers
from runbooks.plan import Assurance
from store import Store
from tests.gateway.world import World, make_world

OF_ACTS = (
    FaultPoint.AFTER_SIGN,
    FaultPoint.AFTER_STORE,
    FaultPoint.BEFORE_DELIVER,
    FaultPoint.AFTER_DELIVER,
    FaultPoint.AFTER_RECEIPT,
)
OF_DELIVERIES = (FaultPoint.AFTER_ACCEPT, FaultPoint.BEFORE_START, FaultPoint.AFTER_START)


class KilledError(BaseException):
    """The process is gone: nothing may catch this."""


def dying_at(point: FaultPoint) -> Callable[[FaultPoint], None]:
    """A seam that ends the work at that point."""

    def seam(reached: FaultPoint) -> None:
        if reached is point:
            raise KilledError

    return seam


@pytest.mark.parametrize("point", OF_ACTS)
async def test_an_act_survives_the_gateway(world: World, point: FaultPoint) -> None:
    """Stored: delivered once by whoever lives. Not stored: the same POST again is the first."""
    number = await world.case()
    row = await world.store.cases.by_number(number)
    assert row is not None
    now = await world.clock.now()
    made = await world.store.sessions.create(
        person="tessa", assurance=Assurance.L1, at=now, expires_at=now.replace(year=2099)
    )
    act_id = str(uuid.uuid4())
    dying = replace(world.doors, faults=dying_at(point), id="the one that dies")

    async def post(doors: Doors) -> Answered:
        return await act(
            doors,
            session=made.session,
            case=row,
            body=Raise(to="triage", reason="now"),
            role="triage",
            binding=None,
            door=Door.WEB,
            act_id=act_id,
        )

    with pytest.raises(KilledError):
        await post(dying)
    # The dead gateway's lease runs out; the living one's dispatcher takes over.
    world.clock.ahead = world.doors.settings.lease * 2
    answered = await post(world.doors)

    async def receipt() -> object:
        return await world.store.acts.receipt(act_id)

    found = await world.until(receipt, seconds=20)
    assert found.accepted
    assert answered.act_id == act_id
    assert (await world.kinds(number, "case")).count("people:page:raised") == 1
    assert (await world.kinds(number, "door")).count("door:act:recorded") == 1
    assert (await world.kinds(number, "door")).count("door:act:answered") == 1


@pytest.mark.parametrize("point", OF_DELIVERIES)
async def test_a_delivery_survives_the_gateway(
    world: World, point: FaultPoint, tmp_path: Path
) -> None:
    """Whatever happens after the delivery is stored, one case runs."""
    dying = replace(world.doors, faults=dying_at(point), id="the one that dies")
    world.engine.down = True
    await world.deliver()
    world.engine.down = False

    async def runs() -> object:
        # Whoever died holding the row loses its lease in time.
        world.clock.ahead += world.doors.settings.lease / 4
        return await world.view("1001")

    async with run_dispatchers(dying):
        await world.until(runs, seconds=20)
    world.clock.ahead = timedelta(0)
    again = await world.deliver()

    assert again.json()["case"] == "1001"
    assert len(world.engine.cases) == 1


async def test_an_act_after_the_round_closed_at_the_door_is_too_late(world: World) -> None:
    """Silence has taken effect: nothing is signed, the refusal is on record (I18)."""
    number = await world.case()
    await world.to_gate(number)
    lena = await world.browser("lena")
    confirm = await lena.confirm(f"/cases/{number}", "decide", "approve")
    row = await world.store.cases.by_number(number)
    assert row is not None
    now = await world.clock.now()
    collected = await world.store.acts.collect(
        case=row.id, gate="legal-review", round=1, deadline=now, at=now
    )

    late = await lena.post(confirm.form("decide", step="act"))
    assert collected == []
    assert late.status == 409
    assert "after the round's deadline" in late.text
    assert (await world.kinds(number, "door"))[-1] == "door:act:refused"


async def test_an_act_recorded_in_time_is_collected(world: World) -> None:
    """Posted before the deadline while everything is down: silence finds it (I18)."""
    number = await world.case()
    await world.to_gate(number)
    lena = await world.browser("lena")
    confirm = await lena.confirm(f"/cases/{number}", "decide", "approve")
    world.engine.down = True
    await lena.post(confirm.form("decide", step="act"))
    row = await world.store.cases.by_number(number)
    assert row is not None
    now = await world.clock.now()

    collected = await world.store.acts.collect(
        case=row.id, gate="legal-review", round=1, deadline=now, at=now
    )
    assert len(collected) == 1


async def test_two_gateways_share_the_work(store: Store, tmp_path: Path) -> None:
    """Each row has one lease; one case, whoever dispatches it."""
    async with (
        make_world(store, tmp_path) as one,
        make_world(store, tmp_path) as two,
    ):
        two.engine.cases = one.engine.cases
        for index in range(6):
            sender = one if index % 2 else two
            assert (await sender.deliver(id=f"e-{index}", subject=f"R-{index}")).status_code == 202
        for index in range(6):
            await one.until(partial(one.view, str(1001 + index)), seconds=20)
        started = one.engine.started + two.engine.started
        assert sorted(case.number for case in started) == [str(1001 + i) for i in range(6)]
