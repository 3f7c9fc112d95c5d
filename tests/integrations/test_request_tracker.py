"""The Request Tracker adapter against a real Request Tracker 5."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from integrations._http import new_client
from integrations.errors import MisansweredError, OutcomeUnknownError, RefusedError
from integrations.markers import fingerprint
from integrations.ports.ticketing import (
    NewTicket,
    TicketChange,
    TicketDraft,
    TicketLink,
    TicketPriority,
    TicketRef,
    TicketStatus,
)
from integrations.request_tracker import STOCK_STATUSES
from integrations.request_tracker import RequestTracker as Adapter
from tests.fakes.clock import FixedClock
from tests.fakes.transport import LossyTransport
from tests.servers.request_tracker import RequestTracker

pytestmark = pytest.mark.rt


class Desk:
    """The adapter, the network it uses, and a person at the tracker itself."""

    def __init__(self, server: RequestTracker) -> None:
        self.server = server
        self.network = LossyTransport(httpx.AsyncHTTPTransport())
        self.client = new_client(transport=self.network)
        self.person = httpx.AsyncClient(auth=(server.user, server.password), timeout=20)
        self.tracker = self.adapter()

    def adapter(self, **changed: Any) -> Adapter:
        """An adapter of other settings."""
        settings: dict[str, Any] = {
            "url": self.server.url,
            "user": self.server.user,
            "password": self.server.password,
            "queues": [self.server.queue],
            "clock": FixedClock(),
        }
        return Adapter(self.client, **{**settings, **changed})

    async def ask(self, path: str, **parameters: str) -> Any:
        """What the tracker itself says."""
        answer = await self.person.get(f"{self.server.rest}/{path}", params=parameters)
        return answer.raise_for_status().json()

    async def post(self, path: str, body: dict[str, str]) -> Any:
        """A person does something at the tracker."""
        answer = await self.person.post(f"{self.server.rest}/{path}", json=body)
        return answer.raise_for_status().json()


@pytest.fixture
async def desk(request_tracker: RequestTracker) -> AsyncIterator[Desk]:
    """A desk at the session's Request Tracker."""
    desk = Desk(request_tracker)
    yield desk
    await desk.client.aclose()
    await desk.person.aclose()


def draft(**changed: Any) -> TicketDraft:
    """A draft with a key of its own."""
    fields: dict[str, Any] = {
        "case_number": "1042",
        "subject": "Case 1042",
        "body": "A case was opened.\nSee the case page.",
        "queue": "General",
        "priority": TicketPriority.HIGH,
        "key": f"{uuid4()}/open-ticket",
    }
    return TicketDraft(**{**fields, **changed})


async def test_ticket_is_opened_as_drafted(desk: Desk) -> None:
    """A draft becomes a ticket whose subject shows nothing of our keys."""
    ticket = await desk.tracker.open_ticket(draft())

    found = await desk.ask(f"ticket/{ticket.id}")
    assert (found["Subject"], found["Status"], int(found["Priority"])) == ("Case 1042", "new", 75)
    assert ticket.url == f"{desk.server.url}/Ticket/Display.html?id={ticket.id}"


async def test_lost_answer_opens_no_second_ticket(desk: Desk) -> None:
    """When the answer to the opening is lost, the next try finds the ticket, even if renamed."""
    wanted = draft()
    desk.network.lose_answer("POST")

    with pytest.raises(OutcomeUnknownError):
        await desk.tracker.open_ticket(wanted)
    first = await desk.tracker.open_ticket(wanted)
    await desk.person.put(f"{desk.server.rest}/ticket/{first.id}", json={"Subject": "renamed"})
    second = await desk.tracker.open_ticket(wanted)

    assert first == second
    assert desk.network.count("POST") == 1


async def test_two_keys_are_two_tickets(desk: Desk) -> None:
    """Equal drafts under different keys are different tickets."""
    assert await desk.tracker.open_ticket(draft()) != await desk.tracker.open_ticket(draft())


async def test_unknown_queue_is_refused(desk: Desk) -> None:
    """Request Tracker answers 403 for a queue it does not show us; trying again cannot help."""
    with pytest.raises(RefusedError) as caught:
        await desk.tracker.open_ticket(draft(queue="Nowhere"))

    assert caught.value.status == 403


