"""The ways in which a case and its ticket can differ, whose each is to settle, and how it is said.

What is ours is mended; anything a person did on purpose, or may have, is theirs: then `mend` says
what they must do. `tests/integrations/drift.csv` induces every one of them.
"""

from enum import StrEnum
from typing import NamedTuple

from cases.values import Value
from store.ticket_drift import OURS, PERSON


class DriftKind(StrEnum):
    """Every difference that is known."""

    PLACEHOLDER = "placeholder"
    MISSING = "missing"
    DELETED = "deleted"
    MERGED = "merged"
    MERGED_WITH_CASE = "merged-with-another-case"
    MERGED_SOMEWHERE = "merged-somewhere"
    DUPLICATED = "duplicated"
    DISCONNECTED = "disconnected"
    STATUS_BEHIND = "status-behind"
    STATUS_UNKNOWN = "status-unknown"
    STILL_SOLVED = "still-solved"
    CLOSED_OUTSIDE = "closed-outside"
    REOPENED_OUTSIDE = "reopened-outside"
    HOLD_NOT_SHOWN = "hold-not-shown"
    STILL_PENDING = "still-pending"
    PRIORITY_BEHIND = "priority-behind"
    PRIORITY_CHANGED = "priority-changed"
    CONTESTED = "contested"
    MARK_LOST = "mark-lost"
    MARK_OF_ANOTHER = "mark-of-another-case"
    NOTE_OWED = "note-owed"
    NOTE_MISSING = "note-missing"
    NOTE_DOUBLED = "note-doubled"
    LINK_MISSING = "link-missing"
    LINK_OUTDATED = "link-outdated"
    RELATED_MISSING = "related-link-missing"
    WRONG_QUEUE = "wrong-queue"
    CASE_NOT_TOLD = "case-not-told"
    NEWS_MISSED = "news-missed"
    APPROVAL_RECORDED = "approval-recorded"
    REFUSED = "refused"
    VERSION_CONFLICT = "version-conflict"
    CASE_UNKNOWN = "case-unknown"


class Said(NamedTuple):
    """Whose a difference is, what is said of it, and what a person must do where it is theirs."""

    whose: str
    says: str
    mend: str = ""


SAID: dict[DriftKind, Said] = {
    DriftKind.PLACEHOLDER: Said(OURS, "the case has no ticket yet: the tracker was down"),
    DriftKind.MISSING: Said(
        PERSON,
        "the tracker shows no such ticket",
        "Find out who removed it or our account's right to see it. The case goes on without; put "
        "the ticket back, or accept the difference.",
    ),
    DriftKind.DELETED: Said(
        PERSON,
        "the ticket was deleted",
        "Put it back in the tracker, or accept that the case has no ticket.",
    ),
    DriftKind.MERGED: Said(OURS, "the ticket was merged into another, which takes its place"),
    DriftKind.MERGED_WITH_CASE: Said(
        PERSON,
        "the ticket was merged into one that another case keeps",
        "Look at both cases: attach one to the other if they are one matter, or split the tickets.",
    ),
    DriftKind.MERGED_SOMEWHERE: Said(
        PERSON,
        "the ticket was merged, and the tracker does not say into which",
        "Look the ticket up in the tracker and undo the merge, or accept that notes end here.",
    ),
    DriftKind.DUPLICATED: Said(OURS, "a second ticket bears the mark of this case"),
    DriftKind.DISCONNECTED: Said(
        PERSON,
        "the ticket is in a tracker that is not connected any more",
        "Connect the tracker again (`escalate config reference`), or accept the difference.",
    ),
    DriftKind.STATUS_BEHIND: Said(OURS, "the case has ended and its ticket has not"),
    DriftKind.STATUS_UNKNOWN: Said(
        PERSON,
        "the ticket has a status that means nothing to a case",
        "Move it to a status that is named in the settings, or name this one there.",
    ),
    DriftKind.STILL_SOLVED: Said(OURS, "the case was opened again and its ticket is still solved"),
    DriftKind.CLOSED_OUTSIDE: Said(
        PERSON,
        "the ticket was solved in the tracker while its case is open",
        "Close the case on its page if the matter is over, or open the ticket again.",
    ),
    DriftKind.REOPENED_OUTSIDE: Said(
        PERSON,
        "the ticket was opened again in the tracker after its case had ended",
        "Open the case again if the matter goes on, or solve the ticket.",
    ),
    DriftKind.HOLD_NOT_SHOWN: Said(OURS, "the case is on hold and its ticket does not say so"),
    DriftKind.STILL_PENDING: Said(OURS, "the case goes on and its ticket is still pending by us"),
    DriftKind.PRIORITY_BEHIND: Said(OURS, "the ticket's priority is not that of the severity"),
    DriftKind.PRIORITY_CHANGED: Said(OURS, "somebody changed the priority that the severity gave"),
    DriftKind.CONTESTED: Said(
        PERSON,
        "the priority was put right and changed again",
        "Set the case's severity if the ticket is right; else agree with whoever changes it.",
    ),
    DriftKind.MARK_LOST: Said(OURS, "the ticket does not bear the mark of its case any more"),
    DriftKind.MARK_OF_ANOTHER: Said(
        PERSON,
        "the ticket bears the mark of another case",
        "It was cloned or edited by hand: remove the foreign mark in the tracker.",
    ),
    DriftKind.NOTE_OWED: Said(OURS, "notes wait that the tracker did not take"),
    DriftKind.NOTE_MISSING: Said(OURS, "a note of the case is gone from the ticket"),
    DriftKind.NOTE_DOUBLED: Said(
        PERSON,
        "a note of the case stands on the ticket twice",
        "Delete the later one in the tracker; we delete nothing there.",
    ),
    DriftKind.LINK_MISSING: Said(OURS, "the ticket does not lead to its case's page"),
    DriftKind.LINK_OUTDATED: Said(OURS, "the ticket leads to an address that is not ours any more"),
    DriftKind.RELATED_MISSING: Said(OURS, "the ticket does not lead to a case that belongs to it"),
    DriftKind.WRONG_QUEUE: Said(
        PERSON,
        "the ticket was moved to another queue or project",
        "Move it back, or accept its new place.",
    ),
    DriftKind.CASE_NOT_TOLD: Said(OURS, "the case does not know which ticket is its own"),
    DriftKind.NEWS_MISSED: Said(OURS, "the tracker's news of the status did not reach the case"),
    DriftKind.APPROVAL_RECORDED: Said(
        PERSON,
        "the tracker records an approval of its own while a gate of the case is open",
        "It is a hint and decides nothing: whoever may decide answers at the gate.",
    ),
    DriftKind.REFUSED: Said(
        PERSON,
        "the tracker refuses what would mend it",
        "Do it by hand in the tracker, or give our account the right: `escalate doctor --live`.",
    ),
    DriftKind.VERSION_CONFLICT: Said(
        PERSON,
        "others keep changing the ticket while we write",
        "Find the rule or person in the tracker that puts it back, and agree who sets what.",
    ),
    DriftKind.CASE_UNKNOWN: Said(
        PERSON,
        "a ticket bears our mark and no case here opened it",
        "Restore the backup that has its case, or remove the mark from a ticket that was copied.",
    ),
}


class Drift(Value):
    """One difference between a case and its ticket."""

    kind: DriftKind
    subject: str = ""
    """What of the ticket is meant: a note's mark, another ticket, an address."""

    @property
    def said(self) -> Said:
        """Whose it is, and how it is said."""
        return SAID[self.kind]

    @property
    def key(self) -> tuple[str, str]:
        """What distinguishes it from the case's other differences."""
        return self.kind.value, self.subject
