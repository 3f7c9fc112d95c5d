"""Kill -9 of worker, gateway, recorder, witness and Temporal at the boundaries of activities.

Many short cases at once go through a house of five processes, and now one, now another of these is
killed before an activity's call, after it, or after its completion; a run is one kill, with the
case that it hit. One of each kind in `make test`; `KILL_MATRIX=500` is the acceptance's number.
"""

import asyncio
import base64
import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.export import Seal, export_case
from audit.verdict import Verdict
from audit.verify import verify
from audit.vouchers import Vouchers
from cases.journal import Kind as Said
from cases.journal import check_chain
from gateway.signer import load_or_create_keys
from store import ActState
from store.tables import cases as known
from tests.faults.house_of_five import Five, as_impatient, house_of_five
from tests.faults.killing import Kind
from tests.faults.short_case import DECISIONS, lived
from tests.faults.weather import Lived

SAMPLE = len(Kind)
KILLS = int(os.environ.get("KILL_MATRIX", str(SAMPLE)))
A_CASE = 4
AT_ONCE = 8
LOG_PATIENCE = timedelta(seconds=60)


@pytest.mark.timeout(7200)
async def test_whoever_is_killed_no_decision_is_lost_or_doubled_and_every_case_closes(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """At every boundary; the effect outside happens once, bundles verify, no tree was forked."""
    each = -(-KILLS // len(Kind))
    async with house_of_five(tmp_path, each=each, a_case=A_CASE) as five:
        cases = await through(five)
        await settled(five, cases)
        verdicts = await verified(five, cases, tmp_path / "exports")
        counted = await wrong(five, cases)
        trees, counted["trees cosigned beside the log"] = await five.inconsistent()
        killing = five.killing

    counted["bundles not verified"] = sum(bool(verdict.exit_code) for verdict in verdicts)
    told = [line for verdict in verdicts if verdict.exit_code for line in verdict.lines()]
    cells = killing.cells
    record_property("kills", len(killing.killed))
    record_property("kills of each", json.dumps({k.value: n for k, n in killing.kills.items()}))
    record_property("cells", f"{sum(map(bool, cells.values()))} of {len(cells)}")
    record_property("cases", len(cases))
    record_property("cases hit", len({run.case for run in killing.killed}))
    record_property("decisions", len(cases) * len(DECISIONS))
    record_property("bundles", len(verdicts))
    record_property("trees cosigned", trees)
    for claim, count in counted.items():
        record_property(claim, count)
    assert {claim: count for claim, count in counted.items() if count} == {}, told[:60]
    assert min(killing.kills.values()) == each
    assert len(verdicts) == len(cases)
    assert trees
    if each > len(cells) // len(Kind):
        assert min(cells.values()) > 0, [cell for cell, count in cells.items() if not count]


async def through(five: Five) -> list[Lived]:
    """One case that is left alone, and as many as it takes until every kill has happened."""
    cases = [await opened(five)]
    await lived(five.people, cases[0])
    five.killing.armed = True

    async def desk() -> None:
        while not five.killing.over and len(cases) <= KILLS:
            case = await opened(five)
            cases.append(case)
            await lived(five.people, case)

    async with asyncio.TaskGroup() as desks:
        desks.create_task(five.killing.until_over())
        for _ in range(min(AT_ONCE, -(-KILLS // A_CASE))):
            desks.create_task(desk())
    await five.killing.all_up()
    return cases


async def opened(five: Five) -> Lived:
    """A case that was reported."""
    number = await five.people.delivered(*five.place.report())
    return Lived(number, await five.place.case_of(number))


async def settled(five: Five, cases: list[Lived]) -> None:
    """Every run has ended, and every act has its answer; what is read of the cases is read now."""
    store = five.people.store
    for case in cases:
        await five.place.client.get_workflow_handle(case.id).result()

    async def answered() -> bool:
        return not await store.acts.list(state=ActState.PENDING)

    await five.people.until(answered, what="every act to be answered", seconds=120)
    for case in cases:
        view = await five.place.view(case.number)
        case.status = view.line.status if view is not None else ""
        case.entries = await five.place.entries(case.number)


async def wrong(five: Five, cases: list[Lived]) -> dict[str, int]:
    """What must be 0, counted."""
    times = [
        Counter(str(entry.body["act"]) for entry in case.entries if "act" in entry.body)
        for case in cases
    ]
    acts = [(of_case, act) for of_case, case in zip(times, cases, strict=True) for act in case.acts]
    effects = [five.authority.of_case(case.number) for case in cases]
    for case in cases:
        check_chain(case.entries)
    return {
        "decisions lost": sum(of_case[act] == 0 for of_case, act in acts),
        "decisions doubled": sum(of_case[act] > 1 for of_case, act in acts),
        "acts refused": sum(
            entry.kind in (Said.ACT_REFUSED, Said.ACTS_REFUSED)
            for case in cases
            for entry in case.entries
        ),
        "effects lost": effects.count(0),
        "effects doubled": sum(max(count - 1, 0) for count in effects),
        "cases not closed": sum(case.status != "closed" for case in cases),
        "cases doubled": await _known(five) - len(cases),
    }


async def _known(five: Five) -> int:
    async with five.people.store.database.read() as connection:
        query = sa.select(sa.func.count()).select_from(known)
        return int((await connection.execute(query)).scalar_one())


async def verified(five: Five, cases: list[Lived], folder: Path) -> list[Verdict]:
    """Every case is exported as anybody would, and replayed strictly from its export alone."""
    house = five.place.house
    at = await house.clock.now()
    signer = load_or_create_keys(house.settings.keys)
    seal = Seal(
        key=signer.door,
        certificate=signer.certificate_at(at),
        root=signer.root_key,
        log=str(five.log),
    )
    verdicts = []
    for case in cases:
        out = await export_case(
            case.id,
            store=house.store,
            client=five.place.client,
            seal=seal,
            out=folder / case.number,
            at=at,
            version="test",
            patience=LOG_PATIENCE,
        )
        with as_impatient():
            verdicts.append(
                await verify(
                    out,
                    pinned=frozenset({base64.b64decode(signer.root_key)}),
                    logs=frozenset({five.log}),
                    vouchers=Vouchers(at=await house.clock.now(), policy=five.policy),
                )
            )
    return verdicts
