"""GreenMail: a real mail server that takes mail for any address and lets any password read it."""

import email
import email.policy
import imaplib
import shutil
import tempfile
import time
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.guarded import Guarded, ServerError, answers
from workers._engine_process import free_ports
from workers._settings_sources import default_cache

VERSION = "2.1.13"
ARTIFACT = f"com.icegreen:greenmail-standalone:{VERSION}"


def jar_path() -> Path:
    """Where the server's jar is kept for this user."""
    return default_cache() / "greenmail" / f"greenmail-standalone-{VERSION}.jar"


class GreenMail:
    """SMTP in and IMAP out, on ports of its own."""

    host = "127.0.0.1"

    def __enter__(self) -> Self:
        """Mail is taken."""
        java = shutil.which("java")
        if java is None or not jar_path().exists():
            raise ServerError("no GreenMail: `make servers` fetches it (needs Java and Maven)")
        self._folder = tempfile.TemporaryDirectory(prefix="greenmail-")
        self.smtp_port, self.imap_port, api = free_ports(3)
        options = {
            "greenmail.hostname": self.host,
            "greenmail.smtp.port": str(self.smtp_port),
            "greenmail.imap.port": str(self.imap_port),
            "greenmail.api.hostname": self.host,
            "greenmail.api.port": str(api),
        }
        command = [java, "-Xmx128m", "-Dgreenmail.auth.disabled"]
        command += [f"-D{name}={value}" for name, value in options.items()]
        self._server = Guarded(
            [*command, "-jar", str(jar_path())], log=Path(self._folder.name) / "greenmail.log"
        )
        self.url = f"http://{self.host}:{api}"
        self._server.wait_until(lambda: answers(f"{self.url}/api/service/readiness"), seconds=60)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """The server is gone with its mail."""
        self._server.stop()
        self._folder.cleanup()

    def mail_of(self, address: str) -> list[EmailMessage]:
        """Every mail that lies in the address's inbox, oldest first."""
        with imaplib.IMAP4(self.host, self.imap_port, timeout=20) as imap:
            imap.login(address, "any")
            imap.select("INBOX", readonly=True)
            _, found = imap.search(None, "ALL")
            messages = []
            for number in found[0].split():
                _, parts = imap.fetch(number.decode(), "(RFC822)")
                part = parts[0]
                assert isinstance(part, tuple)
                message = email.message_from_bytes(part[1], policy=email.policy.default)
                assert isinstance(message, EmailMessage)
                messages.append(message)
            return messages

    def wait_for_mail(
        self, address: str, *, count: int = 1, seconds: float = 30
    ) -> list[EmailMessage]:
        """At least `count` mails lie in the inbox."""
        deadline = time.monotonic() + seconds
        while len(found := self.mail_of(address)) < count:
            if time.monotonic() > deadline:
                raise ServerError(f"{len(found)} of {count} mails came for {address}")
            time.sleep(0.2)
        return found