@pytest.mark.parametrize("credentials", [{"password": "wrong"}, {"token": "wrong"}])
async def test_wrong_credentials_are_refused(desk: Desk, credentials: dict[str, str]) -> None:
    """Bad credentials are 401, and no reason to try again."""
    with pytest.raises(RefusedError) as caught:
        await desk.adapter(**credentials).open_ticket(draft())

    assert caught.value.status == 401


async def test_note_stands_once(desk: Desk) -> None:
    """A note whose answer was lost is found by its mark in the history."""
    ticket = await desk.tracker.open_ticket(draft())
    desk.network.lose_answer("POST")

    with pytest.raises(OutcomeUnknownError):
        await desk.tracker.comment(ticket, "Legal said yes.", key="note-1")
    again = await desk.tracker.comment(ticket, "Legal said yes.", key="note-1")
    other = await desk.tracker.comment(ticket, "Policy said yes.", key="note-2")

    history = await desk.ask(f"ticket/{ticket.id}/history", fields="Type", per_page="100")
    kinds = [entry["Type"] for entry in history["items"]]
    assert (again.already, other.already) == (True, False)
    assert kinds.count("Comment") == 2
    assert "Correspond" not in kinds


async def test_ticket_is_resolved_and_resolving_again_is_success(desk: Desk) -> None:
    """The status is what a second look shows; having it already is success."""
    ticket = await desk.tracker.open_ticket(draft())

    first = await desk.tracker.set_status(ticket, TicketStatus.SOLVED, key="close")
    second = await desk.tracker.set_status(ticket, TicketStatus.SOLVED, key="close")

    assert (first.already, second.already) == (False, True)
    assert (await desk.ask(f"ticket/{ticket.id}"))["Status"] == "resolved"


@pytest.mark.parametrize("status", list(TicketStatus))
async def test_stock_lifecycle_knows_all_our_statuses(desk: Desk, status: TicketStatus) -> None:
    """Each of our statuses is one of the stock lifecycle's."""
    ticket = await desk.tracker.open_ticket(draft())

    await desk.tracker.set_status(ticket, status, key="set")

    assert (await desk.ask(f"ticket/{ticket.id}"))["Status"] == STOCK_STATUSES[status]


async def test_lost_answer_to_a_status_is_settled_by_the_next_try(desk: Desk) -> None:
    """A status that was set without an answer is found set."""
    ticket = await desk.tracker.open_ticket(draft())
    desk.network.lose_answer("PUT")

    with pytest.raises(OutcomeUnknownError):
        await desk.tracker.set_status(ticket, TicketStatus.PENDING, key="wait")

    assert (await desk.tracker.set_status(ticket, TicketStatus.PENDING, key="wait")).already


async def test_bogus_status_is_an_error(desk: Desk) -> None:
    """Request Tracker answers 200 to a status it does not know; a second look finds it out."""
    tracker = desk.adapter(statuses={**STOCK_STATUSES, TicketStatus.SOLVED: "bogus"})
    ticket = await tracker.open_ticket(draft())

    with pytest.raises(MisansweredError) as caught:
        await tracker.set_status(ticket, TicketStatus.SOLVED, key="close")

    assert not caught.value.retryable


async def test_missing_ticket_is_refused(desk: Desk) -> None:
    """A ticket that does not exist cannot be changed."""
    ghost = TicketRef(system="request-tracker", instance="x", id="999999")

    with pytest.raises(RefusedError) as caught:
        await desk.tracker.set_status(ghost, TicketStatus.OPEN, key="k")

    assert caught.value.status == 404


async def test_poller_sees_what_others_did_and_not_our_echo(desk: Desk) -> None:
    """New tickets and others' notes come; what we opened, noted and set does not."""
    start = datetime.now(tz=UTC)
    ours = await desk.tracker.open_ticket(draft())
    await desk.tracker.comment(ours, "note", key="n")
    await desk.tracker.set_status(ours, TicketStatus.PENDING, key="s")
    text = {"Content": "synthetic", "ContentType": "text/plain"}
    made = await desk.post("ticket", {"Queue": "General", "Subject": "from a person", **text})
    await desk.post(f"ticket/{ours.id}/correspond", text)

    news = await desk.tracker.changed_since(start)

    opened = [n for n in news if isinstance(n, NewTicket)]
    about_ours = [n for n in news if isinstance(n, TicketChange) and n.ticket == ours]
    assert made["id"] in [n.ticket.id for n in opened]
    assert ours not in [n.ticket for n in opened]
    assert [n.kind for n in about_ours] == ["reply"]
    assert {n.queue for n in opened} == {"General"}
    assert news == sorted(news, key=lambda n: n.at)
    assert all(n.at >= start.replace(microsecond=0) for n in news)


