"""Journal entries in the words of people who were not there."""

from collections.abc import Callable

from pydantic import JsonValue

from cases.journal import Kind

TITLES: dict[Kind, str] = {
    Kind.CASE_OPENED: "The case was opened by a report",
    Kind.CASE_LINKED: "Another case was linked",
    Kind.LINK_SHADOWED: "Would have gone on as another case",
    Kind.OUTSIDE_ENDED: "Today's process ended",
    Kind.CASE_CLOSED: "The case was closed",
    Kind.CLAIMED: "Somebody took the work out of the queue",
    Kind.CLAIM_RELEASED: "The work was given back to the queue",
    Kind.WORK_OFFERED: "Somebody wants to hand work over",
    Kind.WORK_ACCEPTED: "Work was handed over: the other has accepted",
    Kind.WORK_DECLINED: "Work was not handed over: the other declined",
    Kind.WORK_OFFER_LAPSED: "Work was not handed over: nobody answered in time",
    Kind.CLAIM_LAPSED: "An abandoned claim lapsed: the work is in the queue again",
    Kind.CASE_UNLINKED: "A link to another case was taken away",
    Kind.CLOSING_TAKEN_BACK: "The case did not end",
    Kind.CASE_MERGING: "Another case was asked to become part of this one",
    Kind.CASE_MERGED: "Another case became part of this one",
    Kind.MERGE_FAILED: "Another case stays a case of its own",
    Kind.CASE_MERGED_AWAY: "The case became part of another one",
    Kind.CASE_UNMERGED: "The case is a case of its own again",
    Kind.MERGE_GIVEN_BACK: "A case that was part of this one left it",
    Kind.CASE_REOPENED: "The case was reopened",
    Kind.CANCELLED_ALONG: "The case is cancelled with the one it is part of",
    Kind.SUB_CASE_CANCELLED: "A sub-case was cancelled with this case",
    Kind.SUB_CASE_STAYS: "A sub-case was not cancelled",
    Kind.CASE_CANCELLED: "The case was cancelled",
    Kind.INTAKE_ANSWERED: "Intake questions were answered",
    Kind.SEVERITY_ASSESSED: "The severity table was read",
    Kind.SEVERITY_SET: "A person set the severity",
    Kind.STAGE_ENTERED: "A stage began",
    Kind.STAGE_LEFT: "A stage ended",
    Kind.MIGRATION_PROPOSED: "Another version of the runbook was asked for",
    Kind.CASE_MIGRATED: "The case goes on under another version of its runbook",
    Kind.REPLANNED: "The rest was planned anew for another severity",
    Kind.ROUND_OPENED: "A round was asked",
    Kind.ROUND_SUPERSEDED: "A round was replaced",
    Kind.ROUND_CLOSED: "A round was closed",
    Kind.VOTE_CAST: "A verdict was given",
    Kind.VOTE_WITHDRAWN: "A verdict was taken back",
    Kind.DECISION_REVOKED: "A decision was taken back",
    Kind.GLASS_BEGUN: "Somebody began to break the glass",
    Kind.GLASS_BROKEN: "Two people broke the glass",
    Kind.COMMENTED: "Somebody said something about the case",
    Kind.TASK_OPENED: "A task was set",
    Kind.TASK_HANDED_ON: "A task was given to somebody else",
    Kind.TASK_SETTLED: "A task was settled",
    Kind.TASK_FELL_AWAY: "A task fell away",
    Kind.TASK_OWED_AGAIN: "A task is owed again",
    Kind.DISSENT_FILED: "A reviewer objected",
    Kind.SILENCE_TAKEN: "Silence took effect",
    Kind.STAND_IN_ALLOWED: "A stand-in may now vote",
    Kind.MEMO_WRITTEN: "The memo was written",
    Kind.EVIDENCE_ADDED: "Evidence was added",
    Kind.CALLED_BACK: "An agency was called back",
    Kind.EFFECT_HELD_BACK: "An action was held back",
    Kind.EFFECT_SUPPRESSED: "An order forbids an action",
    Kind.EFFECT_DUE_AGAIN: "An action is due again",
    Kind.EFFECT_CLEARED: "An action was cleared",
    Kind.EFFECT_WITHDRAWN: "An action was withdrawn",
    Kind.LEGAL_HOLD: "A legal hold began",
    Kind.NOTICE_HELD: "A notice is kept until somebody's hours",
    Kind.HANDOVER_ASKED: "A handover note was asked for",
    Kind.INFORMATION_ASKED: "More information was asked for",
    Kind.INFORMATION_GIVEN: "Information was given",
    Kind.EFFECT_INTENDED: "An action was ordered",
    Kind.EFFECT_DONE: "An action was done",
    Kind.EFFECT_MANUAL: "An action was handed to a person",
    Kind.EFFECT_FAILED: "An action failed",
    Kind.EFFECT_SHADOWED: "An action would have been carried out",
    Kind.EFFECT_SETTLED: "A person settled an action",
    Kind.DRAFT_BUILT: "A report was drafted",
    Kind.DRAFT_APPROVED: "The draft of a report was approved",
    Kind.EFFECT_SET: "An action was set for an instant",
    Kind.EFFECT_PULLED_FORWARD: "An action was pulled forward",
    Kind.EFFECT_ROLLED_BACK: "An action was rolled back",
    Kind.BULK_BEGUN: "An action on many began, step by step",
    Kind.BULK_LOOKED: "Somebody looked at what a step did",
    Kind.BULK_STOPPED: "An action on many was stopped",
    Kind.NOTICE_ORDERED: "Somebody is being told",
    Kind.NOTICE_ENDED: "A notice reached its end",
    Kind.NOTICE_SHADOWED: "Somebody would have been told",
    Kind.TICKET_SYNCED: "The ticket was written to",
    Kind.TICKET_FAILED: "The ticket could not be written to",
    Kind.TICKET_CHANGED: "Somebody changed the ticket",
    Kind.TICKET_SHADOWED: "The ticket would have been written to",
    Kind.CLOCK_DEADLINE: "A deadline was computed by its rule",
    Kind.CLOCK_BREACHED: "A deadline was missed",
    Kind.HELD: "The case was put on hold",
    Kind.RESUMED: "The hold ended",
    Kind.ACT_REFUSED: "An act was refused",
    Kind.ACTS_REFUSED: "Acts were refused",
    Kind.ACKNOWLEDGED: "Somebody has it",
    Kind.LEASE_LAPSED: "Somebody had it, and let it lapse",
    Kind.ESCALATION_BEGUN: "An escalation began",
    Kind.ESCALATION_STEP: "The next step of an escalation came",
    Kind.ESCALATION_STOPPED: "An escalation stands still: somebody has it",
    Kind.ESCALATION_EXHAUSTED: "Every step of an escalation has come: the duty manager is paged",
    Kind.ESCALATION_ENDED: "An escalation ended",
    Kind.UPDATE_ASKED: "An update was asked for",
    Kind.UPDATE_MISSED: "No update yet: the audience was told so",
    Kind.CONFLICT_DECLARED: "Somebody declared a conflict",
    Kind.ASSIGNED: "Work was given to a person",
    Kind.RAISED: "Somebody was paged by hand",
    Kind.OBLIGATION_RECORDED: "Something is owed after closing",
    Kind.OBLIGATION_SHADOWED: "Something would be owed after closing",
    Kind.OBLIGATION_BEGUN: "What is owed began to wait",
    Kind.OBLIGATION_TURN: "The next turn of what is owed began",
    Kind.OBLIGATION_REACHED: "What is owed came nearer",
    Kind.OBLIGATION_OVERDUE: "What is owed is overdue",
    Kind.OBLIGATION_EXTENDED: "What is owed was extended",
    Kind.OBLIGATION_SETTLED: "A person settled what is owed",
    Kind.OBLIGATION_ENDED: "Nothing of it is owed any more",
    Kind.DOOR_OBLIGATION: "What is owed was started",
    Kind.REPORT_RECEIVED: "A further report came",
    Kind.REPORT_SPLIT: "A report is to have a case of its own",
    Kind.DOOR_DELIVERY: "A report arrived at a door",
    Kind.DOOR_SPLIT: "A report was given a case of its own",
    Kind.DOOR_SESSION_OPENED: "Logged in",
    Kind.DOOR_SESSION_PROVED: "Second factor given",
    Kind.DOOR_SESSION_REFUSED: "A log-in was refused",
    Kind.DOOR_SESSION_ENDED: "A log-in ended",
    Kind.DOOR_SESSION_FORGOTTEN: "Bound to no account any more",
    Kind.DOOR_GLASS_ASKED: "Asked to go on without the transparency log",
    Kind.DOOR_GLASS_OPENED: "Confirmed going on without the transparency log",
    Kind.DOOR_GLASS_ENDED: "Ended going on without the transparency log",
    Kind.DOOR_GLASS_REVIEWED: "Reviewed what went on without the transparency log",
    Kind.DOOR_PASSKEY_ENROLLED: "A key of one's own was enrolled; a second person must confirm it",
    Kind.DOOR_PASSKEY_CONFIRMED: "A second person confirmed a key of one's own",
    Kind.DOOR_PASSKEY_REVOKED: "A key of one's own was revoked",
    Kind.DOOR_PASSKEY_REFUSED: "A key of one's own counted backwards, and was refused",
    Kind.DOOR_WORKER_CERTIFIED: "The key of a worker was certified",
    Kind.DOOR_WORKER_REFUSED: "A worker asked for a certificate, and was refused",
    Kind.DOOR_WORKER_REVOKED: "The key of a worker was revoked",
    Kind.DOOR_PAYLOADS_OPENED: "Somebody read encrypted parts of Temporal's record",
    Kind.DOOR_PAYLOADS_REFUSED: "Somebody was refused encrypted parts of Temporal's record",
    Kind.DOOR_ABSENCE_SET: "Somebody said that they, or another, will be away",
    Kind.DOOR_ABSENCE_ENDED: "An absence was ended",
    Kind.DOOR_RUN_SEALED: "Temporal's record of a run that ended was sealed",
    Kind.DOOR_SENT_AGAIN: "A person had something sent again",
    Kind.DOOR_OUTSIDE_ENDED: "Today's process ended, after the shadow had",
    Kind.DOOR_MAIL_RECEIVED: "Somebody answered a notice by mail; it decides nothing",
    Kind.DOOR_NOTICE_BOUNCED: "A notice came back undelivered",
    Kind.DOOR_TICKET_MENDED: "The ticket was brought back to what its case says",
    Kind.DOOR_TICKET_DIFFERS: "Case and ticket differ, and a person must settle it",
    Kind.DOOR_NOTICE: "A notice that waited for company ended",
    Kind.DOOR_PAGE: "A page changed at the pager",
    Kind.DOOR_HOLD_SET: "A legal hold was put",
    Kind.DOOR_HOLD_KEPT: "A legal hold was looked at, and stands",
    Kind.DOOR_LIFT_ASKED: "Somebody asked for a legal hold to end",
    Kind.DOOR_HOLD_LIFTED: "A legal hold was lifted by two people",
    Kind.DOOR_ERASURE_PROPOSED: "A retention time is over: erasure is proposed",
    Kind.DOOR_ERASURE_ASKED: "Somebody asked for the content to be erased",
    Kind.DOOR_ERASURE_AGREED: "A second person agreed to the erasure",
    Kind.DOOR_ERASURE_WITHDRAWN: "The erasure was withdrawn",
    Kind.DOOR_ERASURE_REFUSED: "An erasure was refused",
    Kind.DOOR_CUSTODY: "Something was done with an item of evidence",
    Kind.DOOR_EXPORTED: "An export was made",
    Kind.KEY_SHREDDED: "The case's key was destroyed",
    Kind.DOOR_PAGER_SAID: "The pager said something of a page",
    Kind.LOOK_ALLOWED: "Somebody looked at the case",
    Kind.LOOK_DENIED: "Somebody was not let in",
    Kind.LOOK_REPEATED: "The same person looked again",
    Kind.ACT_ALLOWED: "A policy allowed an act",
    Kind.ACT_DENIED: "A policy kept somebody from an act",
    Kind.EMERGENCY_OPENED: "Somebody opened the case in an emergency",
    Kind.EMERGENCY_ENDED: "The emergency opening is over",
    Kind.EMERGENCY_REVIEWED: "The emergency opening was reviewed",
    Kind.EMERGENCY_UNREVIEWED: "Nobody has reviewed the emergency opening in time",
    Kind.GRANT_ASKED: "Somebody asked to read the case for a time",
    Kind.GRANT_GIVEN: "The owner lets somebody read the case for a time",
    Kind.GRANT_REFUSED: "The owner does not let them read the case",
    Kind.GRANT_LAPSED: "Nobody answered who asked to read the case",
    Kind.GRANT_ENDED: "The grant to read the case is over",
    Kind.DOOR_ACT_RECORDED: "An act was signed and recorded",
    Kind.DOOR_ACT_ANSWERED: "An act was answered",
    Kind.DOOR_ACT_REFUSED: "A door refused an act",
    Kind.DOOR_ACT_LATE: "An act came after closing",
}
"""What is not listed is said by its own name, read aloud."""

