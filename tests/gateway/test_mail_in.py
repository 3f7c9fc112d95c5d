"""Mail that comes in: a comment or a wish, never a decision; a bounce finds somebody else."""

import dataclasses
import smtplib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities import Channel, Outside
from activities.notify import Notifying
from cases.ids import key_of
from cases.journal import Stream
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult, Purpose
from gateway.doors import MailDoorParts
from gateway.mail_poller import MailPoller
from integrations.imap import ImapInbox, ImapServer
from integrations.incoming_mail import read_mail
from integrations.smtp import SmtpMail, SmtpServer, Tls
from runbooks.plan import Severity
from store import DEMO_KEK, CallFilter, Store
from tests.fakes.ports import FakeMessaging
from tests.gateway.world import CANARY, World, make_world
from tests.integrations.mails import DOMAIN, OWN, bounce, reply
from tests.integrations.test_smtp import Scripted, running, server
from tests.servers.mail import GreenMail
from tests.stores import empty_store


@dataclass
class Mailed:
    """A gateway that reads mail, and the mails it sent."""

    world: World
    sent: FakeMessaging
    outside: Outside
    poller: MailPoller

    async def asked(self) -> tuple[str, str]:
        """A case whose legal review is asked by mail, and the Message-ID of Lena's mail."""
        subject = f"R-{uuid.uuid4().hex[:8]}"
        number = await self.world.case(id=f"evt-{subject}", subject=subject)
        await self.world.to_gate(number)
        view = await self.world.view(number)
        assert view is not None
        order = NoticeOrder(
            key=f"ask-{number}",
            case=view.line.case,
            number=number,
            purpose=Purpose.ASK,
            role="legal",
            stage="legal-review",
            stage_title="Legal review",
            round=1,
            severity=Severity(view.line.severity),
            at=await self.world.clock.now(),
        )
        run = ActivityEnvironment().run
        result: NoticeResult = await run(Notifying(self.outside).notify, order)
        assert result.end is NoticeEnd.DELIVERED
        mail = next(mail for mail in self.sent.sent if mail.to == "lena@demo.example")
        return number, mail.message_id

    async def door(self, number: str) -> list[dict[str, object]]:
        """What the door's stream says of mails, without hashes."""
        row = await self.world.store.cases.by_number(number)
        assert row is not None
        entries = await self.world.store.journal.entries(row.id, stream=Stream.DOOR)
        return [
            {"kind": entry.kind.value, **entry.body}
            for entry in entries
            if entry.kind.value in ("door:mail:received", "door:notice:bounced")
        ]


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mailed]:
    """One gateway for all tests here."""
    folder = tmp_path_factory.mktemp("mail")
    url = f"sqlite:///{folder / 'escalate.db'}"
    await empty_store(url)
    async with (
        await Store.open(url, kek=DEMO_KEK) as store,
        make_world(store, folder) as world,
    ):
        sent = FakeMessaging()
        outside = Outside(
            store=store,
            directory=world.doors.directory,
            channels=(Channel("mail", sent),),
            public_url=world.url,
            mail_domain=DOMAIN,
            zone=ZoneInfo("UTC"),
        )
        parts = MailDoorParts(inbox=_inbox("127.0.0.1", 9), outside=outside, own=frozenset({OWN}))
        yield Mailed(world, sent, outside, MailPoller(world.doors, parts))


@pytest.fixture
def mailed(shared: Mailed) -> Mailed:
    """Nothing was sent yet."""
    shared.sent.sent.clear()
    shared.sent.attempts.clear()
    return shared


def _inbox(host: str, port: int) -> ImapInbox:
    return ImapInbox(
        ImapServer(host=host, port=port, tls=Tls.NONE, user=OWN, password=SecretStr("any"))
    )


def _id() -> str:
    return f"<{uuid.uuid4().hex}@demo.example>"


