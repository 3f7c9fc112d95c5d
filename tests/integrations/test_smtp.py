"""Mail: through a real mail server and read back, and against a server that misbehaves."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd import smtp
from aiosmtpd.controller import Controller
from pydantic import SecretStr, ValidationError

from integrations.errors import OutcomeUnknownError, RefusedError, UnavailableError, VendorError
from integrations.ports.messaging import Message, message_id
from integrations.smtp import SmtpMail, SmtpServer, Tls
from tests.fakes.clock import START, FixedClock
from tests.servers.mail import GreenMail
from workers._engine_process import free_ports

DOMAIN = "cases.example.test"


def notice(to: str, /, **changed: Any) -> Message:
    """A notice to one person."""
    fields: dict[str, Any] = {
        "to": to,
        "subject": "[Case 1042] Action needed",
        "text": "Something waits for you.\nÖffnen: https://cases.example.test/a/xyz",
        "message_id": message_id(domain=DOMAIN, key=("1042", "legal-review/1", to)),
        "case_number": "1042",
    }
    return Message(**{**fields, **changed})


def server(port: int, **changed: Any) -> SmtpServer:
    """Settings for a server on this machine."""
    fields: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "tls": Tls.NONE,
        "sender": f"robot@{DOMAIN}",
    }
    return SmtpServer(**{**fields, **changed})


class Scripted:
    """A real SMTP server that answers as the test says."""

    def __init__(self, **answers: str | Callable[[], Any]) -> None:
        self.answers = answers
        self.taken: list[bytes] = []

    async def _answer(self, step: str, default: str) -> str:
        answer = self.answers.get(step, default)
        if isinstance(answer, str):
            return answer
        await answer()
        return default

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self,
        srv: smtp.SMTP,
        session: smtp.Session,
        envelope: smtp.Envelope,
        address: str,
        options: Any,
    ) -> str:
        """MAIL FROM is answered."""
        envelope.mail_from = address
        return await self._answer("mail", "250 ok")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        srv: smtp.SMTP,
        session: smtp.Session,
        envelope: smtp.Envelope,
        address: str,
        options: Any,
    ) -> str:
        """RCPT TO is answered."""
        envelope.rcpt_tos.append(address)
        return await self._answer("rcpt", "250 ok")

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, srv: smtp.SMTP, session: smtp.Session, envelope: smtp.Envelope
    ) -> str:
        """The content is taken, then answered."""
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)
        return await self._answer("data", "250 ok")


@asynccontextmanager
async def running(handler: Scripted) -> AsyncIterator[int]:
    """The scripted server's port, while it runs."""
    port = free_ports(1)[0]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    await asyncio.to_thread(controller.start)
    try:
        yield port
    finally:
        await asyncio.to_thread(controller.stop)


@pytest.mark.mail
async def test_mail_arrives_as_written(greenmail: GreenMail, clock: FixedClock) -> None:
    """Plain text comes first, HTML beside it, and robots are told not to answer."""
    to = f"legal-{uuid4().hex[:8]}@example.test"
    mail = SmtpMail(server(greenmail.smtp_port), clock=clock)

    sent = await mail.send(
        notice(
            to,
            html="<p>Something waits for you.</p>",
            reply_to="reply@example.test",
            headers={"X-Escalate-Purpose": "gate"},
        )
    )
    (got,) = await asyncio.to_thread(greenmail.wait_for_mail, to)

    parts = [part.get_content_type() for part in got.walk() if not part.is_multipart()]
    assert parts == ["text/plain", "text/html"]
    body = got.get_body(("plain",))
    assert body is not None
    assert "Öffnen" in body.get_content()
    assert (got["Message-ID"], sent.accepted_at) == (sent.message_id, START)
    assert got["Date"].datetime == START
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["X-Auto-Response-Suppress"] == "All"
    assert got["List-Id"] == f"<case-1042.escalate.{DOMAIN}>"
    assert got["Reply-To"] == "reply@example.test"
    assert got["X-Escalate-Purpose"] == "gate"
    assert got["From"] == f"escalate <robot@{DOMAIN}>"


@pytest.mark.mail
async def test_mails_of_a_case_form_a_thread(greenmail: GreenMail, clock: FixedClock) -> None:
    """A later mail names the earlier ones, unfolded and whole."""
    to = f"policy-{uuid4().hex[:8]}@example.test"
    mail = SmtpMail(server(greenmail.smtp_port), clock=clock)
    ids = tuple(message_id(domain=DOMAIN, key=("1042", f"step-{n}", to)) for n in range(20))

    await mail.send(notice(to, message_id=ids[0]))
    await mail.send(notice(to, in_reply_to=ids[0], references=ids))
    _, reply = await asyncio.to_thread(greenmail.wait_for_mail, to, count=2)

    assert reply["In-Reply-To"] == ids[0]
    assert tuple(reply["References"].split()) == ids


