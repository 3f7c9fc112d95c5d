"""Adapters: what was delivered, as a typed report or as news about a ticket (design §3.2)."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cases.report import Report, Source, TicketRef
from cases.values import Instant
from gateway.standard_body import CHANGED, OPENED, parse_standard
from integrations.errors import UnreadableBodyError
from integrations.jira_body import JiraEvent, JiraNews, parse_jira
from integrations.ports.ticketing import NewTicket, TicketChange
from integrations.wire import read_json
from integrations.zendesk_body import ZendeskEvent, ZendeskNews, parse_zendesk

FOUND = "found/"
"""How the key of a delivery begins that we looked for in a tracker which pushes as well."""

_ONLY_FOUND = frozenset({Source.REQUEST_TRACKER, Source.SERVICENOW})

REFERENCE_FIELDS = ("about", "subject-reference")
"""Form fields that name whom a report is about, in the order they are looked for."""

_MOST_UNKNOWN = 20
_LINE = 500


@dataclass(frozen=True)
class Arrival:
    """What a door must know of a delivery before it stores it."""

    source: Source
    instance: str
    external_id: str
    opens: bool
    """Whether it may open a case; news about an unknown ticket may not."""
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] | None = None
    about: str = ""
    content_ref: str = ""
    receipt_at: Instant | None = None
    ticket: TicketRef | None = None
    status: str = ""
    what: str = ""
    """What somebody did to the ticket, as `TicketUpdated.what` calls it."""
    priority: str = ""
    queue: str = ""
    at: Instant | None = None
    """When it happened, as the sender says."""
    into: TicketRef | None = None
    """The ticket that takes its place."""
    actor: str = ""
    """Who did it, as the sender calls them; empty where it does not say."""
    marked: bool = False
    """It bears a mark of ours: an echo, whoever's account it came by."""
    unknown: Mapping[str, Any] | None = None


def read_arrival(
    source: Source,
    body: bytes,
    *,
    instance: str,
    found: bool = False,
    form: Mapping[str, str] | None = None,
) -> Arrival | None:
    """The delivery's meaning; None for an authentic one that is of no concern to a case.

    `found` is what we looked for ourselves: no sender's body is ever read that way. `form` names
    the fields of a Jira site that are read.
    """
    if found:
        return _ticket(read_json(body), source=source)
    match source:
        case Source.ZENDESK:
            return _zendesk(parse_zendesk(body), instance=instance)
        case Source.JIRA:
            return _jira(parse_jira(body, form=form), instance=instance)
        case Source.REQUEST_TRACKER | Source.SERVICENOW:
            raise UnreadableBodyError("not a poller's find")
        case _:
            return _standard(body, source=source)


def key_of_find(source: Source, delivery: str) -> str:
    """The dedup key of what we found."""
    return f"{'' if source in _ONLY_FOUND else FOUND}{source.value}:{delivery}"


def is_find(source: Source, key: str) -> bool:
    """Whether the delivery is one that we looked for ourselves."""
    return source in _ONLY_FOUND or key.startswith(FOUND)


def write_ticket(news: NewTicket | TicketChange) -> bytes:
    """A poller's find as the bytes of a delivery; the same find has the same bytes."""
    kind = "new" if isinstance(news, NewTicket) else "change"
    said = news.model_dump(mode="json")
    content = {"kind": kind, "news": said}
    if isinstance(news, TicketChange):
        # A find of an earlier release has the same bytes: its key is known.
        for name in ("priority", "into"):
            if said[name] is None:
                del said[name]
    return json.dumps(content, sort_keys=True, ensure_ascii=False).encode()


