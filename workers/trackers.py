"""The ticket systems of an installation: adapters out of settings, and how the doors use each."""

from collections.abc import Sequence

import httpx

from cases.report import Source
from gateway.doors import Tracker
from integrations.jira import Jira
from integrations.jira_service import JiraService
from integrations.jira_site import STATUSES, JiraSite, JiraWords
from integrations.ports.clock import Clock
from integrations.ports.ticketing import Ticketing, TicketStatus
from integrations.request_tracker import RequestTracker
from integrations.servicenow import ServiceNow
from integrations.servicenow_site import ServiceNowSite
from integrations.zendesk import Zendesk
from workers.errors import NotSetUpError
from workers.settings import Settings


def trackers(settings: Settings, *, http: httpx.AsyncClient, clock: Clock) -> Sequence[Tracker]:
    """Every vendor's tracker that is connected, the one that cases open tickets in first."""
    making = (_request_tracker, _zendesk, _jira, _servicenow)
    made = (make(settings, http=http, clock=clock) for make in making)
    found = [tracker for tracker in made if tracker is not None]
    wanted = settings.tickets.open_in
    if wanted is not None and all(each.source.value != wanted for each in found):
        message = f"ESCALATE_TICKETS__OPEN_IN names {wanted}, which is not connected"
        raise NotSetUpError(message, mend="Connect it, or name one that is: `escalate doctor`.")
    return sorted(found, key=lambda each: each.source.value != wanted)


def _request_tracker(
    settings: Settings, *, http: httpx.AsyncClient, clock: Clock
) -> Tracker | None:
    rt = settings.rt
    if rt.url is None:
        return None
    adapter = RequestTracker(
        http,
        url=str(rt.url).rstrip("/"),
        user=rt.user or "escalate",
        password=rt.password.get_secret_value() if rt.password is not None else None,
        token=rt.token.get_secret_value() if rt.token is not None else None,
        queues=(rt.queue,),
        clock=clock,
    )
    return Tracker(
        source=Source.REQUEST_TRACKER,
        tickets=adapter,
        instance=adapter.instance,
        polls=True,
        queue=rt.queue,
        opens_in=rt.queue,
        every=rt.every,
    )


def _zendesk(settings: Settings, *, http: httpx.AsyncClient, clock: Clock) -> Tracker | None:
    zendesk = settings.zendesk
    if zendesk.subdomain is None or not zendesk.email or zendesk.token is None:
        return None
    url = zendesk.base_url or f"https://{zendesk.subdomain}.zendesk.com"
    adapter = Zendesk(
        http,
        url=str(url).rstrip("/"),
        email=zendesk.email,
        token=zendesk.token.get_secret_value(),
        clock=clock,
        instance=zendesk.subdomain,
    )
    return Tracker(source=Source.ZENDESK, tickets=adapter, instance=adapter.instance)


def _jira(settings: Settings, *, http: httpx.AsyncClient, clock: Clock) -> Tracker | None:
    jira = settings.jira
    if jira.url is None or jira.token is None:
        return None
    site = JiraSite(
        url=str(jira.api_url or jira.url).rstrip("/"),
        people=str(jira.url).rstrip("/"),
        token=jira.token.get_secret_value(),
        email=jira.email,
        projects=jira.projects,
        issue_type=jira.issue_type,
        desk=jira.desk,
        request_type=jira.request_type,
        words=JiraWords(
            statuses={
                TicketStatus.OPEN: jira.open_status or STATUSES[TicketStatus.OPEN],
                TicketStatus.PENDING: jira.pending_status or STATUSES[TicketStatus.PENDING],
                TicketStatus.SOLVED: jira.solved_status or STATUSES[TicketStatus.SOLVED],
            }
        ),
    )
    kind = JiraService if jira.desk else Jira
    adapter = kind(http, site, clock=clock)
    return Tracker(
        source=Source.JIRA,
        tickets=adapter,
        instance=adapter.instance,
        polls=jira.poll,
        opens_in=jira.project,
        every=jira.every,
    )


def _servicenow(settings: Settings, *, http: httpx.AsyncClient, clock: Clock) -> Tracker | None:
    servicenow = settings.servicenow
    if servicenow.url is None or servicenow.user is None:
        return None
    password, token = servicenow.password, servicenow.token
    site = ServiceNowSite(
        url=str(servicenow.url).rstrip("/"),
        user=servicenow.user,
        password=password.get_secret_value() if password is not None else "",
        token=token.get_secret_value() if token is not None else None,
        table=servicenow.table,
        group=servicenow.group,
        close_code=servicenow.close_code,
        hold_reason=servicenow.hold_reason,
    )
    adapter = ServiceNow(http, site, clock=clock)
    return Tracker(
        source=Source.SERVICENOW,
        tickets=adapter,
        instance=adapter.instance,
        polls=True,
        every=servicenow.every,
    )


def tickets_of(found: Sequence[Tracker]) -> dict[str, Ticketing]:
    """The trackers by the name that tickets know their system by."""
    return {tracker.source.value: tracker.tickets for tracker in found}