@pytest.mark.mail
async def test_retry_shows_the_same_message_id(greenmail: GreenMail, clock: FixedClock) -> None:
    """A mail sent twice carries one Message-ID, by which the reader's program shows it once."""
    to = f"duty-{uuid4().hex[:8]}@example.test"
    mail = SmtpMail(server(greenmail.smtp_port), clock=clock)

    await mail.send(notice(to))
    await mail.send(notice(to))
    got = await asyncio.to_thread(greenmail.wait_for_mail, to, count=2)

    assert len({m["Message-ID"] for m in got}) == 1


def test_message_id_belongs_to_its_key_alone() -> None:
    """The id is always the same for a key, differs between keys, and shows nothing of them."""
    one = message_id(domain=DOMAIN, key=("1042", "gate", "lena@example.test"))

    assert one == message_id(domain=DOMAIN, key=("1042", "gate", "lena@example.test"))
    assert one != message_id(domain=DOMAIN, key=("1042", "gatel", "ena@example.test"))
    assert "1042" not in one
    assert "lena" not in one


@pytest.mark.hostile(57)
@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "a\r\nBcc: x@example.test"},
        {"subject": "a\nb"},
        {"subject": "a\u2028b"},
        {"to": "a@example.test\r\nBcc: x@example.test"},
        {"to": "a@example.test, b@example.test"},
        {"to": "Ada <a@example.test>"},
        {"to": "nobody"},
        {"reply_to": "x@example.test\nX: y"},
        {"message_id": "<a@b>\r\nX: y"},
        {"message_id": "no-brackets@x"},
        {"references": ("<a@b>", "<c d@e>")},
        {"references": tuple(f"<{n}@x>" for n in range(21))},
        {"headers": {"Bcc": "x@example.test"}},
        {"headers": {"X-A": "b\r\nBcc: x@example.test"}},
        {"headers": {"X-A: b\r\nBcc": "x"}},
    ],
)
def test_nothing_is_smuggled_into_headers(changed: dict[str, Any]) -> None:
    """Line breaks, second recipients and foreign headers make no message."""
    with pytest.raises(ValidationError):
        notice("a@example.test", **changed)


async def test_unwritable_message_is_refused(clock: FixedClock) -> None:
    """Text that no encoding can carry is refused before a connection is made."""
    with pytest.raises(RefusedError):
        await SmtpMail(server(1), clock=clock).send(notice("a@example.test", text="\ud800"))


@pytest.mark.parametrize(
    "step,answer,kind",
    [
        ("rcpt", "550 no such user", RefusedError),
        ("rcpt", "450 mailbox busy", UnavailableError),
        ("mail", "451 try later", UnavailableError),
        ("mail", "530 log in first", RefusedError),
        ("data", "554 refused", RefusedError),
        ("data", "452 disk full", UnavailableError),
    ],
)
async def test_answers_have_their_meaning(
    clock: FixedClock, step: str, answer: str, kind: type[VendorError]
) -> None:
    """5xx is for good and reaches a person; 4xx is tried again."""
    async with running(Scripted(**{step: answer})) as port:
        with pytest.raises(kind) as caught:
            await SmtpMail(server(port), clock=clock).send(notice("a@example.test"))

    assert caught.value.status == int(answer[:3])
    assert caught.value.retryable == (kind is UnavailableError)
    assert "example" not in str(caught.value)


async def test_silence_after_the_content_is_an_unknown_outcome(clock: FixedClock) -> None:
    """Once the content left, a missing answer proves nothing; the retry has the same Message-ID."""
    silent = Scripted(data=lambda: asyncio.sleep(3))
    async with running(silent) as port:
        settings = server(port, timeout="PT0.5S")
        with pytest.raises(OutcomeUnknownError) as caught:
            await SmtpMail(settings, clock=clock).send(notice("a@example.test"))
        silent.answers = {}
        sent = await SmtpMail(server(port), clock=clock).send(notice("a@example.test"))

    assert caught.value.retryable
    assert len(silent.taken) == 2
    assert all(sent.message_id.encode() in content for content in silent.taken)


async def test_silence_before_the_content_means_nothing_was_sent(clock: FixedClock) -> None:
    """A time-out before DATA is an unavailable server, not an unknown outcome."""
    silent = Scripted(rcpt=lambda: asyncio.sleep(3))
    async with running(silent) as port:
        with pytest.raises(UnavailableError):
            await SmtpMail(server(port, timeout="PT0.5S"), clock=clock).send(
                notice("a@example.test")
            )

    assert silent.taken == []


async def test_missing_server_is_unavailable(clock: FixedClock) -> None:
    """Nobody listening is tried again."""
    with pytest.raises(UnavailableError):
        await SmtpMail(server(free_ports(1)[0]), clock=clock).send(notice("a@example.test"))


async def test_protection_is_never_dropped(clock: FixedClock) -> None:
    """A server without STARTTLS gets no mail when the settings ask for it."""
    plain = Scripted()
    async with running(plain) as port:
        protected = server(port, tls=Tls.STARTTLS, user="u", password=SecretStr("p"))
        with pytest.raises(VendorError):
            await SmtpMail(protected, clock=clock).send(notice("a@example.test"))

    assert plain.taken == []
