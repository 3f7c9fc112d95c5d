"""Messages as mail over SMTP.

SMTP knows no idempotency key. The Message-ID is the same in every try, so mail clients show one
message when a time-out after DATA made us send it twice; that is as far as the protocol goes.
"""

import contextlib
from datetime import timedelta
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from enum import StrEnum
from typing import TypeVar

import aiosmtplib
import httpx
from pydantic import SecretStr

from cases.values import Value
from integrations.errors import (
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
    VendorError,
)
from integrations.ledger import Heard, on_record
from integrations.ports.clock import Clock
from integrations.ports.messaging import Message, Sent

VENDOR = "smtp"
# At 78 columns a Message-ID of a longer domain is folded, and readers keep the blank it leaves.
_POLICY = SMTP.clone(max_line_length=200)
_PERMANENT = 500
_GOODBYE_SECONDS = 2
_AFTER_CONTENT = "send"


class Tls(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"
    """For a relay on this very machine, and for tests."""


class SmtpServer(Value):
    """The mail server we hand messages to."""

    host: str
    port: int = 587
    tls: Tls = Tls.STARTTLS
    user: str | None = None
    password: SecretStr | None = None
    sender: str
    """The address messages come from."""
    sender_name: str = "escalate"
    timeout: timedelta = timedelta(seconds=30)


class SmtpMail:
    """Messaging by one SMTP server."""

    def __init__(self, server: SmtpServer, *, clock: Clock) -> None:
        self._server = server
        self._clock = clock

    async def send(self, message: Message) -> Sent:
        """The server took the message over for its one recipient."""
        now = await self._clock.now()
        try:
            content = self._compose(message, date=format_datetime(now)).as_bytes()
        except (ValueError, MessageError) as error:
            raise RefusedError(
                "the message cannot be written as mail",
                vendor=VENDOR,
                operation="compose",
                mend="Mend the macro: headers hold one line each, addresses are plain.",
            ) from error
        async with on_record(
            self._clock,
            vendor=VENDOR,
            operation="send mail",
            method="SMTP",
            url=httpx.URL(scheme="smtp", host=self._server.host, port=self._server.port),
            headers={"Message-ID": message.message_id},
            body=content,
            # Whom it goes to is with the notice, by the person's id; an address is not for a list.
            summary={},
        ) as heard:
            answer = await self._hand_over(message, content, heard)
        return Sent(
            message_id=message.message_id, accepted_at=now, detail=f"accepted with {answer}"
        )

    async def _hand_over(self, message: Message, content: bytes, heard: Heard) -> int:
        """The server took the message over; its code."""
        connection = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            timeout=self._server.timeout.total_seconds(),
            use_tls=self._server.tls is Tls.IMPLICIT,
            start_tls=self._server.tls is Tls.STARTTLS,
        )
        step = "connect"
        try:
            await connection.connect()
            if self._server.user is not None and self._server.password is not None:
                step = "log in"
                await connection.login(self._server.user, self._server.password.get_secret_value())
            step = "name sender and recipient"
            await connection.mail(self._server.sender)
            await connection.rcpt(message.to)
            step = _AFTER_CONTENT
            answer = await connection.data(content)
        except (aiosmtplib.SMTPException, OSError) as error:
            meaning = _meaning(error, step)
            heard.status = meaning.status
            raise meaning from error
        finally:
            await _hang_up(connection)
        heard.status = answer.code
        return answer.code

    def _compose(self, message: Message, *, date: str) -> EmailMessage:
        mail = EmailMessage(policy=_POLICY)
        mail["From"] = formataddr((self._server.sender_name, self._server.sender))
        mail["To"] = message.to
        mail["Subject"] = message.subject
        mail["Date"] = date
        mail["Message-ID"] = message.message_id
        if message.in_reply_to is not None:
            mail["In-Reply-To"] = message.in_reply_to
        if message.references:
            mail["References"] = " ".join(message.references)
        if message.reply_to is not None:
            mail["Reply-To"] = message.reply_to
        # Nobody's absence notice shall answer, and no other robot either (RFC 3834).
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        if message.language is not None:
            mail["Content-Language"] = message.language
        if message.case_number is not None:
            domain = self._server.sender.rpartition("@")[2]
            mail["List-Id"] = f"<case-{message.case_number.lower()}.escalate.{domain}>"
        for name, value in message.headers.items():
            mail[name] = value
        mail.set_content(message.text)
        if message.html is not None:
            mail.add_alternative(message.html, subtype="html")
        return mail


def _meaning(error: aiosmtplib.SMTPException | OSError, step: str) -> VendorError:
    """What the failure means for the message: refused, not sent, or nobody knows."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        if error.code >= _PERMANENT:
            return _error(
                RefusedError,
                f"answered {error.code}",
                step,
                status=error.code,
                mend="Check the person's address, or our account at the mail server.",
            )
        return _error(
            UnavailableError,
            f"answered {error.code}",
            step,
            status=error.code,
            mend="Nothing: it is tried again.",
        )
    if step == _AFTER_CONTENT:
        return _error(
            OutcomeUnknownError,
            "the message left, but no answer came",
            step,
            mend="Nothing: it is sent again under the same Message-ID.",
        )
    return _error(
        UnavailableError,
        f"no answer ({type(error).__name__})",
        step,
        mend="Check the mail server with `escalate doctor --live`; it is tried again.",
    )


_Kind = TypeVar("_Kind", bound=VendorError)


def _error(
    kind: type[_Kind], message: str, step: str, *, mend: str, status: int | None = None
) -> _Kind:
    return kind(message, vendor=VENDOR, operation=step, status=status, mend=mend)


async def _hang_up(connection: aiosmtplib.SMTP) -> None:
    # The message's fate is sealed by now; a server that fails to say goodbye changes nothing.
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        if connection.is_connected:
            await connection.quit(timeout=_GOODBYE_SECONDS)
    connection.close()
