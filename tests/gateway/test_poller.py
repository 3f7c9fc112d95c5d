"""Tickets of a tracker that pushes nothing become deliveries."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from cases.report import Source, TicketRef
from gateway.doors import Tracker
from gateway.ticket_poller import TicketPoller
from integrations.errors import UnavailableError
from integrations.ports.ticketing import NewTicket, TicketChange
from store import Store
from tests.fakes.ports import FakeTicketing
from tests.gateway.world import World, make_world
from workflows.messages import TICKET_SIGNAL


def ticket(id: str) -> TicketRef:  # noqa: A002
    """A ticket of the tracker."""
    return TicketRef(system="request-tracker", instance="rt", id=id)


def tracker(tickets: FakeTicketing, **fields: Any) -> Tracker:
    """A tracker that is polled."""
    source = Source.REQUEST_TRACKER
    return Tracker(source=source, tickets=tickets, instance="rt", polls=True, **fields)


async def test_a_new_ticket_becomes_a_case_once(store: Store, tmp_path: Path) -> None:
    """New in our queue → one case; another queue's → none; asked again → the same."""
    tickets = FakeTicketing()
    async with make_world(store, tmp_path) as world:
        poller = TicketPoller(world.doors, tracker(tickets, queue="Safety"))
        assert await poller.once() == 0
        at = await world.clock.now() + timedelta(seconds=1)
        for queue, name in (("Safety", "7"), ("General", "8")):
            tickets.news.append(
                NewTicket(
                    ticket=ticket(name), at=at, delivery=f"new-{name}", queue=queue, status="new"
                )
            )
        assert await poller.once() == 1
        assert await poller.once() == 1
        view = await world.until(lambda: world.view("1001"))
        assert view.state["report"]["ticket"]["id"] == "7"
        assert len(world.engine.cases) == 1
        await changed(world, tickets, poller)


async def changed(world: World, tickets: FakeTicketing, poller: TicketPoller) -> None:
    """A change of the ticket is news for its case."""
    tickets.news.append(
        TicketChange(
            ticket=ticket("7"),
            at=await world.clock.now() + timedelta(seconds=2),
            delivery="change-1",
            kind="status",
            actor="14",
            status="open",
        )
    )
    await poller.once()

    async def told() -> bool:
        return bool(world.engine.signals)

    await world.until(told)
    assert [name for _, name, _ in world.engine.signals] == [TICKET_SIGNAL]


async def test_a_silent_tracker_is_an_alarm_and_nothing_is_skipped(
    store: Store, tmp_path: Path
) -> None:
    """The cursor stands still until the tracker has answered."""
    tickets = FakeTicketing()
    async with make_world(
        store, tmp_path, trackers=[tracker(tickets, every=timedelta(milliseconds=100))]
    ) as world:
        tickets.fail_next(
            UnavailableError("down", vendor="rt", operation="search", mend="look"), times=3
        )

        async def alarmed() -> bool:
            return any(alarm.kind == "tracker" for alarm in await store.health.open_alarms())

        await world.until(alarmed)
        at = await world.clock.now() + timedelta(seconds=1)
        tickets.news.append(
            NewTicket(ticket=ticket("9"), at=at, delivery="new-9", queue="q", status="new")
        )
        await world.until(lambda: world.view("1001"))
