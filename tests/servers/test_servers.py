"""The real servers start, answer, and are fresh."""

import smtplib
import urllib.request
from base64 import b64encode
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest
from playwright.async_api import async_playwright

from tests.servers.guarded import Guarded
from tests.servers.mail import GreenMail
from tests.servers.postgres import PostgresCluster
from tests.servers.request_tracker import RequestTracker


@pytest.mark.rt
def test_request_tracker_answers_over_rest(request_tracker: RequestTracker) -> None:
    """The ticket system says its version to the user it was made with."""
    login = b64encode(f"{request_tracker.user}:{request_tracker.password}".encode()).decode()
    asked = urllib.request.Request(  # noqa: S310 - our own server
        f"{request_tracker.rest}/rt", headers={"Authorization": f"Basic {login}"}
    )

    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 - our own server
        said = answer.read().decode()

    assert '"Version":"5.' in said.replace(" ", "")


def test_children_of_a_server_end_with_it(tmp_path: Path) -> None:
    """A server that forked its workers leaves none of them behind."""
    children = tmp_path / "children"
    script = f"sleep 300 & echo $! > {children}; sleep 300"
    server = Guarded(["sh", "-c", script], log=tmp_path / "log")
    server.wait_until(lambda: children.exists() and bool(children.read_text()), seconds=10)
    child = Path(f"/proc/{children.read_text().strip()}/stat")

    server.stop()

    assert not child.exists() or " Z " in child.read_text()


@pytest.mark.mail
def test_mail_sent_by_smtp_is_read_by_imap(greenmail: GreenMail) -> None:
    """A mail goes in by SMTP and comes out by IMAP, unchanged."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.test", "b@example.test", "round trip"
    mail.set_content("neutral prose")

    with smtplib.SMTP(greenmail.host, greenmail.smtp_port, timeout=20) as smtp:
        smtp.send_message(mail)

    (found,) = greenmail.wait_for_mail("b@example.test")
    assert found["Subject"] == "round trip"
    assert found.get_content().strip() == "neutral prose"


@pytest.mark.postgres
def test_fresh_databases_are_empty_and_apart(postgres_cluster: PostgresCluster) -> None:
    """What is written into one fresh database is not seen in the next."""
    first, second = postgres_cluster.fresh_database(), postgres_cluster.fresh_database()

    with psycopg.connect(first.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE mark (n int)")

    with psycopg.connect(second.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT to_regclass('mark')").fetchone()
    assert row == (None,)


@pytest.mark.browser
async def test_chromium_opens_a_page(chromium: Path) -> None:
    """The browser of the machine renders a page without a download of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(chromium), args=["--no-sandbox"]
        )
        page = await browser.new_page()
        await page.set_content("<h1>Lawful</h1>")

        heading = await page.inner_text("h1")

        await browser.close()
    assert heading == "Lawful"
