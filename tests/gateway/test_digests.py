"""Digests: several notices in one mail, each with its own end; what was overtaken is left out."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities import Channel, Outside
from activities.guarding import Guard, Limits
from activities.notify import Notifying
from cases.journal import Stream
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult, Purpose
from gateway.digest_dispatcher import LOST, DigestDispatcher
from gateway.doors import MailDoorParts
from gateway.mail_poller import MailPoller
from integrations.errors import UnavailableError
from integrations.imap import ImapInbox, ImapServer
from integrations.smtp import Tls
from runbooks.plan import Severity
from store import DEMO_KEK, NoticeRow, Store
from tests.fakes.ports import FakeMessaging
from tests.gateway.world import World, make_world
from tests.integrations.mails import DOMAIN, OWN, bounce
from tests.stores import empty_store

WINDOW = timedelta(minutes=30)


@dataclass
class Post:
    """A gateway, the mails it sends, and its dispatcher of digests."""

    world: World
    mail: FakeMessaging
    outside: Outside
    dispatcher: DigestDispatcher
    cases: list[str] = field(default_factory=list)

    async def case(self) -> str:
        """The number of a mild case in triage."""
        subject = f"R-{uuid.uuid4().hex[:8]}"
        number = await self.world.case(id=f"evt-{subject}", subject=subject)
        await self.severity(number, "SEV3")
        return number

    async def severity(self, number: str, severity: str) -> None:
        """The incident manager says how grave it is, and the store has it."""
        imani = await self.world.browser("imani")
        body = {"verb": "severity", "severity": severity, "reason": "as it is"}
        answer = await imani.api_act(number, body)
        assert answer.json()["outcome"] == "accepted", answer.text

        async def known() -> bool:
            view = await self.world.view(number)
            return view is not None and view.line.severity == severity

        await self.world.until(known)

    async def told(self, number: str, **other: Any) -> NoticeResult:
        """Somebody is told of it."""
        view = await self.world.view(number)
        assert view is not None
        whole: dict[str, Any] = {
            "key": f"n-{uuid.uuid4().hex}",
            "case": view.line.case,
            "number": number,
            "purpose": Purpose.WORK,
            "role": "triage",
            "person": "tessa",
            "stage": "triage",
            "stage_title": "Triage",
            "severity": Severity(view.line.severity),
            "at": await self.world.clock.now(),
        }
        order = NoticeOrder(**{**whole, **other})
        return await ActivityEnvironment().run(Notifying(self.outside).notify, order)

    async def rows(self, number: str) -> list[NoticeRow]:
        """What the store has of the case's notices."""
        view = await self.world.view(number)
        assert view is not None
        return await self.world.store.notices.by_case(view.line.case)

    async def door(self, number: str) -> list[tuple[object, object]]:
        """How notices ended by the door's record: the person, and the end."""
        view = await self.world.view(number)
        assert view is not None
        entries = await self.world.store.journal.entries(view.line.case, stream=Stream.DOOR)
        return [
            (entry.body["person"], entry.body["end"])
            for entry in entries
            if entry.kind.value == "door:notice:ended"
        ]

    async def later(self, by: timedelta = WINDOW) -> int:
        """So much time has passed, and what is due then was tried."""
        self.world.clock.ahead += by
        return await self.dispatcher.once()


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Post]:
    """One gateway for all tests here; the dispatcher runs when a test says so."""
    folder: Path = tmp_path_factory.mktemp("digests")
    url = f"sqlite:///{folder / 'escalate.db'}"
    await empty_store(url)
    async with (
        await Store.open(url, kek=DEMO_KEK) as store,
        make_world(store, folder) as world,
    ):
        mail = FakeMessaging()
        outside = Outside(
            store=store,
            directory=world.doors.directory,
            channels=(Channel("mail", mail),),
            public_url=world.url,
            mail_domain=DOMAIN,
            zone=ZoneInfo("UTC"),
            guard=Guard(store, clock=world.clock, limits=Limits()),
            digest=WINDOW,
        )
        yield Post(world, mail, outside, DigestDispatcher(world.doors, outside))


@pytest.fixture
async def post(shared: Post) -> AsyncIterator[Post]:
    """Nothing was sent, and nothing waits afterwards."""
    shared.mail.sent.clear()
    shared.mail.attempts.clear()
    yield shared
    shared.mail._failures.clear()  # noqa: SLF001 - a test may leave some
    while await shared.later(timedelta(hours=1)):
        pass


