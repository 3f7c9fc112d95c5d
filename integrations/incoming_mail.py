"""What a mail that comes in is: a reply, a bounce, a robot's answer, or a loop of our own making.

Pure: bytes in, one value out. Nothing of a mail is believed but what it answers, which is one of
our own Message-IDs (130 bits nobody can guess). The sender's address is a claim.
"""

import email
import email.policy
import hashlib
import re
from email.message import EmailMessage, Message
from email.utils import getaddresses
from enum import StrEnum
from html.parser import HTMLParser

from pydantic import Field

from cases.values import Value

_MOST_HOPS = 40
_LONGEST = 8000
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_ROBOTS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From")
_ID = re.compile(r"<[^<>\s]{1,240}>")
_QUOTED = re.compile(
    r"^\s*(>|On .{3,200}wrote:\s*$|Am .{3,200}schrieb.*:\s*$|Le .{3,200}a écrit\s*:\s*$"
    r"|-{2,}\s*(Original Message|Forwarded message|Ursprüngliche Nachricht)|_{10,}\s*$"
    r"|From:\s.+@|Von:\s.+@)",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^-- ?$")
_INTENT = re.compile(r"^\W*(approved?|reject(?:ed)?)\b", re.IGNORECASE)
_STATUS = re.compile(r"^\s*([245])\.(\d{1,3})\.(\d{1,3})")


class MailKind(StrEnum):
    """What a mail is."""

    REPLY = "reply"
    INTENT = "intent"
    """A reply that says approve or reject: a wish, to be confirmed on the page."""
    BOUNCE = "bounce"
    AUTO_REPLY = "auto-reply"
    LOOP = "loop"
    STRANGE = "strange"
    """It answers nothing of ours."""


class Bounced(Value):
    """One recipient whom a mail did not reach."""

    recipient: str = Field(repr=False)
    status: str
    """The enhanced status, `5.1.1`; never the server's words."""


class IncomingMail(Value):
    """A mail, read."""

    key: str
    """A digest of its Message-ID, or of its bytes: the same mail has the same key."""
    kind: MailKind
    why: str = ""
    message_id: str | None = None
    answers: tuple[str, ...] = ()
    """Message-IDs of ours that it answers, the nearest first."""
    sender: str = Field(default="", repr=False)
    text: str = Field(default="", repr=False)
    """What its writer wrote above what they quote."""
    wish: str | None = None
    """`approve` or `reject`."""
    proved: bool = False
    """Our own mail server vouches that the sender's domain signed it."""
    bounced: tuple[Bounced, ...] = ()


def read_mail(
    raw: bytes, *, domain: str, own: frozenset[str], authserv: str | None = None
) -> IncomingMail:
    """The mail, whatever it is; nothing in it can make this fail.

    `domain` is that of our Message-IDs, `own` the addresses we send from, `authserv` the name under
    which our own mail server writes what it verified.
    """
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)  # noqa: S101 - the policy's own factory
    message_id = next(iter(_ID.findall(_header(mail, "Message-ID"))), None)
    key = hashlib.sha256((message_id or "").encode() if message_id else raw).hexdigest()
    ours = re.compile(rf"<escalate\.[a-z2-7]{{26}}@{re.escape(domain)}>", re.IGNORECASE)
    sender = _address(mail, "From")
    base = IncomingMail(
        key=key, kind=MailKind.STRANGE, message_id=message_id, sender=sender, why="answers nothing"
    )

    def said(kind: MailKind, why: str, **more: object) -> IncomingMail:
        return base.model_copy(update={"kind": kind, "why": why, **more})

    report = _report_of(mail)
    if report == "delivery-status":
        bounced, answers = _bounce(mail, ours)
        if not bounced:
            return said(MailKind.AUTO_REPLY, "delivery report without a failure")
        return said(MailKind.BOUNCE, "", bounced=bounced, answers=answers)
    if message_id is not None and ours.fullmatch(message_id):
        return said(MailKind.LOOP, "our own mail came back")
    if sender in own:
        return said(MailKind.LOOP, "sent from our own address")
    if len(mail.get_all("Received") or []) > _MOST_HOPS:
        return said(MailKind.LOOP, "too many hops")
    robot = _robot(mail, report)
    if robot:
        return said(MailKind.AUTO_REPLY, robot)
    answers = _answered(mail, ours)
    if not answers:
        return base
    text = _written(mail)
    match = _INTENT.match(text)
    wish = None
    if match is not None:
        wish = "approve" if match[1].lower().startswith("approve") else "reject"
    return said(
        MailKind.INTENT if wish else MailKind.REPLY,
        "",
        answers=answers,
        text=text,
        wish=wish,
        proved=_proved(mail, sender, authserv),
    )