def report_of(
    arrival: Arrival,
    *,
    delivery: str,
    body: bytes,
    received_at: datetime,
    salt: bytes,
    subject_ref: str | None,
    declared: frozenset[str],
) -> Report:
    """The report as it travels: references and salted digests, no reported text (I13)."""
    fields = arrival.fields or {}
    unknown = dict(arrival.unknown or {})
    unknown.update({name: value for name, value in fields.items() if name not in declared})
    return Report(
        source=arrival.source,
        instance=arrival.instance,
        external_id=arrival.external_id,
        delivery=delivery,
        received_at=received_at,
        receipt_at=arrival.receipt_at,
        ticket=arrival.ticket,
        subject_ref=subject_ref,
        content_ref=arrival.content_ref or (arrival.ticket.url if arrival.ticket else "") or None,
        content_digest=salted(salt, body),
        tags=tuple(tag[:_LINE] for tag in arrival.tags[:_MOST_UNKNOWN]),
        fields={name: value for name, value in fields.items() if name in declared},
        unknown={
            name[:_LINE]: salted(salt, json.dumps(value, sort_keys=True, default=str).encode())
            for name, value in sorted(unknown.items())[:_MOST_UNKNOWN]
        },
    )


def salted(salt: bytes, data: bytes) -> str:
    """A digest nobody without the salt can guess from."""
    return hmac.new(salt, data, hashlib.sha256).hexdigest()


def _zendesk(event: ZendeskEvent, *, instance: str) -> Arrival | None:
    if event.news is ZendeskNews.OTHER or event.ticket_id is None:
        return None
    return Arrival(
        source=Source.ZENDESK,
        instance=instance,
        external_id=event.ticket_id,
        opens=event.news is ZendeskNews.OPENED,
        tags=event.tags,
        fields=event.fields,
        about=_about(event.fields),
        ticket=TicketRef(system="zendesk", instance=instance, id=event.ticket_id, url=event.url),
        status=event.status,
        what=_what(event),
        priority=event.priority,
        at=event.at,
        actor=event.actor,
        unknown=event.unknown,
    )


def _jira(event: JiraEvent, *, instance: str) -> Arrival | None:
    if event.news is JiraNews.NOTHING:
        return None
    return Arrival(
        source=Source.JIRA,
        instance=instance,
        external_id=event.id,
        opens=event.news is JiraNews.OPENED,
        tags=event.labels,
        fields=event.fields,
        about=_about(event.fields),
        ticket=TicketRef(
            system="jira", instance=instance, id=event.id, url=f"{event.site}/browse/{event.key}"
        ),
        status=event.status,
        what=event.news.value,
        priority=event.priority,
        queue=event.project,
        at=event.at,
        actor=event.actor,
        marked=event.marked,
    )


def _standard(body: bytes, *, source: Source) -> Arrival | None:
    event = parse_standard(body)
    if event.type not in (OPENED, CHANGED):
        return None
    data = event.data
    return Arrival(
        source=source,
        instance=event.source,
        external_id=event.external_id,
        opens=event.type == OPENED,
        tags=data.tags,
        fields=data.fields,
        about=data.about or _about(data.fields),
        content_ref=data.content_ref,
        receipt_at=data.receipt_at,
        ticket=data.ticket,
        status=data.status or "",
        unknown=event.unknown,
    )


def _ticket(content: dict[str, Any], *, source: Source) -> Arrival:
    try:
        kind, news = content["kind"], content["news"]
        if kind == "new":
            new = NewTicket.model_validate(news)
            return Arrival(
                source=source,
                instance=new.ticket.instance,
                external_id=new.ticket.id,
                opens=True,
                tags=new.tags,
                fields=new.fields,
                about=_about(new.fields),
                ticket=new.ticket,
                status=new.status,
            )
        change = TicketChange.model_validate(news)
    except (KeyError, ValueError) as error:
        raise UnreadableBodyError("not a poller's find") from error
    return Arrival(
        source=source,
        instance=change.ticket.instance,
        external_id=change.ticket.id,
        opens=False,
        ticket=change.ticket,
        status=change.status or "",
        what=change.kind,
        priority=change.priority or "",
        at=change.at,
        into=change.into,
        actor=change.actor,
    )


def _what(event: ZendeskEvent) -> str:
    known = {
        "comment_added": "comment",
        "status_changed": "status",
        "priority_changed": "priority",
        "agent_assignment_changed": "owner",
        "group_assignment_changed": "owner",
        "merged": "merged",
        "soft_deleted": "deleted",
        "permanently_deleted": "deleted",
        "created": "opened",
    }
    return known.get(event.type.rpartition(".")[2], "other")


def _about(fields: Mapping[str, str]) -> str:
    return next((fields[name] for name in REFERENCE_FIELDS if fields.get(name)), "")