async def test_notices_of_several_cases_go_in_one_mail_and_end_each_by_itself(post: Post) -> None:
    """Two cases, one mail with both links; nothing before its time."""
    first, second = await post.case(), await post.case()
    assert (await post.told(first)).end is NoticeEnd.BUNDLED
    post.world.clock.ahead += timedelta(minutes=10)
    await post.told(second)

    assert await post.dispatcher.once() == 0
    assert await post.later(timedelta(minutes=20)) == 2

    [mail] = post.mail.sent
    assert mail.subject == "2 notices of 2 cases"
    assert all(f"/cases/{number}" in mail.text for number in (first, second))
    for number in (first, second):
        [row] = await post.rows(number)
        assert (row.end, row.channel, row.message_id) == (
            NoticeEnd.DELIVERED,
            "mail",
            mail.message_id,
        )
        assert (row.locale, row.words[:3]) == ("en", "en@")
        assert await post.door(number) == [("tessa", "delivered")]


async def test_who_waits_alone_gets_the_notice_as_it_would_have_been(post: Post) -> None:
    """A digest of one is no digest."""
    number = await post.case()
    await post.told(number)

    await post.later()

    [mail] = post.mail.sent
    assert mail.subject == f"[SEV3] Case {number}: Triage waits for you"


async def test_what_somebody_at_the_door_has_waits_for_the_case(post: Post) -> None:
    """Temporal is down when it is acknowledged and the digest is due: nobody hears of it."""
    number = await post.case()
    await post.told(number, purpose=Purpose.REMIND, person="tariq")
    await post.later(timedelta(minutes=20))
    tessa = await post.world.browser("tessa")
    post.world.engine.down = True
    said = await tessa.api_act(number, {"verb": "acknowledge", "stage": "triage"})
    assert said.json()["outcome"] == "recorded"

    await post.later(timedelta(minutes=10))
    before = list(post.mail.sent)
    post.world.engine.down = False

    async def answered() -> bool:
        await post.later(timedelta(minutes=1))
        return [row.end for row in await post.rows(number)] == [NoticeEnd.ACKNOWLEDGED]

    await post.world.until(answered)

    assert before == []
    assert post.mail.sent == []


async def test_a_notice_is_read_by_the_api_as_by_the_page(post: Post) -> None:
    """Whoever reads at the command line has read."""
    numbers = [await post.case() for _ in range(4)]
    tariq = await post.world.browser("tariq")
    for number, path in zip(numbers, ("", "/timeline", "/explain", None), strict=True):
        await post.told(number, person="tariq")
        if path is not None:
            assert (await tariq.api(f"/api/cases/{number}{path}")).status_code == 200

    await post.later()

    ends = [(await post.rows(number))[0].end for number in numbers]
    assert ends == [NoticeEnd.READ] * 3 + [NoticeEnd.DELIVERED]


async def test_what_was_acknowledged_answered_or_read_is_left_out_and_says_so(post: Post) -> None:
    """Four cases: one acknowledged, one completed, one opened by the recipient, one still waits."""
    had, done, read, still = [await post.case() for _ in range(4)]
    for number in (had, done, read, still):
        await post.told(number, person="tariq")
    await post.later(timedelta(minutes=20))
    tessa, tariq = await post.world.browser("tessa"), await post.world.browser("tariq")
    await tessa.api_act(had, {"verb": "acknowledge", "stage": "triage"})
    await tessa.api_act(done, {"verb": "complete", "stage": "triage", "outcome": "escalate"})
    assert (await tariq.get(f"/cases/{read}")).status == 200

    assert post.mail.sent == []
    await post.later(timedelta(minutes=10))

    ends = {number: (await post.rows(number))[0].end for number in (had, done, read, still)}
    assert ends == {
        had: NoticeEnd.ACKNOWLEDGED,
        done: NoticeEnd.SUPERSEDED,
        read: NoticeEnd.READ,
        still: NoticeEnd.DELIVERED,
    }
    assert await post.door(had) == [("tariq", "acknowledged")]
    [mail] = post.mail.sent
    assert f"/cases/{still}" in mail.text
    assert f"/cases/{had}" not in mail.text


async def test_a_case_that_becomes_grave_waits_no_longer(post: Post) -> None:
    """It goes at once, alone and as urgent; what else waits for the same person goes on waiting."""
    grave, mild = await post.case(), await post.case()
    await post.told(grave)
    await post.told(mild)

    await post.severity(grave, "SEV1")
    assert await post.dispatcher.once() == 1

    [mail] = post.mail.sent
    assert mail.case_number == grave
    assert (await post.rows(mild))[0].end is NoticeEnd.BUNDLED


