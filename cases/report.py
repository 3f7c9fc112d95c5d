"""What a door received, as a typed value: the beginning of a case."""

from enum import StrEnum

from cases.values import Instant, Line, Value


class Source(StrEnum):
    """The kinds of door a report can come through."""

    ZENDESK = "zendesk"
    REQUEST_TRACKER = "request-tracker"
    JIRA = "jira"
    SERVICENOW = "servicenow"
    STANDARD = "standard"
    FORM = "form"
    CLI = "cli"
    LINKED = "linked"
    """Another case moved here."""


class TicketRef(Value):
    """A ticket in somebody's tracker."""

    system: str
    """`zendesk`, `request-tracker`, `jira`, `servicenow`, `local`."""
    instance: str
    id: str
    url: str = ""


class Report(Value):
    """One inbound report. The reported text stays where it was: only a reference travels."""

    source: Source
    instance: str
    """Which Zendesk account, which tracker."""
    external_id: str
    delivery: str
    """The dedup key of the delivery that brought it."""
    received_at: Instant
    """When our door had it; a statutory receipt may lie earlier (`receipt_at`)."""
    receipt_at: Instant | None = None
    ticket: TicketRef | None = None
    subject_ref: str | None = None
    """A salted digest of whom the report is about: equal digests mean the same subject."""
    content_ref: str | None = None
    """Where the reported text can be read."""
    content_digest: str | None = None
    """A salted digest of the reported text."""
    tags: tuple[Line, ...] = ()
    fields: dict[str, Line] = {}
    """Form fields that routing may read, already limited to the declared ones."""
    unknown: dict[str, Line] = {}
    """Whatever else was said: kept, never interpreted."""
