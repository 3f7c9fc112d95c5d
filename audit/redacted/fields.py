"""Which class of data a field of a journal entry is: what stays, what is erased, who may see it.

What is not listed is content. So a field that somebody adds tomorrow is erased and held back until
somebody decides otherwise, and not the other way round.
"""

from enum import StrEnum

from cases.journal import Kind


class FieldClass(StrEnum):
    """The classes of data of the retention table (`audit/retention.yaml`)."""

    SKELETON = "A"
    """That something happened, when, in which order, by which rule."""
    CONTENT = "B"
    """What was reported, answered, written and decided upon."""
    EVIDENCE = "C"
    """Which items of evidence there are, and where they are kept."""
    STAFF = "D"
    """Which colleague it was."""


_HEAD = frozenset({"v", "case", "stream", "sequence", "previous", "at", "kind", "branch"})

_SKELETON = frozenset(
    {
        "act", "acts", "act_id", "answer", "approve", "asked_act", "asked_role", "agreed",
        "agreed_role", "assurance", "attempt", "basis", "before", "calendar", "checked",
        "clock", "clocks", "conservative_due", "counted", "counts", "delivery", "digest",
        "digest_was", "directory", "disposition", "door", "door_at", "due", "due_was", "effect",
        "end", "ended", "ending", "entries", "entry", "erasure", "event", "events", "block",
        "expires", "fields", "first", "format", "gate", "gates", "hash", "hold", "id", "input",
        "instead_of", "key", "keys", "kind", "lapsed", "last", "latest", "legal_latest", "life",
        "manifest", "marks", "merging_act", "missing", "nonce", "number", "numbers", "obligation",
        "on_call", "opens", "order", "origin", "outcome", "owner", "page", "passage", "purpose",
        "question", "questions", "received", "reject", "released", "request", "restored", "result",
        "review", "revision", "role", "roles", "root", "round", "routed", "row", "rule", "run",
        "runbook", "runs", "scope", "sequence", "service", "severity", "share", "sign", "signed",
        "since", "size", "source", "stage", "state", "status", "step", "steps", "stream", "target",
        "taxonomy", "total", "turn", "turns", "unasked", "unmerging_act", "until", "verb",
        "verdict", "visit", "vote", "was", "why", "wrong",
    }
)  # fmt: skip
_STAFF = frozenset(
    {
        "who", "by", "person", "people", "asked_by", "agreed_by", "acting_for", "on_behalf_of",
        "recipients", "voter", "with", "reader",
    }
)  # fmt: skip

_ERASED_IN: dict[Kind, frozenset[str]] = {
    # A call-back is about somebody outside: their number, and where it was found.
    Kind.CALLED_BACK: frozenset({"number", "source", "by_number"}),
    Kind.INTAKE_ANSWERED: frozenset({"answer", "was"}),
    # What a report's sender called the matter, and what its rule looked for.
    Kind.DOOR_DELIVERY: frozenset({"key", "why"}),
    Kind.DOOR_MAIL_RECEIVED: frozenset({"key", "why", "id"}),
    Kind.ROUND_SUPERSEDED: frozenset({"was"}),
    Kind.TICKET_CHANGED: frozenset({"was"}),
    Kind.DOOR_TICKET_DIFFERS: frozenset({"was"}),
}
"""Fields that say more in these entries than their name says elsewhere."""

_OF_EVIDENCE: dict[Kind, frozenset[str]] = {
    Kind.EVIDENCE_ADDED: frozenset({"label", "reference", "digest"}),
    Kind.DOOR_CUSTODY: frozenset({"digest", "found", "kept_at", "to", "why"}),
}


def class_of(kind: Kind, path: str) -> FieldClass:
    """The class of the field at that path of an entry of that kind."""
    if path in _HEAD:
        return FieldClass.SKELETON
    name = path.removeprefix("body.")
    if name in _OF_EVIDENCE.get(kind, ()):
        return FieldClass.EVIDENCE
    if name in _STAFF:
        return FieldClass.STAFF
    if name in _SKELETON and name not in _ERASED_IN.get(kind, ()):
        return FieldClass.SKELETON
    return FieldClass.CONTENT