async def test_a_reply_is_kept_as_a_comment_and_told(mailed: Mailed) -> None:
    """Sealed in the store, seen by who may see the case, and nothing of it in a notice."""
    number, notice = await mailed.asked()
    mailed.sent.sent.clear()
    kind = await mailed.poller.take(reply(CANARY, In_Reply_To=notice, Message_ID=_id()))

    assert kind == "reply"
    row = await mailed.world.store.cases.by_number(number)
    assert row is not None
    (kept,) = await mailed.world.store.incoming.by_case(row.id)
    assert (kept.text, kept.mail.person, kept.mail.proved) == (CANARY, "lena", False)
    (entry,) = await mailed.door(number)
    assert (entry["what"], entry["who"]) == ("comment", "lena")
    assert {mail.to for mail in mailed.sent.sent} == {"imani@demo.example", "ivar@demo.example"}
    assert "canary" not in str([*mailed.sent.sent, entry])
    file = mailed.world.store.database.file
    assert file is not None
    assert CANARY.encode() not in file.read_bytes()


async def test_a_replys_words_are_for_who_runs_the_case_and_its_writer(mailed: Mailed) -> None:
    """Others read that there is one; a mail cannot show a vote that is hidden."""
    number, notice = await mailed.asked()
    await mailed.poller.take(reply("my own words", In_Reply_To=notice, Message_ID=_id()))

    read = {}
    for person in ("imani", "lena", "luca"):
        browser = await mailed.world.browser(person)
        read[person] = (await browser.get(f"/cases/{number}")).text
    assert ["my own words" in text for text in read.values()] == [True, True, False]
    assert all("A mail decides nothing." in text for text in read.values())


@pytest.mark.hostile(11)
async def test_approve_by_mail_decides_nothing_and_is_asked_to_confirm(mailed: Mailed) -> None:
    """The link goes to the address of the directory, whoever wrote the mail."""
    number, notice = await mailed.asked()
    await mailed.poller.take(reply("APPROVE", In_Reply_To=notice, Message_ID=_id()))

    picture = await mailed.world.picture(number)
    assert (picture["stage"], picture["rounds"][0]["votes"]) == ("legal-review", [])
    confirm = mailed.sent.sent[-3]
    assert confirm.to == "lena@demo.example"
    assert "decided nothing yet" in confirm.subject
    token = confirm.text.split("/a/")[1].split()[0]
    lena = await mailed.world.browser("lena")
    page = await lena.get(f"/a/{token}")
    assert "Is the proposed action lawful?" in page.text
    assert (await lena.act(f"/a/{token}", "decide", "approve")).status == 200


async def test_the_answer_to_a_wish_is_in_the_ledger_of_its_case(mailed: Mailed) -> None:
    """No activity sends it, and it is on record like what activities send."""
    number, notice = await mailed.asked()
    raw = reply("APPROVE", In_Reply_To=notice, Message_ID=_id())
    async with running(Scripted()) as port:
        smtp = Channel("mail", SmtpMail(server(port), clock=mailed.world.clock))
        outside = dataclasses.replace(mailed.outside, channels=(smtp,))
        parts = MailDoorParts(inbox=_inbox("127.0.0.1", 9), outside=outside, own=frozenset({OWN}))
        assert await MailPoller(mailed.world.doors, parts).take(raw) == "intent"

    row = await mailed.world.store.cases.by_number(number)
    assert row is not None
    calls = await mailed.world.store.calls.list(CallFilter(case=row.id, vendor="smtp"))
    key = read_mail(raw, domain=DOMAIN, own=frozenset({OWN}), authserv=None).key
    answers = [call for call in calls if call.key == key_of("intent", key)]
    assert [(call.operation, call.outcome) for call in answers] == [("send mail", "answered")]


@pytest.mark.hostile(12)
async def test_a_stranger_who_answers_gets_no_link(mailed: Mailed) -> None:
    """A forwarded notice is answered by somebody the directory does not know."""
    number, notice = await mailed.asked()
    mailed.sent.sent.clear()
    raw = reply("APPROVE", In_Reply_To=notice, Message_ID=_id(), From="x@evil.example")
    await mailed.poller.take(raw)

    (entry,) = await mailed.door(number)
    assert "who" not in entry
    assert all("/a/" not in mail.text for mail in mailed.sent.sent)
    assert (await mailed.world.picture(number))["rounds"][0]["votes"] == []


