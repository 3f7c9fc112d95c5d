"""A notice that gets somebody up is said to the pager as well, once for its step of the case."""

from datetime import timedelta

import structlog

from activities.documents import Documents
from activities.outside import Outside
from activities.voices import Voice
from activities.wording import heading
from cases.notice import PAGES, NoticeEnd, NoticeOrder, RecipientOutcome
from cases.saying import Sayable, Viewer
from integrations.errors import VendorError
from integrations.ports.paging import LOUDNESS, Page, Paging, page_key
from runbooks.plan import Severity
from store import NoticeRow, PageRow, PageState, Urgency

log = structlog.get_logger(__name__)

_OWN_TURN = timedelta(seconds=10)
"""The gateway leaves a new page to the activity for so long."""
_FIRST_AGAIN = timedelta(seconds=2)
"""The gateway goes on from here: it tries as long as the step waits."""


class PagingOut:
    """Says pages to the pager."""

    def __init__(self, outside: Outside, documents: Documents) -> None:
        self._outside = outside
        self._documents = documents

    async def page(self, order: NoticeOrder) -> tuple[RecipientOutcome, ...]:
        """What became of the page at the pager; nothing where the notice gets nobody up.

        It never fails: while the pager does not answer, people are told by the other channels and
        the gateway tries the pager again, until it has taken the page over or nobody needs it.
        """
        pager = self._outside.pager
        if pager is None or order.purpose not in PAGES:
            return ()
        service = pager.service_for(order.role)
        if service is None:
            return ()
        recipient = f"{pager.name}/{service}"
        known = await self._outside.store.notices.sent(order.key, recipient=recipient)
        if known is not None:
            return (_outcome(known),)
        may = await self._documents.may(order, Viewer.PAGER)
        voice = self._outside.locales.for_place(pager.name, service)
        row = await self._outside.store.pages.open(self._row(order, service, may, voice))
        end, detail = await self._ring(pager, row, order, may, voice)
        kept = await self._outside.store.notices.record(
            NoticeRow(
                key=order.key,
                recipient=recipient,
                case=order.case,
                purpose=order.purpose,
                role=order.role,
                channel=pager.name,
                end=end,
                message_id=row.key,
                detail=detail,
                at=order.at,
                locale=voice.locale,
                words=voice.words,
            )
        )
        return (_outcome(kept),)

    def _row(self, order: NoticeOrder, service: str, may: Sayable, voice: Voice) -> PageRow:
        said = f"[{order.severity.value}] {heading(order, voice)} ({order.role})"
        unsaid = voice.say("restricted.heading", number=order.number)
        return PageRow(
            key=page_key(case=order.case, notice=order.key, service=service),
            case=order.case,
            service=service,
            stage=order.stage,
            round=order.round,
            role=order.role,
            severity=order.severity.value,
            summary=said if may.rules and may.severity else unsaid,
            link=f"{self._outside.public_url}/cases/{order.number}",
            at=order.at,
            changed_at=order.at,
            next_at=order.at + _OWN_TURN,
        )

    async def _ring(
        self, pager: Paging, row: PageRow, order: NoticeOrder, may: Sayable, voice: Voice
    ) -> tuple[NoticeEnd, str]:
        pages = self._outside.store.pages
        if row.state is not PageState.WANTED:
            return NoticeEnd.DELIVERED, "known to the pager"
        try:
            async with self._outside.passing(pager.name, urgency=Urgency.FIRST, place=row.service):
                await pager.trigger(page_of(row, may, voice, number=order.number))
        except VendorError as error:
            kind = type(error).__name__
            log.warning("page not taken over", error=kind)
            if error.retryable:
                later = order.at + max(error.retry_after or timedelta(), _FIRST_AGAIN)
                await pages.failed(row.key, failure=kind, at=order.at, next_at=later)
                return NoticeEnd.FELL_BACK, f"{kind}; the gateway tries again"
            await pages.told(row, PageState.REFUSED, at=order.at)
            return NoticeEnd.FELL_BACK, kind
        await pages.told(row, PageState.TRIGGERED, at=order.at)
        return NoticeEnd.DELIVERED, "taken over"


def page_of(row: PageRow, may: Sayable, voice: Voice, *, number: str) -> Page:
    """The page as the pager is told it: out of its row, the same each time.

    Where nobody may know how grave it is, every page rings as loud.
    """
    return Page(
        key=row.key,
        service=row.service,
        summary=row.summary,
        severity=LOUDNESS[Severity(row.severity) if may.severity else Severity.SEV0],
        number=number,
        role=row.role if may.rules else "",
        stage=(row.stage or "") if may.rules else "",
        link=row.link,
        link_title=voice.say("case", number=number),
        at=row.at,
    )


def _outcome(row: NoticeRow) -> RecipientOutcome:
    return RecipientOutcome(
        person=row.recipient, channel=row.channel, end=row.end, detail=row.detail
    )
