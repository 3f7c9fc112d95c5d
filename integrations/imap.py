"""A mailbox read over IMAP: what came after a position, nothing marked and nothing deleted.

A position is UIDVALIDITY and UID. When the server gives new UIDs, everything is read again: whoever
reads knows each mail by its own key.
"""

import asyncio
import contextlib
import imaplib
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple, TypeVar

from pydantic import SecretStr

from cases.values import Value
from integrations.errors import RefusedError, UnavailableError, VendorError
from integrations.smtp import Tls

VENDOR = "imap"
LARGEST = 1_048_576
"""Of a larger mail only so much is read: its head and what was written stand at its beginning."""
Found = TypeVar("Found")


class ImapServer(Value):
    """The mailbox that replies and bounces come to."""

    host: str
    port: int = 993
    tls: Tls = Tls.IMPLICIT
    user: str
    password: SecretStr
    folder: str = "INBOX"
    timeout: timedelta = timedelta(seconds=30)


class Position(NamedTuple):
    """How far the mailbox was read."""

    validity: int
    uid: int

    def written(self) -> str:
        """As a cursor keeps it."""
        return f"{self.validity}:{self.uid}"

    @classmethod
    def read(cls, text: str) -> "Position":
        """The position out of a cursor."""
        validity, _, uid = text.partition(":")
        return cls(int(validity), int(uid))


class Fetched(NamedTuple):
    """One mail, and the position after it."""

    position: Position
    raw: bytes


class ImapInbox:
    """One mailbox."""

    def __init__(self, server: ImapServer, *, trust: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._trust = trust

    async def check(self) -> int:
        """The server lets us in and opens the folder; how many mails lie there."""

        def count(imap: imaplib.IMAP4, mails: int) -> int:
            imap.noop()
            return mails

        return await asyncio.to_thread(self._inside, count)

    async def after(self, position: Position | None, *, limit: int = 50) -> list[Fetched]:
        """The mails after the position, oldest first; all there are when it is not known."""

        def fetch(imap: imaplib.IMAP4, _mails: int) -> list[Fetched]:
            return _after(imap, position, limit)

        return await asyncio.to_thread(self._inside, fetch)

    def _inside(self, work: Callable[[imaplib.IMAP4, int], Found]) -> Found:
        """What `work` finds in the opened folder; failures have their meaning."""
        step = "connect"
        try:
            imap = self._connected()
            try:
                step = "log in"
                imap.login(self._server.user, self._server.password.get_secret_value())
                step = "open the folder"
                answer, found = imap.select(f'"{self._server.folder}"', readonly=True)
                if answer != "OK":
                    raise _refused(step)
                step = "read"
                return work(imap, int(found[0] or b"0"))
            finally:
                with contextlib.suppress(imaplib.IMAP4.error, OSError):
                    imap.logout()
        except imaplib.IMAP4.abort as error:
            raise _unavailable(step, error) from error
        except imaplib.IMAP4.error as error:
            raise _refused(step) from error
        except (OSError, EOFError) as error:
            raise _unavailable(step, error) from error

    def _connected(self) -> imaplib.IMAP4:
        server, seconds = self._server, self._server.timeout.total_seconds()
        trust = self._trust or ssl.create_default_context()
        if server.tls is Tls.IMPLICIT:
            return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=trust, timeout=seconds)
        imap = imaplib.IMAP4(server.host, server.port, timeout=seconds)
        if server.tls is Tls.STARTTLS:
            imap.starttls(trust)
        return imap


def _after(imap: imaplib.IMAP4, position: Position | None, limit: int) -> list[Fetched]:
    _, said = imap.response("UIDVALIDITY")
    validity = int(said[0]) if said and said[0] else 0
    last = position.uid if position is not None and position.validity == validity else 0
    _, found = imap.uid("SEARCH", f"UID {last + 1}:*")
    # `n:*` names the last mail also when its UID is below n.
    uids = sorted(int(uid) for uid in (found[0] or b"").split() if int(uid) > last)
    mails: list[Fetched] = []
    for uid in uids[:limit]:
        _, parts = imap.uid("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{LARGEST}>)")
        raw = next((part[1] for part in parts if isinstance(part, tuple)), None)
        if raw is not None:
            mails.append(Fetched(Position(validity, uid), raw))
    return mails


def _refused(step: str) -> VendorError:
    return RefusedError(
        "the server says no",
        vendor=VENDOR,
        operation=step,
        mend="Check ESCALATE_IMAP__USER, __PASSWORD and __FOLDER: `escalate doctor --live`.",
    )


def _unavailable(step: str, error: BaseException) -> VendorError:
    return UnavailableError(
        f"no answer ({type(error).__name__})",
        vendor=VENDOR,
        operation=step,
        mend="Check ESCALATE_IMAP__HOST, __PORT and __TLS; it is tried again.",
    )
