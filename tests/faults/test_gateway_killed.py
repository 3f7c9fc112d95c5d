"""A gateway killed between any two of its durable steps neither loses nor doubles anything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from cases.journal import Kind
from gateway.faults import FaultPoint
from store import ActState, UnknownRow
from tests.faults.place import Place, place
from workers.engine import Engine
from workers.processes import running_worker

OF_AN_ACT = (
    FaultPoint.AFTER_SIGN,
    FaultPoint.AFTER_STORE,
    FaultPoint.BEFORE_DELIVER,
    FaultPoint.AFTER_DELIVER,
    FaultPoint.AFTER_RECEIPT,
)
OF_A_DELIVERY = (FaultPoint.AFTER_ACCEPT, FaultPoint.BEFORE_START, FaultPoint.AFTER_START)
DROPPED = (httpx.RemoteProtocolError, httpx.ReadError, httpx.ConnectError)


@asynccontextmanager
async def worked(present: Engine, home: Path) -> AsyncIterator[Place]:
    """An installation with a worker; gateways come and go."""
    async with (
        place(home, engine=present) as made,
        running_worker(made.house, present.address, client=made.client),
    ):
        yield made


def test_every_fault_point_is_tried() -> None:
    """A point that is added later must be added here as well."""
    assert {*OF_AN_ACT, *OF_A_DELIVERY} == set(FaultPoint)


@pytest.mark.parametrize("point", OF_AN_ACT)
@pytest.mark.parametrize("again", [True, False], ids=["sent again", "sent once"])
async def test_an_act_survives_the_gateway(
    present: Engine, tmp_path: Path, point: FaultPoint, *, again: bool
) -> None:
    """Stored means applied, exactly once; not stored means that nothing happened at all."""
    async with worked(present, tmp_path) as made:
        gateway = await made.gateway()
        number = await made.opened_case(tags=["fraud"])
        await made.at(number, stage="triage")
        await made.token("tessa")
        content = await made.content(
            "tessa", number, verb="complete", stage="triage", outcome="no-violation"
        )
        await gateway.kill()
        dying = await made.gateway(FAULT_POINT=point.value)

        with pytest.raises(DROPPED):
            await made.post("tessa", number, content)
        code = await dying.died()
        restarted = await made.gateway()
        if again:
            await made.post("tessa", number, content)

        stored = point is not FaultPoint.AFTER_SIGN or again
        if stored:
            await made.at(number, stage="closure")
            await answered(made, str(content["act_id"]))
        else:
            with pytest.raises(UnknownRow):
                await made.house.store.acts.show(str(content["act_id"]))
        applied = [
            entry
            for entry in await made.entries(number)
            if entry.body.get("act") == content["act_id"]
        ]
        await restarted.kill()
    assert code == -9
    assert [entry.kind for entry in applied] == [Kind.STAGE_COMPLETED] * stored


@pytest.mark.parametrize("point", OF_A_DELIVERY)
@pytest.mark.parametrize("again", [True, False], ids=["sent again", "sent once"])
async def test_a_delivery_survives_the_gateway(
    present: Engine, tmp_path: Path, point: FaultPoint, *, again: bool
) -> None:
    """An accepted report becomes one case with one ticket, whenever the gateway died."""
    async with worked(present, tmp_path) as made:
        dying = await made.gateway(FAULT_POINT=point.value)
        body, headers = made.report(tags=["fraud"])

        # Where the start comes after the answer, the sender hears "accepted" before the end.
        heard = await asyncio.gather(made.deliver(body, headers), return_exceptions=True)
        code = await dying.died()
        restarted = await made.gateway()
        if again:
            repeated = await made.deliver(body, headers)
            assert repeated.status_code == 200

        lines = await made.until(made.house.store.views.list)
        (line,) = lines
        await made.at(line.number, stage="triage")
        await made.quiet(line.number)
        kinds = [entry.kind for entry in await made.entries(line.number)]
        notes = await made.house.store.messages.list()
        await restarted.kill()
    assert code == -9
    assert isinstance(heard[0], (httpx.Response, *DROPPED))
    assert kinds.count(Kind.CASE_OPENED) == 1
    assert Kind.REPORT_RECEIVED not in kinds
    assert sum(m.message_id.startswith("note/open/") for m in notes) == 1


async def answered(made: Place, act: str) -> None:
    """The act has its receipt."""

    async def settled() -> bool:
        return (await made.house.store.acts.show(act)).state is ActState.ANSWERED

    await made.until(settled, what="the receipt")
