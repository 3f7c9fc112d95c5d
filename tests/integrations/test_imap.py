"""Mail that comes in: what it is by its headers, and a real mailbox read by position."""

import smtplib
import uuid
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from integrations.errors import UnavailableError
from integrations.imap import Fetched, ImapInbox, ImapServer, Position
from integrations.incoming_mail import IncomingMail, MailKind, read_mail
from integrations.smtp import Tls
from tests.integrations.mails import DOMAIN, NOTICE, OWN, bounce, reply
from tests.servers.mail import GreenMail


def read(raw: bytes, *, authserv: str | None = None) -> IncomingMail:
    """The mail, as our mailbox takes it."""
    return read_mail(raw, domain=DOMAIN, own=frozenset({OWN}), authserv=authserv)


def test_a_reply_is_what_stands_above_the_quotation() -> None:
    """Quotation and signature of it are left out."""
    mail = read(
        reply("Looks fine.\n\nPlease check §4.\n-- \nLena\n\nOn Sun, X wrote:\n> APPROVE\n")
    )

    assert (mail.kind, mail.answers, mail.sender) == (
        MailKind.REPLY,
        (NOTICE,),
        "lena@demo.example",
    )
    assert mail.text == "Looks fine.\n\nPlease check §4."


@pytest.mark.parametrize(
    "text,wish",
    [
        ("APPROVE", "approve"),
        ("Approved, thanks", "approve"),
        ("reject: no legal basis", "reject"),
        ("I cannot approve this", None),
        ("> APPROVE", None),
        ("approval is not mine to give", None),
    ],
)
def test_a_wish_is_the_first_word_and_nothing_else(text: str, wish: str | None) -> None:
    """What is quoted or said in passing is no wish."""
    mail = read(reply(text))

    assert mail.wish == wish
    assert mail.kind is (MailKind.INTENT if wish else MailKind.REPLY)


def test_a_reply_in_html_only_is_read_without_its_markup() -> None:
    """Scripts say nothing, and a blockquote is a quotation."""
    raw = reply("").replace(b"text/plain", b"text/html")
    raw = raw.rstrip() + b"\r\n\r\n<style>p{}</style><p>Reject &amp; ask</p>"
    raw += b"<blockquote>APPROVE</blockquote>"
    mail = read(raw)

    assert (mail.text, mail.wish) == ("Reject & ask", "reject")


@pytest.mark.parametrize(
    "headers,kind",
    [
        ({"Auto_Submitted": "auto-replied"}, MailKind.AUTO_REPLY),
        ({"Auto_Submitted": "auto-generated (rejected)"}, MailKind.AUTO_REPLY),
        ({"Auto_Submitted": "no"}, MailKind.INTENT),
        ({"Precedence": "bulk"}, MailKind.AUTO_REPLY),
        ({"Precedence": "Junk"}, MailKind.AUTO_REPLY),
        ({"Precedence": "list"}, MailKind.AUTO_REPLY),
        ({"X_Autoreply": "yes"}, MailKind.AUTO_REPLY),
        ({"Return_Path": "<>"}, MailKind.AUTO_REPLY),
        ({"Message_ID": NOTICE}, MailKind.LOOP),
        ({"From": OWN}, MailKind.LOOP),
        ({"From": OWN.upper()}, MailKind.LOOP),
        ({"In_Reply_To": "", "References": "<other@demo.example>"}, MailKind.STRANGE),
        ({"In_Reply_To": "", "References": f"<a@b.c> {NOTICE}"}, MailKind.INTENT),
    ],
)
def test_robots_and_loops_are_told_from_people(headers: dict[str, str], kind: MailKind) -> None:
    """RFC 3834 and what was in use before it; each with its reason."""
    mail = read(reply("APPROVE", **headers))

    assert mail.kind is kind
    assert bool(mail.why) is (kind is not MailKind.INTENT)


def test_a_mail_that_went_round_and_round_is_a_loop() -> None:
    """More hops than any way has."""
    raw = b"".join(b"Received: from a by b\r\n" for _ in range(41)) + reply()

    assert read(raw).kind is MailKind.LOOP


@pytest.mark.parametrize("whole", [True, False])
def test_a_bounce_names_the_mail_that_came_back(*, whole: bool) -> None:
    """Whether the report gives our mail back whole or only its head (RFC 3464)."""
    mail = read(bounce(whole=whole))

    assert (mail.kind, mail.answers) == (MailKind.BOUNCE, (NOTICE,))
    assert [(each.recipient, each.status) for each in mail.bounced] == [
        ("lena@demo.example", "5.1.1")
    ]


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_a_report_without_a_failure_is_no_bounce(action: str) -> None:
    """A delay is no failure yet: the report that follows will say."""
    assert read(bounce(action=action)).kind is MailKind.AUTO_REPLY