SHOWN = (
    "stage", "gate", "round", "question", "task", "origin", "who", "acting_for", "by", "person",
    "people", "role", "verb", "what", "conditions",
    "restricted_to", "privileged",
    "outcome", "verdict", "state", "status", "priority", "tags", "to", "severity", "was", "target",
    "ahead",
    "disposition", "effect",
    "title", "label", "form", "missing",
    "request", "clock", "run", "runs", "passage", "lapsed", "step",
    "hold", "erasure", "basis", "event", "kept_at",
    "purpose", "end", "about", "policies", "times", "how",
    "why", "reason", "because", "note", "detail",
    "on_call",
    "share", "first", "last", "total", "checked", "wrong",
    "bulk", "of",
    "obligation", "turn", "answer", "reference", "owner",
    "due", "due_was", "until", "review_by", "review", "expires",
    "number", "row", "counted", "conservative_due",
    "legal_latest", "taxonomy", "code", "runbook", "back", "unasked", "restored", "asked_by",
)  # fmt: skip
"""The parts of an entry's body that a reader needs; digests, keys and ids stay in the export."""


INSTANTS = frozenset(
    {
        "due",
        "due_was",
        "until",
        "review_by",
        "review",
        "expires",
        "conservative_due",
        "legal_latest",
    }
)
NAMED = INSTANTS - {"review", "expires"} | {
    "round", "row", "passage", "lapsed", "by", "was", "target", "ahead"} | {
    "share", "first", "last", "total", "checked", "wrong", "acting_for", "conditions",
    "bulk", "of", "about", "policies", "times", "restricted_to", "privileged",
}  # fmt: skip
"""Parts that say nothing without their name."""


def title(kind: Kind) -> str:
    """The entry's kind as a sentence."""
    return TITLES.get(kind) or kind.value.replace(":", " ").replace("-", " ").capitalize()


def details(body: dict[str, JsonValue], *, instant: Callable[[str], str] = str) -> str:
    """The readable parts of an entry, in one line; `instant` writes the instants among them."""
    said: list[str] = []
    for name in SHOWN:
        value = body.get(name)
        if value in (None, "", [], {}):
            continue
        parts = map(_part, value) if isinstance(value, list) else [str(value)]
        text = ", ".join(parts)
        if name in INSTANTS:
            text = instant(text)
        said.append(f"{words(name)} {text}" if name in NAMED else text)
    return " · ".join(said)


def _part(value: JsonValue) -> str:
    """One of several; what a rota said is the only kind that has parts of its own."""
    if not isinstance(value, dict):
        return str(value)
    told = value.get("on_call")
    people = ", ".join(map(str, told)) if isinstance(told, list) else "nobody"
    if value.get("trouble"):
        people = "the rota could not be asked, everybody was told"
    return f"on call for {value.get('team')}: {people}"


def words(name: str) -> str:
    """A name as it is read aloud."""
    return name.replace("-", " ").replace("_", " ")
