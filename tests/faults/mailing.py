"""Mail in a storm: a server that greylists, and a mailbox in which every answer lies five times."""

import email
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from aiosmtpd import smtp

from cases.journal import Kind
from cases.notice import NoticeEnd, Purpose
from store import Store
from tests.fakes.imap import FakeImap
from tests.faults.weather import Lived, People, Quiet
from tests.integrations.mails import reply
from tests.integrations.test_smtp import Scripted, running

_COPIES = 5


class Mail(Scripted):
    """A mail server that greylists: it takes a message at its second try only."""

    name = "mail"

    def __init__(self) -> None:
        super().__init__()
        self.met: Counter[str] = Counter()
        self.port = 0
        self._grey = False
        self._seen: set[str] = set()
        self._judged: set[str] | None = None
        self._strange: set[str] = set()

    @property
    def environ(self) -> Mapping[str, str]:
        """The one channel to a person: without it, and without a room, nobody is told."""
        return {
            "FAULT_MAIL_ONLY": "1",
            "ESCALATE_SMTP__HOST": "127.0.0.1",
            "ESCALATE_SMTP__PORT": str(self.port),
            "ESCALATE_SMTP__TLS": "none",
        }

    @property
    def known(self) -> Mapping[str, str]:
        """Everybody has an address already."""
        return {}

    @property
    def carried(self) -> Mapping[str, int]:
        """Mails, and those of them that came again because nobody heard that they had come."""
        ids = [_message_id(content) for content in self.taken]
        return {"mails": len(set(ids)), "mails that came again": len(ids) - len(set(ids))}

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """It listens on a port of this machine."""
        async with running(self) as self.port:
            yield

    def begin(self, trouble: str) -> None:
        """`greylisting`."""
        self._grey = True

    def end(self, trouble: str) -> None:
        """It takes everything at once."""
        self._grey = False

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, srv: smtp.SMTP, session: smtp.Session, envelope: smtp.Envelope
    ) -> str:
        """Refused for now, the first time a message is seen."""
        assert isinstance(envelope.content, bytes)
        id_ = _message_id(envelope.content)
        if self._grey and id_ not in self._seen:
            self._seen.add(id_)
            self.met["greylisting"] += 1
            return "451 4.7.1 greylisted, try again"
        return await super().handle_DATA(srv, session, envelope)

    async def meet(self, case: Lived, stage: str, people: People) -> None:
        """Nobody does anything there."""

    async def calm(self, store: Store, cases: Sequence[Lived]) -> bool:
        """Every mail that had come when we first looked is on record as somebody's notice.

        Those of what is owed after closing too: they have rows like all others, and whatever goes
        out while we look is not judged.
        """
        if self._judged is None:
            self._judged = {_message_id(content) for content in self.taken}
            self._strange = set(self._judged)
        for id_ in list(self._strange):
            if await store.notices.by_message([id_]) is not None:
                self._strange.discard(id_)
        return not self._strange

    def wrong(self, cases: Sequence[Lived]) -> dict[str, int]:
        """Every notice ended, nobody was asked one thing twice, and mails and notices are one."""
        ids = {_message_id(content) for content in self.taken}
        rows = [row for case in cases for row in case.notices]
        mailed = [row for row in rows if row.channel == self.name]
        asked = Counter(
            (row.case, row.recipient, row.about)
            for row in rows
            if row.about is not None and row.end is NoticeEnd.DELIVERED
        )
        # One that ended before it was ordered, since somebody had the work, has no key.
        ordered, ended = (
            [
                (case.number, entry.body["key"])
                for case in cases
                for entry in case.entries
                if entry.kind is kind and "key" in entry.body
            ]
            for kind in (Kind.NOTICE_ORDERED, Kind.NOTICE_ENDED)
        )
        return {
            "questions asked twice": sum(count - 1 for count in asked.values()),
            "notices ordered twice": len(ordered) - len(set(ordered)),
            "notices without an end": len(set(ordered) - set(ended)),
            "notices without their mail": sum(
                row.message_id is None or row.message_id not in ids for row in mailed
            ),
            "mails of no notice": len(self._strange),
        }


class Mailbox(Quiet):
    """Lena answers every question by mail; her mail lies there five times, and is read again."""

    name = "mailbox"

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()
        self.imap = FakeImap()
        self.imap.looked = self._looked
        self.port = 0
        self._troubles: set[str] = set()
        self._written: set[str] = set()

    @property
    def environ(self) -> Mapping[str, str]:
        """The sender's own mailbox."""
        return {
            "ESCALATE_IMAP__HOST": "127.0.0.1",
            "ESCALATE_IMAP__PORT": str(self.port),
            "ESCALATE_IMAP__TLS": "none",
            "ESCALATE_IMAP__USER": "robot",
            "ESCALATE_IMAP__PASSWORD": "any",
            "ESCALATE_IMAP__EVERY": "1s",
        }

    @property
    def carried(self) -> Mapping[str, int]:
        """Answers, and copies of them."""
        return {"answers": len(self._written), "copies": len(self.imap.mails)}

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """It is read on a port of this machine."""
        async with self.imap.serving() as self.port:
            yield

    def begin(self, trouble: str) -> None:
        """`duplicates`, `renumbered` (as after a restore) or `down`."""
        self._troubles.add(trouble)
        self.imap.down = "down" in self._troubles
        if trouble == "renumbered":
            self.imap.renumber()

    def end(self, trouble: str) -> None:
        """What was once there twice stays."""
        self._troubles.discard(trouble)
        self.imap.down = "down" in self._troubles

    async def meet(self, case: Lived, stage: str, people: People) -> None:
        """Lena's answer lies there, as soon as she was asked."""
        if stage != "legal-review":
            return

        async def asked() -> str | None:
            rows = await people.store.notices.by_case(case.id)
            return next(
                (
                    row.message_id
                    for row in rows
                    if (row.purpose, row.recipient, row.channel) == (Purpose.ASK, "lena", "mail")
                ),
                None,
            )

        notice = await people.until(asked, what=f"the mail that asks Lena in case {case.number}")
        own = f"<answer-{case.number}@demo.example>"
        raw = reply("I look.", in_reply_to=notice, references=notice, message_id=own)
        self._written.add(case.number)
        duplicates = "duplicates" in self._troubles
        self.imap.put(raw, times=_COPIES if duplicates else 1)
        self.met["duplicates"] += duplicates

    async def calm(self, store: Store, cases: Sequence[Lived]) -> bool:
        """Everything was read to its end."""
        cursor = await store.deliveries.cursor("mail/inbox")
        return cursor == f"{self.imap.validity}:{len(self.imap.mails)}"

    def wrong(self, cases: Sequence[Lived]) -> dict[str, int]:
        """Every answer is with its case, once."""
        kept = [
            (case.number in self._written)
            - sum(entry.kind is Kind.DOOR_MAIL_RECEIVED for entry in case.door)
            for case in cases
        ]
        return {
            "answers lost": sum(each for each in kept if each > 0),
            "answers doubled": sum(-each for each in kept if each < 0),
        }

    def _looked(self) -> None:
        for trouble in ("down", "renumbered"):
            if trouble in self._troubles:
                self.met[trouble] += 1


def _message_id(content: bytes) -> str:
    return str(email.message_from_bytes(content)["Message-ID"])