@pytest.mark.parametrize(
    "results,proved",
    [
        ("mx.ours.test; dkim=pass header.d=demo.example", True),
        ("mx.ours.test; spf=pass; dkim=pass header.i=@demo.example header.d=demo.example", True),
        ("mx.ours.test; dkim=fail header.d=demo.example", False),
        ("mx.ours.test; dkim=pass header.d=evil.example", False),
        ("mx.ours.test; dkim=pass header.d=demo.example.evil.test", False),
        ("mx.theirs.test; dkim=pass header.d=demo.example", False),
    ],
)
def test_only_our_own_servers_word_proves_a_sender(results: str, *, proved: bool) -> None:
    """Anybody can write the header; only our server's name, at the top, counts."""
    raw = reply(Authentication_Results=results)

    assert read(raw, authserv="mx.ours.test").proved is proved
    assert not read(raw).proved


@given(st.binary(max_size=600))
def test_no_bytes_break_the_reading(noise: bytes) -> None:
    """Whatever comes, it is something; and words appear in no representation of it."""
    for raw in (noise, reply() + noise, noise + reply(), bounce()[:300] + noise):
        mail = read(raw)
        assert mail.kind in MailKind
        assert len(mail.text) <= 8000
    assert "APPROVE" not in repr(read(reply()))


@given(st.text(max_size=80), st.sampled_from(["From", "In-Reply-To", "Content-Type", "Subject"]))
def test_no_header_breaks_the_reading(value: str, name: str) -> None:
    """Malformed headers of one mail must not hold up the ones after it."""
    line = f"{name}: {value.encode('utf-8', 'replace').decode()}"
    raw = line.encode("utf-8", "replace") + b"\r\n" + reply()

    assert read(raw).kind in MailKind


@pytest.mark.mail
class TestRealMailbox:
    """Against GreenMail."""

    def inbox(self, server: GreenMail, address: str) -> ImapInbox:
        """The mailbox of that address."""
        return ImapInbox(
            ImapServer(
                host=server.host,
                port=server.imap_port,
                tls=Tls.NONE,
                user=address,
                password=SecretStr("any"),
            )
        )

    def put(self, server: GreenMail, address: str, *mails: bytes) -> None:
        """The mails lie in the mailbox."""
        with smtplib.SMTP(server.host, server.smtp_port) as smtp:
            for mail in mails:
                smtp.sendmail("someone@example.test", [address], mail)

    async def test_a_mailbox_is_read_on_from_where_it_was_left(self, greenmail: GreenMail) -> None:
        """Each mail once, oldest first, and none is marked as read."""
        address = f"{uuid.uuid4().hex}@example.test"
        inbox = self.inbox(greenmail, address)
        self.put(greenmail, address, reply("one"), reply("two"))
        first = await inbox.after(None, limit=1)
        rest = await inbox.after(first[-1].position)
        assert await inbox.after(rest[-1].position) == []
        self.put(greenmail, address, reply("three"))
        new = await inbox.after(rest[-1].position)

        def words(found: list[Fetched]) -> list[str]:
            return [read(mail.raw).text for mail in found]

        assert (words(first), words(rest), words(new)) == (["one"], ["two"], ["three"])
        assert await inbox.check() == 3

    async def test_new_uids_are_read_from_the_beginning(self, greenmail: GreenMail) -> None:
        """A mailbox that was restored has another UIDVALIDITY: nothing in it is skipped."""
        address = f"{uuid.uuid4().hex}@example.test"
        inbox = self.inbox(greenmail, address)
        self.put(greenmail, address, reply("one"))
        (found,) = await inbox.after(None)

        again = await inbox.after(Position(found.position.validity + 1, 999))

        assert [mail.position for mail in again] == [found.position]
        assert Position.read(found.position.written()) == found.position


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    """It is tried again; nothing is lost."""
    inbox = ImapInbox(
        ImapServer(
            host="127.0.0.1",
            port=9,
            tls=Tls.NONE,
            user="u",
            password=SecretStr("p"),
            timeout=timedelta(seconds=2),
        )
    )
    with pytest.raises(UnavailableError):
        await inbox.check()