async def test_poller_is_told_nothing_of_the_past_or_of_other_queues(desk: Desk) -> None:
    """Time zones of the tracker do not matter: the instants of its answers decide."""
    await desk.tracker.open_ticket(draft())

    assert await desk.tracker.changed_since(datetime.now(tz=UTC) + timedelta(seconds=2)) == []
    assert (
        await desk.adapter(queues=["Nowhere"]).changed_since(datetime(2020, 1, 1, tzinfo=UTC)) == []
    )


async def test_poller_repeats_itself_under_the_same_delivery(desk: Desk) -> None:
    """What is told twice at a boundary has one dedup key."""
    start = datetime.now(tz=UTC)
    text = {"Content": "synthetic", "ContentType": "text/plain"}
    await desk.post("ticket", {"Queue": "General", "Subject": "again", **text})

    once = {n.delivery for n in await desk.tracker.changed_since(start)}
    twice = {n.delivery for n in await desk.tracker.changed_since(start)}

    assert once == twice != set()


async def test_queue_with_a_quote_is_never_searched_for(desk: Desk) -> None:
    """A queue's name cannot smuggle a query in."""
    with pytest.raises(RefusedError):
        await desk.adapter(queues=["x' OR id > 0 OR Queue = 'x"]).changed_since(
            datetime(2020, 1, 1, tzinfo=UTC)
        )


async def test_a_look_shows_all_of_it(desk: Desk) -> None:
    """Status, priority, mark, notes and links stand as we wrote them, links beside the mark."""
    wanted = draft()
    ticket = await desk.tracker.open_ticket(wanted)
    page = TicketLink(url="https://escalate.example/cases/1042", title="Case 1042")

    first = await desk.tracker.link(ticket, page)
    second = await desk.tracker.link(ticket, page)
    await desk.tracker.set_priority(ticket, TicketPriority.URGENT, key="p")
    await desk.tracker.comment(ticket, "One.\nTwo.", key="n1", also=["n2"])
    seen = await desk.tracker.look(ticket)

    assert seen is not None
    assert (first.already, second.already) == (False, True)
    assert (seen.status, seen.priority) == (TicketStatus.OPEN, TicketPriority.URGENT)
    assert (seen.queue, seen.merged, seen.deleted) == ("General", False, False)
    assert seen.marks == (fingerprint(wanted.key),)
    assert seen.links == (page.url,)
    assert set(seen.notes) == {fingerprint("n1"), fingerprint("n2")}
    assert await desk.tracker.look(ticket.model_copy(update={"id": "999999"})) is None


async def test_a_merged_and_a_deleted_ticket_are_seen_as_such(desk: Desk) -> None:
    """The old number answers as the new one; a deleted ticket is still shown by its number."""
    one = await desk.tracker.open_ticket(draft())
    other = await desk.tracker.open_ticket(draft())
    gone = await desk.tracker.open_ticket(draft())
    rest = desk.server.rest
    merged = await desk.person.put(f"{rest}/ticket/{one.id}", json={"MergeInto": other.id})
    merged.raise_for_status()
    (await desk.person.delete(f"{rest}/ticket/{gone.id}")).raise_for_status()

    seen = await desk.tracker.look(one)
    deleted = await desk.tracker.look(gone)

    assert seen is not None
    assert (seen.merged, seen.ticket.id) == (True, other.id)
    assert deleted is not None
    assert deleted.deleted


async def test_a_lost_mark_is_put_back(desk: Desk) -> None:
    """A link anybody may delete is there again, and the ticket is found by it."""
    wanted = draft()
    start = datetime.now(tz=UTC)
    ticket = await desk.tracker.open_ticket(wanted)
    link = f"urn:escalate:{fingerprint(wanted.key)}"
    answer = await desk.person.put(
        f"{desk.server.rest}/ticket/{ticket.id}", json={"DeleteRefersTo": [link]}
    )
    answer.raise_for_status()
    assert await desk.tracker.find(wanted.key) == []

    await desk.tracker.remark(ticket, key=wanted.key)

    assert [each.id for each in await desk.tracker.find(wanted.key)] == [ticket.id]
    marked = await desk.tracker.marked_since(start)
    assert ticket.id in {each.ticket.id for each in marked}
