"""From a ticket in Request Tracker to the same ticket resolved, through real servers only."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.demo.people import Deeds, Player
from integrations.file_directory import DEMO_FILE
from integrations.people_file import read_people
from tests.faults.course import RECORD, manual, open_round
from tests.faults.place import Place, place
from tests.servers.mail import GreenMail
from tests.servers.request_tracker import RequestTracker
from workers.engine import Engine
from workers.processes import running_gateway, running_worker

LINK = re.compile(r"https?://\S+/a/\S+")


class Tracker:
    """A person at the ticket system itself."""

    def __init__(self, server: RequestTracker) -> None:
        self._server = server
        self._http = httpx.AsyncClient(
            auth=(server.user, server.password), timeout=30, trust_env=False
        )

    async def opens(self) -> str:
        """A ticket, as somebody writes it; its id."""
        answer = await self._http.post(
            f"{self._server.rest}/ticket",
            json={
                "Queue": self._server.queue,
                "Subject": f"Report {uuid.uuid4().hex[:8]}",
                "Content": "Indicators K2 and K5 were seen.",
                "ContentType": "text/plain",
            },
        )
        return str(answer.raise_for_status().json()["id"])

    async def shows(self, ticket: str) -> Any:
        """The ticket."""
        answer = await self._http.get(f"{self._server.rest}/ticket/{ticket}")
        return answer.raise_for_status().json()

    async def comments(self, ticket: str) -> int:
        """How many comments lie on it."""
        answer = await self._http.get(
            f"{self._server.rest}/ticket/{ticket}/history", params={"fields": "Type"}
        )
        items = answer.raise_for_status().json()["items"]
        return sum(item["Type"] == "Comment" for item in items)

    async def close(self) -> None:
        """The person has left."""
        await self._http.aclose()


@asynccontextmanager
async def office(
    engine: Engine,
    home: Path,
    *,
    tracker: RequestTracker,
    greenmail: GreenMail,
    store_url: str | None,
) -> AsyncIterator[Place]:
    """An installation that polls the tracker and mails through the mail server."""
    words = {
        "ESCALATE_RT__URL": tracker.url,
        "ESCALATE_RT__USER": tracker.user,
        "ESCALATE_RT__PASSWORD": tracker.password,
        "ESCALATE_RT__QUEUE": tracker.queue,
        "ESCALATE_RT__EVERY": "1s",
        "ESCALATE_SMTP__HOST": greenmail.host,
        "ESCALATE_SMTP__PORT": str(greenmail.smtp_port),
        "ESCALATE_SMTP__TLS": "none",
    }
    async with (
        place(home, engine=engine, store_url=store_url, environ=words) as made,
        running_worker(made.house, engine.address, client=made.client),
        running_gateway(made.house, engine.address),
    ):
        yield made


@pytest.fixture(params=["SQLite", pytest.param("Postgres", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest) -> str | None:
    """Where the store is."""
    if request.param == "SQLite":
        return None
    url: str = request.getfixturevalue("postgres_cluster").fresh_database()
    return url


@pytest.mark.rt
@pytest.mark.mail
async def test_a_ticket_is_decided_by_mail_and_resolved(
    *,
    present: Engine,
    tmp_path: Path,
    request_tracker: RequestTracker,
    greenmail: GreenMail,
    store_url: str | None,
    record_property: Callable[[str, object], None],
) -> None:
    """Ticket, poll, case, mail over SMTP, read over IMAP, link, POST, comment, resolved."""
    async with (
        office(
            present, tmp_path, tracker=request_tracker, greenmail=greenmail, store_url=store_url
        ) as made,
        AsyncExitStack() as stack,
    ):
        await polled(made)
        tracker = Tracker(request_tracker)
        stack.push_async_callback(tracker.close)
        ticket = await tracker.opens()
        number = await case_of_ticket(made, ticket)
        before = await mails(greenmail, number, "lena")
        await made.act("tessa", number, verb="complete", stage="triage", outcome="escalate")

        asked = await link(greenmail, number, "lena", after=len(before))
        lena, paula = player(made, "lena"), player(made, "paula")
        stack.push_async_callback(lena.close)
        stack.push_async_callback(paula.close)
        await lena.decide(asked, "Lawful")
        await open_round(made, number, "policy-sign-off")
        await paula.decide(await link(greenmail, number, "paula"), "Follows policy")
        effect = await manual(made, number)
        await made.act(
            "imani",
            number,
            verb="receipt",
            effect=effect,
            resolution="done",
            reference="console-change-8841",
        )
        await made.act(
            "imani", number, verb="close", disposition="actioned", record=RECORD, lessons="None."
        )
        await made.at(number, status="closed")
        shown = await tracker.shows(ticket)
        comments = await tracker.comments(ticket)
    record_property("comments", comments)
    assert shown["Status"] == "resolved"
    assert comments >= 1


async def polled(made: Place) -> None:
    """The poller has looked once: what happens from here on is news."""

    async def looked() -> bool:
        return any(beat.kind == "ticket-poller" for beat in await made.house.store.health.beats())

    await made.until(looked, what="the first poll")


async def case_of_ticket(made: Place, ticket: str) -> str:
    """The number of the case that the ticket became; it waits for triage."""

    async def opened() -> str | None:
        for line in await made.house.store.views.list():
            row = await made.house.store.cases.get(line.case)
            if row.external_id == ticket:
                return line.number
        return None

    number = await made.until(opened, seconds=90, what=f"a case of ticket {ticket}")
    await made.at(number, stage="triage")
    return number


async def mails(greenmail: GreenMail, number: str, person: str) -> list[EmailMessage]:
    """The person's mails about the case, as their mail program reads them."""
    found = await asyncio.to_thread(greenmail.mail_of, f"{person}@demo.example")
    return [mail for mail in found if number in str(mail["Subject"])]


async def link(greenmail: GreenMail, number: str, person: str, *, after: int = 0) -> str:
    """The decision link in the person's newest mail about the case."""
    for _ in range(300):
        for mail in reversed((await mails(greenmail, number, person))[after:]):
            body = mail.get_body(preferencelist=("plain",))
            found = LINK.search(body.get_content()) if body is not None else None
            if found is not None:
                return found[0]
        await asyncio.sleep(0.2)
    raise AssertionError(f"no link for {person} in case {number}")


def player(made: Place, person: str) -> Player:
    """The person with a browser."""
    accounts = read_people(DEMO_FILE.read_bytes(), file="demo")
    account = next(each for each in accounts if each.person.id == person)
    assert account.totp is not None
    base = str(made.settings.public_url).rstrip("/")
    return Player(
        base,
        person,
        totp=account.totp.get_secret_value(),
        email=account.person.email,
        deeds=Deeds(),
    )