async def test_the_same_mail_twice_is_one(mailed: Mailed) -> None:
    """Two mailboxes, two polls, or a restored server: its Message-ID is its key."""
    number, notice = await mailed.asked()
    raw = reply("fine", In_Reply_To=notice, Message_ID=_id())
    assert [await mailed.poller.take(raw) for _ in range(2)] == ["reply", "known"]

    assert len(await mailed.door(number)) == 1


async def test_a_bounced_notice_falls_back_to_the_duty_manager(mailed: Mailed) -> None:
    """Delivered turns into fallen back, on record, and somebody else hears of it."""
    number, notice = await mailed.asked()
    mailed.sent.sent.clear()
    assert await mailed.poller.take(bounce(original=notice, id=_id())) == "bounce"

    row = await mailed.world.store.notices.sent(f"ask-{number}", recipient="lena")
    assert row is not None
    assert (row.end, row.detail) == (NoticeEnd.FELL_BACK, "came back: 5.1.1")
    assert {mail.to for mail in mailed.sent.sent} == {"elise@demo.example", "duc@demo.example"}
    assert "did not reach" in mailed.sent.sent[0].subject
    (entry,) = await mailed.door(number)
    assert (entry["kind"], entry["who"], entry["detail"]) == (
        "door:notice:bounced",
        "lena",
        "5.1.1",
    )


async def test_a_bounce_of_the_last_resort_is_an_alarm_and_no_further_mail(mailed: Mailed) -> None:
    """Two dead addresses must not write to each other for ever."""
    _, notice = await mailed.asked()
    await mailed.poller.take(bounce(original=notice, id=_id()))
    fallback = mailed.sent.sent[-1]
    mailed.sent.sent.clear()
    await mailed.poller.take(bounce(original=fallback.message_id, id=_id()))

    assert mailed.sent.sent == []
    alarms = await mailed.world.store.health.open_alarms()
    assert [alarm.kind for alarm in alarms if "duty manager" in alarm.text] == ["notice-lost"]


@pytest.mark.parametrize(
    "headers",
    [{"Auto_Submitted": "auto-replied"}, {"From": OWN}, {"In_Reply_To": "<x@y.z>"}],
)
async def test_what_is_dropped_is_dropped_with_a_reason(
    mailed: Mailed, headers: dict[str, str]
) -> None:
    """Robots, loops and strangers' mails: on record by kind, without a word of theirs."""
    number, notice = await mailed.asked()
    mailed.sent.sent.clear()
    fields = {"In_Reply_To": notice, "Message_ID": _id(), "References": "", **headers}
    await mailed.poller.take(reply(CANARY, **fields))

    recent = (await mailed.world.store.incoming.recent())[0]
    assert recent.why
    assert recent.case is None
    assert (await mailed.door(number), mailed.sent.sent) == ([], [])


@pytest.mark.mail
async def test_a_notice_goes_out_and_its_answer_comes_back(
    mailed: Mailed, greenmail: GreenMail
) -> None:
    """Through a real mail server both ways: SMTP out, a person's reply, IMAP in."""
    number, _ = await mailed.asked()
    notice = next(mail for mail in mailed.sent.sent if mail.to == "lena@demo.example")
    server = SmtpServer(host=greenmail.host, port=greenmail.smtp_port, tls=Tls.NONE, sender=OWN)
    await SmtpMail(server, clock=mailed.world.clock).send(notice)
    (arrived,) = greenmail.wait_for_mail("lena@demo.example")
    answer = reply("Please wait.", In_Reply_To=str(arrived["Message-ID"]), Message_ID=_id())
    with smtplib.SMTP(greenmail.host, greenmail.smtp_port) as smtp:
        smtp.sendmail("lena@demo.example", [OWN], answer)
    parts = MailDoorParts(
        inbox=_inbox(greenmail.host, greenmail.imap_port),
        outside=mailed.outside,
        own=frozenset({OWN}),
        every=timedelta(milliseconds=100),
    )
    poller = MailPoller(mailed.world.doors, parts)

    assert await poller.once() == 1
    assert await poller.once() == 0
    (entry,) = await mailed.door(number)
    assert entry["what"] == "comment"
