"""Mails that others send us, as their programs write them."""

from email.message import EmailMessage
from email.policy import SMTP

from integrations.ports.messaging import message_id

DOMAIN = "cases.example.test"
NOTICE = message_id(domain=DOMAIN, key=("notice", "lena"))
OWN = "robot@cases.example.test"


def reply(text: str = "APPROVE\n", *, html: str | None = None, **headers: str) -> bytes:
    """An answer to the notice, with further headers."""
    mail = EmailMessage(policy=SMTP)
    given = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    fields = {
        "from": "Lena <lena@demo.example>",
        "to": OWN,
        "subject": "Re: Case 1001",
        "message-id": "<reply-1@demo.example>",
        "in-reply-to": NOTICE,
        "references": NOTICE,
        **given,
    }
    for name, value in fields.items():
        if value:
            mail[name] = value
    mail.set_content(text)
    if html is not None:
        mail.add_alternative(html, subtype="html")
    return mail.as_bytes()


def bounce(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    original: str = NOTICE,
    whole: bool = True,
    id: str = "<dsn-1@mx.example>",  # noqa: A002
) -> bytes:
    """A delivery report, by the example of RFC 3464."""
    given_back = f"Message-ID: {original}\r\nSubject: Case 1001\r\n\r\n"
    kind = "message/rfc822" if whole else "text/rfc822-headers"
    return (
        "Return-Path: <>\r\n"
        "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\r\n"
        f"To: {OWN}\r\nSubject: Returned mail\r\nMessage-ID: {id}\r\nMIME-Version: 1.0\r\n"
        "Auto-Submitted: auto-replied\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\n\r\n"
        "Final-Recipient: RFC822; lena@demo.example\r\n"
        f"Action: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n"
        f"--b\r\nContent-Type: {kind}\r\n\r\n{given_back}"
        "--b--\r\n"
    ).encode()
