"""What the watch can find, and what each kind is called in a mail."""

from datetime import datetime
from enum import StrEnum

from cases.values import Value


class FindingKind(StrEnum):
    """The kinds the watch finds by itself; others raise alarms of their own kinds."""

    OVERDUE = "watch-overdue"
    NO_WORKER = "watch-no-worker"
    NO_GATEWAY = "watch-no-gateway"
    OUTBOX_STUCK = "watch-outbox-stuck"
    OBLIGATION_DUE = "watch-obligation-due"
    LOG_BEHIND = "watch-log-behind"
    LOG_HOLDS = "watch-log-holds"
    LOG_GLASS = "watch-log-break-glass"
    UNSEALED = "watch-unsealed"
    UNSTAMPED = "watch-unstamped"
    UNWITNESSED = "watch-unwitnessed"
    HIDDEN = "watch-hidden"
    STORE_DOWN = "watch-store-down"


class Finding(Value):
    """Something a person must hear about: opaque words only, and what to do."""

    kind: str
    key: str
    text: str
    mend: str
    told_at: datetime | None = None


TITLES: dict[str, str] = {
    FindingKind.OVERDUE: "cases did not move when they should have",
    FindingKind.NO_WORKER: "no worker runs",
    FindingKind.NO_GATEWAY: "no gateway runs",
    FindingKind.OUTBOX_STUCK: "acts or reports are recorded and not applied",
    FindingKind.OBLIGATION_DUE: "work owed after closing is due, and nothing happens",
    FindingKind.LOG_BEHIND: "entries wait for the transparency log",
    FindingKind.LOG_HOLDS: "decisions wait for the transparency log",
    FindingKind.LOG_GLASS: "decisions go on, or went on, without the transparency log",
    FindingKind.UNSEALED: "runs have ended and are not sealed",
    FindingKind.UNSTAMPED: "the transparency log is not time-stamped any more",
    FindingKind.UNWITNESSED: "witnesses do not vouch for the transparency log any more",
    FindingKind.STORE_DOWN: "the store cannot be used",
    FindingKind.HIDDEN: "a rule hides many reports",
    "emergency-opened": "a case was opened in an emergency, and nobody could be told",
    "emergency-unreviewed": "emergency openings were not reviewed in time",
    "grant-asked": "somebody asks to read a case, and nobody could be told",
    "many-reports": "a case has gathered many reports",
    "worker-barred": "workers have stopped because their key was revoked",
    "worker-refused": "workers of code that nobody certified want to work",
    "pager": "a pager does not take our pages",
    "channel-out": "a channel does not answer",
    "notice-lost": "notices reached nobody",
    "obligation-not-started": "work owed after closing cannot be started",
    "card-open": "cards in a chat still ask what has been decided",
    "dead-act": "acts could not be applied",
    "dead-event": "events could not be sent to a receiver for days",
    "subscription-gone": "a receiver of events asked never to be called again",
    "dead-delivery": "reports could not be handed on",
    "mailbox": "replies and bounced notices are not read",
    "journal-fork": "a journal was said twice, differently",
    "log-conflict": "the journal is not what the transparency log has of it",
    "log-not-stamped": "the time stamps we are given prove nothing",
    "log-not-witnessed": "a witness refuses to vouch for the transparency log",
    "log-damaged": "the transparency log is not what was signed, and nothing more is signed",
    "log-unwritable": "the transparency log cannot be written",
    "run-cut-off": "runs did not end by themselves",
    "run-not-sealed": "runs cannot be sealed",
    "log-unreadable": "entries cannot be read and have no leaf in the log",
}
"""By kind; a kind that is not here is called by its own name."""


def title_of(kind: str) -> str:
    """The kind in words."""
    return TITLES.get(kind, kind.replace("-", " "))
