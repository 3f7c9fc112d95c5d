"""Drift on a real Request Tracker 5: mended there, or told."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cases.journal import Kind
from gateway.reconciling.drift import DriftKind
from integrations._http import new_client
from integrations.ports.ticketing import TicketStatus
from integrations.request_tracker import RequestTracker as Adapter
from store import DEMO_KEK, Store
from tests.fakes.clock import FixedClock
from tests.integrations.drifting.bench import Bench
from tests.servers.request_tracker import RequestTracker
from tests.stores import empty_store

pytestmark = pytest.mark.rt


@pytest.fixture
async def bench(request_tracker: RequestTracker, tmp_path: Path) -> AsyncIterator[Bench]:
    """A case whose ticket is in the session's Request Tracker, as it should be."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await empty_store(url)
    clock = FixedClock()
    async with await Store.open(url, kek=DEMO_KEK) as store, new_client() as http:
        adapter = Adapter(
            http,
            url=request_tracker.url,
            user=request_tracker.user,
            password=request_tracker.password,
            queues=[request_tracker.queue],
            clock=clock,
        )
        made = Bench(
            store=store,
            clock=clock,
            folder=tmp_path,
            tickets=adapter,
            system="request-tracker",
            instance=adapter.instance,
            queue=request_tracker.queue,
        )
        await made.open()
        await made.says("Case opened.")
        await made.look()
        assert await made.standing() == []
        yield made
    shutil.rmtree(tmp_path, ignore_errors=True)


async def test_a_real_ticket_is_mended_told_and_followed(
    bench: Bench, request_tracker: RequestTracker
) -> None:
    """Mark, link, priority come back; solved there is told; a merge is followed."""
    rest = request_tracker.rest
    login = (request_tracker.user, request_tracker.password)
    async with httpx.AsyncClient(auth=login, timeout=60) as person:

        async def put(**change: Any) -> None:
            answer = await person.put(f"{rest}/ticket/{bench.ticket.id}", json=change)
            answer.raise_for_status()

        page = f"{bench.public_url}/cases/{bench.number}"
        await put(DeleteRefersTo=[f"urn:escalate:{bench.mark}", page], Priority=0)
        await bench.look()
        seen = await bench.tickets.look(bench.ticket)
        assert seen is not None
        assert (seen.marks, seen.links) == ((bench.mark,), (page,))
        mended = {each["what"] for each in await bench.journal(Kind.DOOR_TICKET_MENDED)}
        assert mended == {
            DriftKind.MARK_LOST,
            DriftKind.LINK_MISSING,
            DriftKind.PRIORITY_CHANGED,
        }
        assert await bench.standing() == []

        await put(Status="resolved")
        await bench.look()
        assert [row.kind for row in await bench.standing()] == [DriftKind.CLOSED_OUTSIDE]
        assert [key for key in await bench.news() if "/status/" in key]

        text = {"Content": "synthetic", "ContentType": "text/plain"}
        other = await person.post(
            f"{rest}/ticket", json={"Queue": request_tracker.queue, "Subject": "s", **text}
        )
        into = str(other.json()["id"])
        await put(MergeInto=into)
        await bench.look()
        assert bench.ticket.id == into

        await bench.says("Case closed.", status="solved")
        merged = await bench.tickets.look(bench.ticket)
        assert merged is not None
        assert merged.status is TicketStatus.SOLVED
