"""A mailbox read over IMAP: as much of RFC 3501 as `imaplib` needs to look and to leave alone.

It can lie in the ways real ones do: the same mail lies there several times, and a mailbox that was
restored gives every mail another number.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_COMMAND = re.compile(rb"(\S+) +([A-Za-z]+) *(.*?)\r?\n", flags=re.DOTALL)
_SEARCH = re.compile(rb"SEARCH UID (\d+):\*", flags=re.IGNORECASE)
_FETCH = re.compile(
    rb"FETCH (\d+) \(UID BODY\.PEEK\[\](?:<0\.(\d+)>)?\)",
    flags=re.IGNORECASE,
)


class FakeImap:
    """One mailbox, for any user and password."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.validity = 1
        self.down = False
        self.looked: Callable[[], None] = lambda: None
        """Called whenever somebody opens the mailbox, or is turned away."""

    def put(self, raw: bytes, *, times: int = 1) -> None:
        """The mail lies there, so often."""
        self.mails += [raw] * times

    def renumber(self) -> None:
        """As after a restore: what was read before cannot be told by its number."""
        self.validity += 1

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """The port it is read on."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.down:
                self.looked()
                writer.write(b"* BYE not now\r\n")
                return
            writer.write(b"* OK IMAP4rev1 ready\r\n")
            while line := await reader.readline():
                command = _COMMAND.fullmatch(line)
                if command is None:
                    writer.write(b"* BAD what?\r\n")
                    continue
                tag, verb, rest = command[1], command[2].upper(), command[3]
                writer.write(self._answer(verb, rest) + tag + b" " + self._end(verb) + b"\r\n")
                await writer.drain()
                if verb == b"LOGOUT":
                    return
        except ConnectionError:
            return
        finally:
            writer.close()

    def _answer(self, verb: bytes, rest: bytes) -> bytes:
        match verb:
            case b"CAPABILITY":
                return b"* CAPABILITY IMAP4rev1\r\n"
            case b"EXAMINE" | b"SELECT":
                self.looked()
                return (
                    b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] numbers\r\n* OK [UIDNEXT %d] next\r\n"
                ) % (len(self.mails), self.validity, len(self.mails) + 1)
            case b"UID":
                return self._by_uid(rest)
            case b"LOGOUT":
                return b"* BYE until later\r\n"
        return b""

    def _by_uid(self, rest: bytes) -> bytes:
        search, fetch = _SEARCH.fullmatch(rest), _FETCH.fullmatch(rest)
        if search is not None:
            first, last = int(search[1]), len(self.mails)
            # RFC 3501: `n:*` names the last mail also when its number is below n.
            found = range(min(first, last), last + 1) if last else range(0)
            return b"* SEARCH" + b"".join(b" %d" % uid for uid in found) + b"\r\n"
        assert fetch is not None, rest
        uid = int(fetch[1])
        raw = self.mails[uid - 1][: int(fetch[2])] if fetch[2] else self.mails[uid - 1]
        return b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%b)\r\n" % (uid, uid, len(raw), raw)

    def _end(self, verb: bytes) -> bytes:
        return b"OK [READ-ONLY] done" if verb == b"EXAMINE" else b"OK done"
