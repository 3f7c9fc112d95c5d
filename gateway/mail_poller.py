"""Mail that comes in is looked for: replies become comments, bounces tell somebody else.

A mail never decides anything: who writes "approve" gets a link to the page where it can be done,
at the address the directory has for them. Everything is done before the mail counts as read, and
doing it twice does nothing more.
"""

import asyncio

import structlog

from activities.notify import Notifying
from activities.on_record import StoreLedger
from cases.file import DUTY_MANAGER, INCIDENT_MANAGER
from cases.ids import key_of
from cases.journal import Kind
from cases.notice import NoticeOrder, Purpose
from cases.state import CasePicture
from gateway.casework import open_case
from gateway.doors import Doors, MailDoorParts
from gateway.pacing import keep_going
from integrations.errors import DirectoryError, VendorError
from integrations.imap import Position
from integrations.incoming_mail import IncomingMail, MailKind, read_mail
from integrations.ledger import speaking
from integrations.ports.directory import Person
from integrations.ports.ledger import Behalf
from integrations.ports.messaging import Message, message_id
from runbooks.plan import Severity
from store import IncomingRow, NoticeRow

log = structlog.get_logger(__name__)

KIND = "mail-poller"
CURSOR = "mail/inbox"


class MailPoller:
    """Reads the mailbox, and remembers how far it came."""

    def __init__(self, doors: Doors, parts: MailDoorParts) -> None:
        self._doors = doors
        self._parts = parts
        self._outside = parts.outside
        self._notifying = Notifying(parts.outside)
        self._ledger = StoreLedger(doors.store)

    async def run(self) -> None:
        """The mailbox is read again and again, until this is cancelled."""
        await keep_going(
            KIND,
            self._doors,
            due=asyncio.Event(),
            every=self._parts.every,
            work=self._poll,
            on_silence=self._silent,
        )

    async def _poll(self) -> int:
        doors = self._doors
        try:
            read = await self.once()
        except DirectoryError as error:
            log.warning("the directory does not answer", error=type(error).__name__)
            return 0
        at = await doors.clock.now()
        await doors.store.health.clear(kind="mailbox", key=CURSOR, at=at)
        return read

    async def once(self) -> int:
        """What was new has been dealt with; how many mails that were."""
        deliveries = self._doors.store.deliveries
        remembered = await deliveries.cursor(CURSOR)
        position = Position.read(remembered) if remembered else None
        fetched = await self._parts.inbox.after(position)
        for mail in fetched:
            await self.take(mail.raw)
            await deliveries.set_cursor(CURSOR, value=mail.position.written())
        return len(fetched)

    async def take(self, raw: bytes) -> str:
        """The mail has been dealt with; what it was."""
        doors = self._doors
        mail = read_mail(
            raw,
            domain=self._outside.mail_domain,
            own=self._parts.own,
            authserv=self._parts.authserv,
        )
        if await doors.store.incoming.known(mail.key):
            return "known"
        notice = await doors.store.notices.by_message(mail.answers) if mail.answers else None
        at = await doors.clock.now(notice.case if notice is not None else None)
        row = IncomingRow(
            key=mail.key, kind=mail.kind.value, why=mail.why, proved=mail.proved, received_at=at
        )
        if notice is None:
            why = mail.why or "answers no notice that is known"
            await doors.store.incoming.drop(row.model_copy(update={"why": why}))
            log.info("mail dropped", kind=mail.kind.value, reason=why)
            return mail.kind.value
        if mail.kind is MailKind.BOUNCE:
            # A digest that comes back is several notices, each with an outcome of its own. The mail
            # is known by the last of them: whoever dies in between does the others again.
            several = await doors.store.notices.in_message(notice.message_id or "")
            for number, each in reversed(list(enumerate(several))):
                key = f"{mail.key}#{number}" if number else mail.key
                await self._bounced(mail, each, row.model_copy(update={"key": key}))
        else:
            await self._reply(mail, notice, row)
        log.info("mail taken", kind=mail.kind.value)
        return mail.kind.value

    async def _bounced(self, mail: IncomingMail, notice: NoticeRow, row: IncomingRow) -> None:
        """The notice fell back: the duty manager hears of it, or, the last resort, the watch."""
        doors = self._doors
        status = mail.bounced[0].status
        if notice.purpose is Purpose.BOUNCED:
            # The duty manager's own mail came back: no further mail will help.
            await doors.store.health.alarm(
                kind="notice-lost",
                key=f"{notice.case}/{notice.key}",
                text=f"mail to the duty manager {notice.recipient} comes back ({status})",
                mend="escalate doctor --live; put the address right in the directory",
                at=row.received_at,
            )
        else:
            await self._tell(
                notice,
                key=key_of("bounced", notice.key, notice.recipient),
                purpose=Purpose.BOUNCED,
                role=DUTY_MANAGER,
                step=f"mail {status}",
                out=(notice.recipient,),
            )
        await doors.store.notices.came_back(notice, detail=f"came back: {status}")
        await doors.store.incoming.keep(
            row.model_copy(update={"person": notice.recipient}),
            case=notice.case,
            kind=Kind.DOOR_NOTICE_BOUNCED,
            role=notice.role,
            purpose=notice.purpose.value,
            detail=status,
        )

    async def _reply(self, mail: IncomingMail, notice: NoticeRow, row: IncomingRow) -> None:
        """The words are kept, sealed, and who runs the case hears that there are some."""
        people = await self._doors.directory.snapshot()
        writer = next(
            (person for person in people.people if person.email.lower() == mail.sender), None
        )
        if writer is not None and mail.kind is MailKind.INTENT:
            await self._ask_to_confirm(mail, notice, writer)
        await self._tell(
            notice,
            key=key_of("reply", mail.key),
            purpose=Purpose.INFORMATION,
            role=INCIDENT_MANAGER,
            step="",
            out=(writer.id,) if writer is not None else (),
        )
        await self._doors.store.incoming.keep(
            row.model_copy(update={"person": writer.id if writer is not None else None}),
            case=notice.case,
            kind=Kind.DOOR_MAIL_RECEIVED,
            text=mail.text,
            what=mail.wish or "comment",
            role=notice.role,
            why="the sender's address is in the directory"
            if writer is not None
            else "the sender's address is nobody's in the directory",
        )

    async def _ask_to_confirm(self, mail: IncomingMail, notice: NoticeRow, writer: Person) -> None:
        """Who wished a verdict gets the link to give it; nothing was decided."""
        doors, outside = self._doors, self._outside
        view = await doors.store.views.get(notice.case)
        if view is None:
            return
        case = await open_case(doors, view, person=writer.id, roles=writer.roles)
        if case is None:
            return
        number = case.row.number
        asked = next((each for each in case.allowed() if each.verb == "decide"), None)
        link, says = f"{outside.public_url}/cases/{number}", "reply.not-asked"
        if asked is not None:
            at = await doors.clock.now(notice.case)
            token = await doors.store.locators.mint(
                person=writer.id,
                case=notice.case,
                gate=asked.gate,
                round=asked.round,
                at=at,
                expires_at=at + outside.link_life,
            )
            link, says = f"{outside.public_url}/a/{token}", "reply.asked"
        voice = outside.locales.for_person(writer, zone=outside.zone)
        answer = Message(
            to=writer.email,
            subject=voice.say("reply.subject", number=number),
            text=voice.say("reply.text", number=number, next=voice.say(says), link=link) + "\n",
            language=voice.locale,
            message_id=message_id(domain=outside.mail_domain, key=("intent", mail.key)),
            in_reply_to=mail.answers[0],
            references=(mail.answers[0],),
            case_number=number,
        )
        behalf = Behalf(case=notice.case, key=key_of("intent", mail.key))
        for channel in outside.channels:
            try:
                with speaking(self._ledger, behalf):
                    await channel.messaging.send(answer)
            except VendorError as error:
                if error.retryable:
                    raise
                log.warning("confirmation not sent", error=type(error).__name__)
            else:
                return

    async def _tell(
        self,
        notice: NoticeRow,
        *,
        key: str,
        purpose: Purpose,
        role: str,
        step: str,
        out: tuple[str, ...],
    ) -> None:
        view = await self._doors.store.views.get(notice.case)
        if view is None:
            return
        state = CasePicture.of(view.state)
        title = state.stage or "the case"
        await self._notifying.notify(
            NoticeOrder(
                key=key,
                case=notice.case,
                number=state.number,
                purpose=purpose,
                role=role,
                except_people=tuple(sorted({*state.conflicts, *out})),
                stage_title=title.replace("-", " "),
                severity=Severity(view.line.severity),
                step=step,
                at=await self._doors.clock.now(notice.case),
            )
        )

    async def _silent(self, error: VendorError) -> None:
        await self._doors.store.health.alarm(
            kind="mailbox",
            key=CURSOR,
            text="replies and bounced notices cannot be read",
            mend=error.mend,
            at=await self._doors.clock.now(),
        )