async def test_a_digest_that_cannot_be_sent_comes_again_as_the_same_mail(post: Post) -> None:
    """One gateway dies after sending: the other sends it under the same Message-ID."""
    numbers = [await post.case(), await post.case()]
    for number in numbers:
        await post.told(number)
    down = UnavailableError("down", vendor="mail", operation="send", mend="wait")
    post.mail.fail_next(down)

    assert await post.later() == 0
    assert [row.end for number in numbers for row in await post.rows(number)] == [
        NoticeEnd.BUNDLED
    ] * 2
    late = await post.case()
    await post.told(late)
    assert await post.later(timedelta(seconds=11)) == 2

    assert len(post.mail.attempts) == 2
    assert len(set(post.mail.attempts)) == 1
    assert (await post.rows(late))[0].end is NoticeEnd.BUNDLED


async def test_after_an_hour_the_duty_manager_is_told_of_each_instead(post: Post) -> None:
    """And where that fails as well the watch has an alarm; nothing is silent (I10, I17)."""
    number = await post.case()
    await post.told(number)
    down = UnavailableError("down", vendor="mail", operation="send", mend="wait")
    post.mail.fail_next(down)
    await post.later()
    post.mail.fail_next(down)

    assert await post.later(timedelta(hours=1)) == 1

    assert [(r.recipient, r.end) for r in await post.rows(number) if r.recipient == "tessa"] == [
        ("tessa", NoticeEnd.FELL_BACK)
    ]
    assert post.mail.sent
    assert all("did not reach its recipient" in mail.subject for mail in post.mail.sent)

    lost = await post.case()
    await post.told(lost)
    post.mail.fail_next(down, times=50)
    await post.later()
    assert await post.later(timedelta(hours=1)) == 1
    tessas = [row for row in await post.rows(lost) if row.recipient == "tessa"]
    assert [row.end for row in tessas] == [NoticeEnd.UNDELIVERED]
    assert LOST in {alarm.kind for alarm in await post.world.store.health.open_alarms()}


async def test_two_gateways_send_a_digest_once(post: Post) -> None:
    """The lease is the first one's."""
    number = await post.case()
    await post.told(number)
    post.world.clock.ahead += WINDOW
    [waiting] = await post.world.store.digests.waiting(recipient="tessa")
    at = await post.world.clock.now()
    lease = timedelta(seconds=30)

    mine = await post.world.store.digests.claim([waiting], owner="a", at=at, lease=lease)
    theirs = await post.world.store.digests.claim([waiting], owner="b", at=at, lease=lease)

    assert len(mine) == 1
    assert theirs == []
    assert await post.dispatcher.once() == 0
    assert await post.later(lease) == 1


async def test_what_waits_and_what_is_out_can_be_seen(post: Post) -> None:
    """On the case's page, in `explain`, at the probe and in the metrics; then it is over."""
    number = await post.case()
    await post.told(number)
    channels, at = post.world.store.channels, await post.world.clock.now()
    await channels.failed(
        "slack", reason="UnavailableError", mend="look", at=at, most=1, pause=WINDOW
    )
    imani = await post.world.browser("imani")
    # Hours have passed in the tests before: a log-in has ended.
    await imani.log_in()

    page = await imani.get(f"/cases/{number}")
    who = {"person": "imani", "password": "demo"}
    token = (await imani.http.post("/api/login", json=who)).json()["token"]
    asked = {"Authorization": f"Bearer {token}"}
    explained = await imani.http.get(f"/api/cases/{number}/explain", headers=asked)
    ready = (await imani.http.get("/readyz")).json()
    metrics = (await imani.http.get("/metrics")).text

    assert "goes in company" in page.text
    assert "digest for tessa" in explained.text
    assert "slack is out (UnavailableError)" in explained.text
    assert (
        "channel slack is out (UnavailableError); people are told by another" in ready["degraded"]
    )
    assert 'escalate_channel_out{channel="slack"} 1.0' in metrics
    assert "escalate_digest_waiting 1.0" in metrics
    await channels.answered("slack", at=at)
    assert (await imani.http.get("/readyz")).json()["degraded"] == []


async def test_a_digest_that_bounces_falls_back_for_each_of_its_notices(post: Post) -> None:
    """One mail comes back: every notice in it has not reached its recipient."""
    numbers = [await post.case(), await post.case()]
    for number in numbers:
        await post.told(number)
    await post.later()
    [mail] = post.mail.sent
    parts = MailDoorParts(
        inbox=ImapInbox(
            ImapServer(host="127.0.0.1", port=9, tls=Tls.NONE, user=OWN, password=SecretStr("any"))
        ),
        outside=post.outside,
        own=frozenset({OWN}),
    )

    await MailPoller(post.world.doors, parts).take(bounce(original=mail.message_id))

    for number in numbers:
        [row] = [row for row in await post.rows(number) if row.recipient == "tessa"]
        assert row.end is NoticeEnd.FELL_BACK
        assert (await post.world.kinds(number, "door")).count("door:notice:bounced") == 1
