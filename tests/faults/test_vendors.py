"""A vendor throttles, fails, or loses its answer after the work: nothing is there twice (I9)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from temporalio.worker import Worker

from activities import Channel, Outside, all_activities
from integrations._http import new_client
from integrations.errors import OutcomeUnknownError
from integrations.ports.messaging import Message, Messaging, Sent
from integrations.request_tracker import RequestTracker as TrackerAdapter
from integrations.zendesk import Zendesk
from tests.fakes.transport import LossyTransport
from tests.fakes.zendesk import EMAIL, TOKEN, FakeZendesk
from tests.faults.course import canonical
from tests.faults.place import Place, place
from tests.servers.request_tracker import RequestTracker
from workers.engine import Engine
from workers.processes import running_gateway
from workers.temporal import connect

Trouble = Callable[[FakeZendesk], None]


@asynccontextmanager
async def working(made: Place, outside: Outside) -> AsyncIterator[None]:
    """A worker and a gateway, with another outside world than the settings name."""
    client = await connect(
        made.engine.address,
        namespace=made.engine.namespace,
        keyring=made.house.keyring,
        activities=all_activities(outside),
    )
    async with (
        Worker(client, task_queue=made.settings.task_queue),
        Worker(client, task_queue=made.settings.urgent_queue),
        running_gateway(made.house, made.engine.address),
    ):
        yield


async def lived(made: Place) -> str:
    """A canonical case, from report to resolved ticket; its number."""
    number = await made.opened_case(tags=["fraud"])
    await canonical(made, number, acts=[])
    handle = made.client.get_workflow_handle(await made.case_of(number))
    await handle.result()
    return number


def nothing(fake: FakeZendesk) -> None:
    """All is well."""
    del fake


def throttled(fake: FakeZendesk) -> None:
    """429 twice, each with its time to wait."""
    fake.throttle_next(seconds=1)
    fake.throttle_next(seconds=1, as_date=True)


def failing(fake: FakeZendesk) -> None:
    """Three kinds of server error in a row."""
    for status in (500, 502, 503):
        fake.fail_next(status)


def lost_after_creating(fake: FakeZendesk) -> None:
    """The ticket is made, and the answer lost."""
    fake.network.lose_answer("POST")


def lost_after_writing(fake: FakeZendesk) -> None:
    """Two writes are done, and their answers lost."""
    fake.network.lose_answer("PUT")
    fake.network.lose_answer("PUT")


@pytest.mark.parametrize(
    "trouble", [nothing, throttled, failing, lost_after_creating, lost_after_writing]
)
async def test_zendesk_in_trouble_has_one_ticket_with_each_note_once(
    present: Engine, tmp_path: Path, trouble: Trouble
) -> None:
    """One ticket, every note once, solved at the end."""
    fake = FakeZendesk()
    async with place(tmp_path, engine=present) as made, new_client(transport=fake.network) as http:
        zendesk = Zendesk(
            http,
            url=fake.url,
            email=EMAIL,
            token=TOKEN,
            clock=made.house.clock,
        )
        outside = replace(
            made.house.outside, ticketing={"zendesk": zendesk}, default_ticketing="zendesk"
        )
        async with working(made, outside):
            trouble(fake)
            await lived(made)

    ((ticket, shown),) = fake.tickets.items()
    bodies = [comment["body"] for comment in fake.comments[ticket]]
    assert shown["status"] == "solved"
    assert len(bodies) == len(set(bodies)) > 1
    said = "\n".join(bodies)
    for words in ("is open under User safety escalation", "Answer: approved", "closed as actioned"):
        assert words in said, "the runbook's macros word the notes"


@pytest.mark.rt
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_request_tracker_losing_answers_has_one_ticket_with_each_note_once(
    present: Engine, tmp_path: Path, request_tracker: RequestTracker, method: str
) -> None:
    """The real tracker does the work and is not heard: the work is not done again."""
    network = LossyTransport(httpx.AsyncHTTPTransport())
    async with (
        place(tmp_path, engine=present) as made,
        new_client(transport=network) as http,
        httpx.AsyncClient(auth=(request_tracker.user, request_tracker.password)) as person,
    ):
        adapter = TrackerAdapter(
            http,
            url=request_tracker.url,
            user=request_tracker.user,
            password=request_tracker.password,
            queues=(request_tracker.queue,),
            clock=made.house.clock,
        )
        outside = replace(
            made.house.outside,
            ticketing={"request-tracker": adapter},
            default_ticketing="request-tracker",
        )
        before = await tickets(person, request_tracker)
        async with working(made, outside):
            network.lose_answer(method)
            await lived(made)
        opened = await tickets(person, request_tracker) - before
        notes = [
            note for ticket in opened for note in await comments(person, request_tracker, ticket)
        ]
    assert len(opened) == 1
    assert len(notes) == len(set(notes)) >= 1


async def tickets(person: httpx.AsyncClient, server: RequestTracker) -> set[str]:
    """The ids of all tickets."""
    answer = await person.get(
        f"{server.rest}/tickets", params={"query": "id > 0", "per_page": "100"}
    )
    return {str(item["id"]) for item in answer.raise_for_status().json()["items"]}


async def comments(person: httpx.AsyncClient, server: RequestTracker, ticket: str) -> list[str]:
    """The texts of the ticket's comments."""
    found: list[str] = []
    answer = await person.get(
        f"{server.rest}/ticket/{ticket}/history", params={"fields": "Type", "per_page": "100"}
    )
    for item in answer.raise_for_status().json()["items"]:
        if item["Type"] != "Comment":
            continue
        entry = (await person.get(f"{server.rest}/transaction/{item['id']}")).json()
        for link in entry.get("_hyperlinks", []):
            if link.get("ref") == "attachment":
                shown = (await person.get(link["_url"])).json()
                found.append(str(shown.get("Content", "")))
    return found


@dataclass
class Deaf:
    """A mail system that takes every message over, and whose answer is lost once a message."""

    inner: Messaging
    lost: set[str]

    async def send(self, message: Message) -> Sent:
        """The message has gone out; the first time, nobody hears of it."""
        sent = await self.inner.send(message)
        if message.message_id not in self.lost:
            self.lost.add(message.message_id)
            await asyncio.sleep(0)
            raise OutcomeUnknownError(
                "the answer was lost", vendor="mail", operation="send", mend="none is needed"
            )
        return sent


async def test_a_mail_whose_answer_is_lost_is_the_same_mail_again(
    present: Engine, tmp_path: Path
) -> None:
    """A message that may have gone out goes out under the same Message-ID: nobody has it twice."""
    async with place(tmp_path, engine=present) as made:
        lost: set[str] = set()
        channels = [
            Channel(channel.name, Deaf(channel.messaging, lost))
            for channel in made.house.outside.channels
        ]
        async with working(made, replace(made.house.outside, channels=channels)):
            number = await lived(made)
        kept = await made.house.store.messages.list(case=await made.case_of(number))
        rows = await made.house.store.notices.by_case(await made.case_of(number))

    ids = [message.message_id for message in kept]
    assert len(ids) == len(set(ids)) == len(lost)
    assert {row.message_id for row in rows} == lost
