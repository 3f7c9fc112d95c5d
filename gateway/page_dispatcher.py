"""Pages are kept true on both sides: what happens here is told to the pager, and the other way.

It needs no worker: a page that was answered is called off from the case's picture in the store.
"""

from datetime import datetime, timedelta

import structlog

from activities.at_door import unseen_since, work_at_door
from activities.guarding import unguarded
from activities.on_record import StoreLedger
from activities.paging import page_of
from cases.paged import Standing, standing
from cases.saying import Sayable, Viewer, sayable
from cases.state import CasePicture
from gateway import pager_acts
from gateway.doors import Doors
from gateway.pacing import keep_going
from integrations.errors import DirectoryError, OutageError, VendorError
from integrations.ledger import speaking
from integrations.ports.ledger import Behalf
from integrations.ports.paging import Paging
from store import PagerEvent, PageRow, PageState, Urgency

log = structlog.get_logger(__name__)

KIND = "page-dispatcher"
_FIRST_AGAIN = timedelta(seconds=2)
_LONGEST = timedelta(minutes=5)
_DOUBLINGS = 8


class PageDispatcher:
    """Handles what the pager said, and tells it how each page stands.

    No lease: events become acts under ids of their own and the pager knows pages by their keys,
    so two gateways at once do no harm.
    """

    def __init__(self, doors: Doors, pager: Paging | None) -> None:
        self._doors = doors
        self._pager = pager
        self._ledger = StoreLedger(doors.store)
        self._looked: dict[str, tuple[str, int]] = {}
        """By page: the branch and entry at which there was nothing to tell."""

    async def run(self) -> None:
        """Pages are looked after until this is cancelled."""
        doors = self._doors
        await keep_going(
            KIND, doors, due=doors.pages_due, every=doors.settings.dispatch_poll, work=self.once
        )

    async def once(self) -> int:
        """What is due now has been tried once; how much was done."""
        done = 0
        for event in await self._doors.store.pages.unhandled():
            try:
                done += await self._handle(event)
            except DirectoryError as error:
                # Nobody can be looked up: events wait, and pages go on without them.
                log.warning("the pager's events wait", error=type(error).__name__)
                break
        if self._pager is None:
            return done
        pages = await self._doors.store.pages.standing()
        self._looked = {
            page.key: self._looked[page.key] for page in pages if page.key in self._looked
        }
        heads = await self._doors.store.views.heads({page.case for page in pages})
        for page in pages:
            done += await self._bring_up_to_date(self._pager, page, heads.get(page.case))
        return done

    async def _handle(self, event: PagerEvent) -> int:
        doors = self._doors
        page = await doors.store.pages.get(event.page) if event.page is not None else None
        if page is None and event.incident:
            page = await doors.store.pages.of_incident(event.incident)
        outcome = (
            await pager_acts.take(doors, event, page) if page is not None else "no page of ours"
        )
        at = await doors.clock.now(page.case) if page is not None else await doors.clock.now()
        await doors.store.pages.handled(event, outcome=outcome, at=at, page=page)
        log.info("pager heard", kind=event.kind, found="ours" if page is not None else "nobody's")
        return 1

    async def _bring_up_to_date(
        self, pager: Paging, page: PageRow, seen: tuple[str, int] | None
    ) -> int:
        doors = self._doors
        at = await doors.clock.now(page.case)
        if page.next_at > at:
            return 0
        if seen is None:
            return 0
        if page.state is not PageState.WANTED and self._looked.get(page.key) == seen:
            return 0
        view = await doors.store.views.get(page.case)
        if view is None:
            return 0
        stands = standing(
            CasePicture.of(view.state),
            stage=page.stage,
            round_=page.round,
            paged_at=page.at,
            at=at,
        )
        wanted = _wanted(page.state, stands)
        if wanted is None:
            self._looked[page.key] = seen
            return 0
        unseen = unseen_since(view.line.as_of, at=at)
        if wanted is PageState.TRIGGERED and await work_at_door(
            doors.store, page.case, page.stage, seen=unseen
        ):
            # Recorded, and on its way to the case: nobody is got up before the case has answered.
            return 0
        self._looked.pop(page.key, None)
        rules = (await doors.shelf.by_digest(CasePicture.of(view.state).digest)).pathway
        may = sayable(rules, (Viewer.PAGER,))
        return await self._tell(pager, page, wanted, may, number=view.line.number, at=at)

    async def _tell(
        self,
        pager: Paging,
        page: PageRow,
        wanted: PageState,
        may: Sayable,
        *,
        number: str,
        at: datetime,
    ) -> int:
        doors = self._doors
        behalf = Behalf(case=page.case, key=page.key, attempt=page.attempts + 1)
        passing = doors.telling.passing if doors.telling is not None else unguarded
        try:
            # While the pager is out the pages do not wait for one another's time-outs.
            async with passing(pager.name, urgency=Urgency.FIRST, place=page.service):
                with speaking(self._ledger, behalf):
                    await self._said(pager, page, wanted, may, number=number)
        except VendorError as error:
            await self._failed(page, error, at=at)
            return 0
        await doors.store.pages.told(page, wanted, at=at)
        await doors.store.health.clear(kind="pager", key=page.service, at=await doors.clock.now())
        log.info("pager told", state=wanted.value)
        return 1

    async def _failed(self, page: PageRow, error: VendorError, *, at: datetime) -> None:
        doors = self._doors
        log.warning("the pager does not take it", error=type(error).__name__)
        if not isinstance(error, OutageError):
            # An outage of the whole pager has an alarm of its own.
            await doors.store.health.alarm(
                kind="pager",
                key=page.service,
                text=f"the pager's service {page.service} is not told: {type(error).__name__}",
                mend=error.mend,
                at=await doors.clock.now(),
            )
        if not error.retryable:
            await doors.store.pages.told(page, PageState.REFUSED, at=at)
            return
        wait = min(_FIRST_AGAIN * 2 ** min(page.attempts, _DOUBLINGS), _LONGEST)
        await doors.store.pages.failed(
            page.key,
            failure=type(error).__name__,
            at=at,
            next_at=at + max(error.retry_after or wait, wait),
        )

    async def _said(
        self, pager: Paging, page: PageRow, wanted: PageState, may: Sayable, *, number: str
    ) -> None:
        """The pager has heard it."""
        match wanted:
            case PageState.TRIGGERED:
                voice = self._doors.locales.for_place(pager.name, page.service)
                await pager.trigger(page_of(page, may, voice, number=number))
            case PageState.ACKNOWLEDGED:
                await pager.acknowledge(page.key, service=page.service)
            case PageState.RESOLVED:
                await pager.resolve(page.key, service=page.service)


def _wanted(state: PageState, stands: Standing) -> PageState | None:
    """What the pager still has to hear; None when it knows."""
    match state, stands:
        case PageState.WANTED, Standing.WAITS:
            return PageState.TRIGGERED
        case PageState.WANTED, _:
            # It never rang: nobody is got up for what somebody has.
            return PageState.SUPERSEDED
        case PageState.TRIGGERED, Standing.HAD:
            return PageState.ACKNOWLEDGED
        case ((PageState.TRIGGERED | PageState.ACKNOWLEDGED), Standing.ANSWERED):
            return PageState.RESOLVED
    return None
