"""What goes into a case's workflow and comes out of it."""

from typing import Any, TypeVar

from pydantic import SerializerFunctionWrapHandler, model_serializer

from cases.envelope import ActEnvelope
from cases.report import Report, Source, TicketRef
from cases.values import Inbound, Instant, Line, Value
from runbooks.plan import FollowUp, Pathway, Severity

WORKFLOW = "Escalation"
OBLIGATION = "Obligation"
ACT_UPDATE = "act"
ACT_SIGNAL = "act_submitted"
REPORT_SIGNAL = "report_received"
JOINED_SIGNAL = "report_joined"
TICKET_SIGNAL = "ticket_updated"
KEYS_SIGNAL = "keys_revoked"
MERGE_UPDATE = "merge_away"
"""Another case asks this one to become part of it, with a person's signed act."""
CANCEL_UPDATE = "cancel_along"
"""The case this one is part of is cancelled with its sub-cases, by a person's signed act."""
BACK_UPDATE = "give_back"
"""A case that was part of this one says that it is none any more, with a person's signed act."""
PICTURE_QUERY = "picture"


class RoutedBy(Value):
    """Why the case runs on this runbook."""

    reason: str
    row: str = ""
    digest: str = ""
    """Which routing table said so."""


class Reopened(Value):
    """What the new run of a reopened case is started with beside its state."""

    envelope: ActEnvelope
    """The signed act that reopens it: the run checks it and does nothing without it."""
    run: str
    """The run that wrote the journal's last entry."""
    owed: tuple[str, ...] = ()
    """What the case owes by now, by name."""


class CaseInput(Value):
    """Everything a case needs to run: ≤ 8 KB deflated; large things go by digest (design §3.5)."""

    case: str
    number: str
    report: Report
    pathway: Pathway
    routed: RoutedBy
    severity: Severity
    severity_row: str
    severity_because: str
    answers: dict[str, str] = {}
    """Intake answers that routing filled in."""
    root_key: str
    """The root's public key, base64: the only key this case trusts by itself."""
    salt: str
    """The case's commitment salt, base64; it travels encrypted."""
    same_subject: tuple[str, ...] = ()
    """Numbers of open cases about the same subject: attach or keep apart is asked."""
    linked_from: str = ""
    continue_after: int | None = None
    """Continue as new after so many events; None leaves it to the server."""
    shadow: bool = False
    """It runs beside today's process: what would leave the house is recorded and not done."""
    reopened: Reopened | None = None
    """Set: the case had ended, and this run was begun by an act."""
    edition: int = 0
    """What a case does by itself, as of its beginning (`cases.file.EDITION`); 0: before there was
    any."""
    leaf_first: bool = False
    """Its decisions and irreversible effects wait until the transparency log has their entries."""
    urgent_queue: str = ""
    """The task queue of what cannot wait while the case is SEV0 or SEV1; empty: its own queue.

    Pinned, so that a history asks for the same queue in every replay, wherever it is replayed.
    """

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # The case commits to its input: one of an earlier release must read as it did.
        written = _without(handler(self), "shadow", unless=self.shadow)
        written = _without(written, "urgent_queue", unless=bool(self.urgent_queue))
        written = _without(written, "reopened", unless=self.reopened is not None)
        written = _without(written, "leaf_first", unless=self.leaf_first)
        return _without(written, "edition", unless=bool(self.edition))


class ReportReceived(Inbound):
    """A further delivery for a case that already runs."""

    delivery: str
    source: Source
    at: Instant
    case: str = ""
    number: str = ""
    why: str = "same-ticket"


class ReportJoined(Inbound):
    """Another report of the same matter, put into this case by a rule."""

    delivery: str
    source: Source
    at: Instant
    matter: str
    """What the reports have in common, as a keyed hash."""
    because: str


class TicketUpdated(Inbound):
    """Somebody changed the ticket in its tracker: recorded, never a decision."""

    delivery: str
    at: Instant
    ticket: TicketRef
    status: str = ""
    tags: tuple[Line, ...] = ()
    """Of a shadow case's ticket: part of the answer of today's process."""
    what: str = ""
    """What somebody did there: `comment`, `reply`, `status`, `priority`, `owner`, `merged`,
    `deleted`, `approval`, `opened`, `other`; empty in the news of an earlier release."""
    priority: Line = ""
    """The tracker's word for the priority it has now."""
    into: TicketRef | None = None
    """The ticket that takes its place: it was merged, or stands for a placeholder of ours."""

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # The case commits to its news: that of an earlier release must read as it did.
        written = _without(handler(self), "tags", unless=bool(self.tags))
        written = _without(written, "what", unless=bool(self.what))
        written = _without(written, "priority", unless=bool(self.priority))
        return _without(written, "into", unless=self.into is not None)


class KeysRevoked(Inbound):
    """A door's signing keys that are no longer to be trusted."""

    revocation: str
    """A note signed by the root, exact bytes."""
    signature: str


class Revocation(Inbound):
    """What a revocation note says."""

    keys: tuple[str, ...]
    at: Instant
    reason: str = ""


class CaseOutcome(Value):
    """How the case ended, and the head of its journal."""

    case: str
    number: str
    status: str
    disposition: str
    sequence: int
    head: str


class ObligationInput(Value):
    """Everything an obligation needs to run, for years, when its case has long been sealed."""

    case: str
    number: str
    plan: FollowUp
    severity: Severity
    due_at: Instant
    """As the case recorded it when it closed."""
    conflicts: tuple[str, ...] = ()
    """Who declared a conflict on the case: they are not told, and cannot settle."""
    root_key: str
    """The root's public key, base64: the only key this obligation trusts by itself."""
    salt: str
    """The case's commitment salt, base64; it travels encrypted."""
    continue_after: int | None = None
    """Continue as new after so many events; None leaves it to the server."""
    edition: int = 0
    """What it does by itself, as of its beginning, like a case's."""

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # It commits to its input: one of an earlier release must read as it did.
        return _without(handler(self), "edition", unless=bool(self.edition))


class ObligationOutcome(Value):
    """How the obligation was settled at last, and the head of its journal."""

    case: str
    obligation: str
    answer: str
    turns: int
    sequence: int
    head: str


Request = TypeVar("Request", CaseInput, ObligationInput)


def _without(written: dict[str, Any], name: str, *, unless: bool) -> dict[str, Any]:
    """What was written, less a field that says nothing."""
    return written if unless else {key: value for key, value in written.items() if key != name}


def arguments(request: Request) -> list[Request | None]:
    """What a workflow is started with: always both arguments.

    The SDK reads typed arguments only when as many arrive as the workflow declares.
    """
    return [request, None]
