"""Notices: who must be told what, and the outcome each of them ends in (I10)."""

from datetime import timedelta
from enum import StrEnum

from pydantic import JsonValue

from cases.envelope import ActEnvelope
from cases.values import Instant
from runbooks.compact import Compact
from runbooks.plan import Obeys, Severity


class Purpose(StrEnum):
    """Why somebody is told."""

    WORK = "work"
    """A stage waits for your role."""
    ASK = "ask"
    """A round asks for your verdict."""
    ASK_AGAIN = "ask-again"
    """The facts changed: your earlier verdict no longer counts."""
    REMIND = "remind"
    PAGE = "page"
    INFORMATION = "information"
    """Something you asked for, or are asked for."""
    TASK = "task"
    """An effect is yours to do by hand."""
    FAILED = "failed"
    """An effect failed and needs a person."""
    BREACH = "breach"
    RAISED = "raised"
    REVIEW = "review"
    """A hold has reached its review date."""
    CLOSED = "closed"
    OWED = "owed"
    """Something owed after closing is yours, or is due."""
    BOUNCED = "bounced"
    """A notice to somebody else came back undelivered: reach them another way."""
    TICKET = "ticket"
    """Somebody did something to the case's ticket in its tracker; that decides nothing."""
    RULE = "rule"
    """An interim rule has been issued, is about to expire, or has expired."""
    LAPSED = "lapsed"
    """Somebody said "I have it", and nothing has been done since."""
    EXHAUSTED = "exhausted"
    """Every step of an escalation policy has come, and nobody has said that they have it."""
    UPDATE = "update"
    """How the case stands, or that nobody has said so yet."""


PAGES = frozenset({Purpose.PAGE, Purpose.RAISED, Purpose.BREACH, Purpose.LAPSED, Purpose.EXHAUSTED})
"""Notices that get somebody up."""


class NoticeEnd(StrEnum):
    """The outcomes a notice can end in; none of them is silence."""

    DELIVERED = "delivered"
    """Handed to the recipient's mail system, or to the local outbox."""
    FELL_BACK = "fell-back"
    """Could not be delivered; the next in line was told instead."""
    SUPERSEDED = "superseded"
    """Not sent: the question was decided or replaced before."""
    ACKNOWLEDGED = "acknowledged"
    """Not sent, or not sent on: somebody said that they have it before."""
    BUNDLED = "bundled"
    """Goes with the recipient's digest; what becomes of it then is on the door's record."""
    HELD = "held"
    """Kept until the recipient's hours: not an end, the notice is sent then."""
    PASSED_ON = "passed-on"
    """Nobody of this step could be reached: the policy's next step comes at once."""
    READ = "read"
    """Not sent again on another channel: it had been read."""
    UNREAD = "unread"
    """Nobody has read it, and no other channel leads to them: the next step comes at once."""
    ALREADY_TOLD = "already-told"
    """The recipient had been told the same in another role: once is enough."""
    UNDELIVERED = "undelivered"
    """Every attempt failed: the watch raises an alarm."""
    NOBODY = "nobody-to-notify"
    """Neither the role nor the duty manager has anybody: the watch raises an alarm."""


class StepNotice(Compact):
    """What a notice owes to the escalation policy it is a step of."""

    run: str
    passage: int
    step: int
    """Counted from one; 0 when the policy is exhausted."""
    person: str = ""
    """Told whatever their roles are."""
    on_call: str = ""
    """The team whose person on call is told."""
    onward: bool = False
    """Another step follows: where nobody can be reached it comes at once."""
    obeys: Obeys | None = None
    since: Instant | None = None
    """When its time began to count."""
    after: timedelta = timedelta()
    pierced_by: Severity = Severity.SEV1
    lapsed: tuple[str, ...] = ()
    """Who said that they have it and let it lapse."""
    unread_of: str = ""
    """The key of the notice that is sent again to those who have not read it."""
    way: int = 0
    """How many of a recipient's channels are passed over: they have been tried."""


class NoticeOrder(Compact):
    """One notice to a role, or to one person of it."""

    key: str
    """Idempotency key: the same notice is never sent twice to the same recipient."""
    case: str
    number: str
    purpose: Purpose
    role: str
    person: str | None = None
    except_people: tuple[str, ...] = ()
    """Who has declared a conflict and is not told."""
    stage: str | None = None
    stage_title: str = ""
    round: int | None = None
    nonce: str | None = None
    severity: Severity
    due_at: Instant | None = None
    step: str = ""
    """`75%`, `50m`: which late step this is."""
    runbook: str = ""
    """The digest of the version whose words it has, where the case was moved to another one."""
    of_step: StepNotice | None = None
    """Set for a step of an escalation policy."""
    lapsed: tuple[str, ...] = ()
    """Who let an acknowledgement lapse, where no policy pages for it."""
    heard: tuple[str, ...] = ()
    """Ids of acts the case had while the notice was being sent: it is sent in spite of them."""
    at: Instant


class RecipientOutcome(Compact):
    """What became of a notice for one recipient."""

    person: str
    channel: str
    end: NoticeEnd
    detail: str = ""
    """Vendor status or error type, never content."""


class OnCallNote(Compact):
    """What a rota said of a role when the notice was sent."""

    team: str
    as_of: Instant
    source: str = ""
    digest: str = ""
    """SHA-256 over what the source said."""
    on_call: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    """On call, and not told: without the role, or out of the case by a conflict."""
    strangers: int = 0
    """On call, and unknown to the directory of people."""
    trouble: str = ""
    """Why it could not be asked: the error's type. Everybody of the role was told then."""

    def said(self) -> dict[str, JsonValue]:
        """As the journal has it: only what there is to say."""
        return self.model_dump(mode="json")


class AtDoor(Compact):
    """An act that was recorded at the door and that the case has not answered yet."""

    act: str
    """Its id."""
    envelope: ActEnvelope


class NoticeResult(Compact):
    """What became of a notice; `directory_digest` says which directory chose the people."""

    end: NoticeEnd
    recipients: tuple[RecipientOutcome, ...] = ()
    later: Instant | None = None
    """When the next of those can be told whose hours it is kept for."""
    directory_digest: str = ""
    directory_as_of: Instant | None = None
    on_call: tuple[OnCallNote, ...] = ()
    """What rotas said, in the order they were asked."""
    acts: tuple[AtDoor, ...] = ()
    """Set: nothing (more) was sent, since somebody may have it; the case hears these acts first."""
