"""Everything outside goes wrong while cases run: nothing is lost, nothing is there twice.

Four cases in `make test`, which is what two cores do in time; two hundred with `-m faults`.
`CHAOS_CASES` and `CHAOS_MINUTE` (seconds that stand for a minute of the table) change both.

Time is compressed: with `-m faults` sixty-fold (a minute of the table is a second, two hours are
two minutes), in `make test` four-hundred-fold. So are the rules by which things are tried again, or
nobody would try anything within such a minute: an attempt has 10 s and the next one begins after
0.3 s, doubling to 2 s (`worker_process.impatient`; in production 1 s, doubling to 2 or 10 minutes);
a lease has 10 s instead of 30; an outbox is looked at every second; a channel that is out is
tried every second instead of every 30. How long a vendor asks to be left alone (`Retry-After`), the
gateway's own back-off and how long a notice is tried at all are those of production. What the
storm shows is therefore that nothing is lost or doubled, not how long anything takes.
"""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from integrations.file_directory import DEMO_FILE
from tests.faults.mailing import Mail, Mailbox
from tests.faults.place import place
from tests.faults.storm import Storm, Trouble
from tests.faults.vendors import Pager, Receiver, Room, Tracker
from tests.faults.weather import Vendor
from workers.engine import Engine

VENDORS: tuple[Callable[[], Vendor], ...] = (
    Tracker,
    Mail,
    Mailbox,
    Room,
    Pager,
    Receiver,
)
"""A further system outside is one more name here."""

TABLE = (
    Trouble("mail", "greylisting", at=0, lasts=120),
    Trouble("mailbox", "duplicates", at=0, lasts=120),
    Trouble("slack", "down", at=0, lasts=45),
    Trouble("pager", "throttled", at=0, lasts=30),
    Trouble("pager", "deaf", at=30, lasts=10),
    Trouble("tracker", "deaf", at=0, lasts=20),
    Trouble("receiver", "throttled", at=5, lasts=20),
    Trouble("tracker", "throttled", at=25, lasts=20),
    Trouble("tracker", "down", at=50, lasts=60),
    Trouble("slack", "deaf", at=50, lasts=15),
    Trouble("mailbox", "down", at=50, lasts=10),
    Trouble("receiver", "down", at=60, lasts=20),
    Trouble("mailbox", "renumbered", at=90, lasts=5),
)
"""In minutes: Slack down for 45, a pager that says 429 to everything, a tracker down for an hour,
mail that greylists throughout, a mailbox in which every mail lies five times and which is restored.
"""


PATIENCE = {
    "FAULT_ATTEMPT": os.environ.get("CHAOS_ATTEMPT", "10"),
    "FAULT_TASK": "10",
    "FAULT_LEASE": "10",
    "FAULT_AT_ONCE": "8",
    "FAULT_POLL": "1",
    "ESCALATE_NOTICES__PAUSE": "1s",
}
"""Few things at once and time for each: a slow machine must not begin all of them again and again
before one has ended, nor look a dozen tables through five times a second. A channel that is out is
tried again as soon as it is after a minute of the table, or nothing would go by it any more.
"""


def people_of(home: Path, vendors: Sequence[Vendor]) -> Path:
    """The demo's people, with who they are at those vendors."""
    text = DEMO_FILE.read_text()
    for vendor in vendors:
        for person, line in vendor.known.items():
            text = text.replace(f"  - id: {person}\n", f"  - id: {person}\n    {line}\n")
    home.mkdir(parents=True, exist_ok=True)
    file = home / "people.yaml"
    file.write_text(text)
    return file


@asynccontextmanager
async def storm(engine: Engine, home: Path, *, minute: float, steps: int) -> AsyncIterator[Storm]:
    """An installation whose world outside is the vendors of this file."""
    async with AsyncExitStack() as stack:
        vendors = [make() for make in VENDORS]
        for vendor in vendors:
            await stack.enter_async_context(vendor.serving())
        people = people_of(home, vendors)
        environ = PATIENCE | {
            name: value for each in vendors for name, value in each.environ.items()
        }
        environ["ESCALATE_DIRECTORY_FILE"] = str(people)
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
        carried = {vendor.name: dict(vendor.carried) for vendor in blown.vendors}

    print(table)  # noqa: T201 - the counts of the acceptance
    record_property("chaos", table.splitlines()[-1])
    assert {name: count for name, count in wrong.items() if count} == {}
    assert len(blown.cases) == many
    assert blown.sent >= 5 * many
    assert all(
        min(count for name, count in each.items() if "again" not in name) > 0
        for each in carried.values()
    ), carried
    assert all(met[line.vendor][line.trouble] for line in TABLE), met
    assert min(blown.killed["worker"], blown.killed["gateway"]) > 0