def _header(mail: Message, name: str) -> str:
    # A malformed header must not stop the mail from being read: its raw text will do.
    try:
        return str(mail.get(name) or "")
    except (ValueError, LookupError, AttributeError, TypeError, IndexError):
        raw = next((value for key, value in mail.raw_items() if key.lower() == name.lower()), "")
        return str(raw)


def _address(mail: Message, name: str) -> str:
    found = getaddresses([_header(mail, name)])
    return found[0][1].strip().lower() if len(found) == 1 else ""


def _report_of(mail: Message) -> str:
    kind = _header(mail, "Content-Type").lower()
    if not kind.startswith("multipart/report"):
        return ""
    match = re.search(r'report-type="?([a-z-]+)', kind)
    return match[1] if match else "unknown"


def _robot(mail: Message, report: str) -> str:
    """Why it was not written by a person; empty when it may have been (RFC 3834)."""
    submitted = _header(mail, "Auto-Submitted").strip().lower().partition(";")[0].strip()
    if submitted not in ("", "no"):
        return "auto-submitted"
    if _header(mail, "Precedence").strip().lower() in _BULK:
        return "precedence"
    if report:
        return f"report of {report}"
    if _header(mail, "Return-Path").strip() == "<>":
        return "empty envelope sender"
    return "autoresponder" if any(_header(mail, name) for name in _ROBOTS) else ""


def _answered(mail: Message, ours: re.Pattern[str]) -> tuple[str, ...]:
    direct = _ID.findall(_header(mail, "In-Reply-To"))
    chain = _ID.findall(_header(mail, "References"))[::-1]
    known = [each for each in (*direct, *chain) if ours.fullmatch(each)]
    return tuple(dict.fromkeys(known))[:20]


def _bounce(mail: Message, ours: re.Pattern[str]) -> tuple[tuple[Bounced, ...], tuple[str, ...]]:
    """Who was not reached, and by which mail of ours (RFC 3464)."""
    bounced: list[Bounced] = []
    answers: list[str] = []
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            bounced += _failed_in(part)
        elif kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            # Whoever reports gives our mail back, whole or only its head.
            text = part.as_string() if kind == "message/rfc822" else _text_of(part)
            answers += [each for each in _ID.findall(text) if ours.fullmatch(each)][:3]
    return tuple(bounced[:50]), tuple(dict.fromkeys(answers))


def _failed_in(part: Message) -> list[Bounced]:
    found: list[Bounced] = []
    payload = part.get_payload()
    for block in payload if isinstance(payload, list) else []:
        if not isinstance(block, Message):
            continue
        if _header(block, "Action").strip().lower() != "failed":
            continue
        recipient = _header(block, "Final-Recipient").rpartition(";")[2].strip().lower()
        match = _STATUS.match(_header(block, "Status"))
        status = ".".join(match.groups()) if match else "5.0.0"
        found.append(Bounced(recipient=recipient[:254], status=status))
    return found


def _written(mail: EmailMessage) -> str:
    """What stands above quotation and signature."""
    body = mail.get_body(preferencelist=("plain", "html"))
    if body is None:
        return ""
    text = _text_of(body)
    if body.get_content_type() == "text/html":
        text = _without_tags(text)
    kept: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if _QUOTED.match(line) or _SIGNATURE.match(line):
            break
        kept.append(line.rstrip())
    clean = "\n".join(kept).replace("\x00", "").strip()
    return clean.encode("utf-8", "replace").decode()[:_LONGEST]


def _text_of(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return str(part.get_payload())
    charset = part.get_content_charset() or "utf-8"
    try:
        return payload.decode(charset, "replace")
    except LookupError:
        return payload.decode("utf-8", "replace")


def _proved(mail: Message, sender: str, authserv: str | None) -> bool:
    """Whether the topmost verdict of our own server says that the sender's domain signed it."""
    if not authserv:
        return False
    results = mail.get_all("Authentication-Results") or []
    if not results:
        return False
    text = str(results[0])
    name, _, verdicts = text.partition(";")
    if name.strip().lower() != authserv.lower():
        return False
    domain = re.escape(sender.rpartition("@")[2])
    signed = rf"\bdkim\s*=\s*pass\b[^;]*\bheader\.d\s*=\s*{domain}(?![\w.-])"
    return bool(domain) and re.search(signed, verdicts, re.IGNORECASE) is not None


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Blocks begin lines; scripts and styles say nothing; a quotation is one."""
        del attrs
        if tag in ("script", "style"):
            self._hidden += 1
        elif tag == "blockquote":
            self.parts.append("\n> ")
        elif tag in ("p", "div", "br", "tr", "li"):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """What was hidden ends."""
        if tag in ("script", "style"):
            self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        """The words."""
        if not self._hidden:
            self.parts.append(data)


def _without_tags(text: str) -> str:
    plain = _Plain()
    plain.feed(text)
    plain.close()
    return "".join(plain.parts)
