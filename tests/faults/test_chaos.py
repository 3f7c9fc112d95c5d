"""Everything outside goes wrong while cases run: nothing is lost, nothing is there twice.

Four cases in `make test`, which is what two cores do in time; two hundred with `-m faults`.
`CHAOS_CASES` and `CHAOS_MINUTE` (seconds that stand for a minute of the table) change both.
"""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.place import place
from tests.faults.storm import Storm, Trouble
from tests.faults.weather import Mail, Receiver, Tracker, Vendor, blowing
from workers.engine import Engine

VENDORS: tuple[Callable[[], Vendor], ...] = (Tracker, Mail, Receiver)
"""A further system outside is one more name here."""

TABLE = (
    Trouble("mail", "greylisting", at=0, lasts=120),
    Trouble("tracker", "deaf", at=0, lasts=20),
    Trouble("receiver", "throttled", at=5, lasts=20),
    Trouble("tracker", "throttled", at=25, lasts=20),
    Trouble("tracker", "down", at=50, lasts=60),
    Trouble("receiver", "down", at=60, lasts=20),
)
"""In minutes: a storm of 429, a tracker down for an hour, mail that greylists throughout."""


@asynccontextmanager
async def storm(engine: Engine, home: Path, *, minute: float, steps: int) -> AsyncIterator[Storm]:
    """An installation whose world outside is the vendors of this file."""
    async with AsyncExitStack() as stack:
        vendors = [make() for make in VENDORS]
        for vendor in vendors:
            await stack.enter_async_context(blowing(vendor))
        environ = {"FAULT_ATTEMPT": "10", "FAULT_TASK": "5"} | {
            name: value for each in vendors for name, value in each.environ.items()
        }
        made = await stack.enter_async_context(place(home, engine=engine, environ=environ))
        yield Storm(
            place=made,
            vendors=vendors,
            table=TABLE,
            minute=minute,
            steps=steps,
        )


@pytest.mark.timeout(1200)
async def test_cases_live_through_a_storm(
    present: Engine, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Every trouble is met, workers and gateways are killed, and every count is 0."""
    many = int(os.environ.get("CHAOS_CASES", "4"))
    await weathered(present, tmp_path, record_property, many=many, minute=0.15, steps=80)


@pytest.mark.faults
@pytest.mark.timeout(6000)
async def test_two_hundred_cases_live_through_a_storm(
    present: Engine, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The same with two hundred cases at once and a longer storm."""
    many = int(os.environ.get("CHAOS_CASES", "200"))
    await weathered(present, tmp_path, record_property, many=many, minute=1, steps=400)


async def weathered(
    engine: Engine,
    home: Path,
    record_property: Callable[[str, object], None],
    *,
    many: int,
    minute: float,
    steps: int,
) -> None:
    """The storm is over; its counts are told and are 0."""
    minute = float(os.environ.get("CHAOS_MINUTE", str(minute)))
    async with storm(engine, home, minute=minute, steps=steps) as blown:
        await blown.blow(many)
        table, wrong = await blown.table_of(), await blown.counted()
        met = {vendor.name: vendor.met for vendor in blown.vendors}

    print(table)  # noqa: T201 - the counts of the acceptance
    record_property("chaos", table.splitlines()[-1])
    assert {name: count for name, count in wrong.items() if count} == {}
    assert len(blown.cases) == many
    assert blown.sent >= 5 * many
    assert all(met[line.vendor][line.trouble] for line in TABLE), met
    assert min(blown.killed["worker"], blown.killed["gateway"]) > 0
