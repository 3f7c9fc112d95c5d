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
        "act", "acts", "act_id", "approve", "asked_act", "asked_role", "agreed",
        "agreed_role", "assurance", "attempt", "basis", "before", "calendar", "checked",
        "clock", "clocks", "conservative_due", "counted", "counts", "delivery", "digest",
        "digest_was", "directory", "disposition", "door", "door_at", "due", "due_was", "effect",
        "end", "ended", "ending", "entries", "entry", "erasure", "event", "events", "block",
        "expires", "fields", "first", "format", "gate", "gates", "hash", "hold", "input",
        "instead_of", "key", "keys", "kind", "lapsed", "last", "latest", "legal_latest", "life",
        "manifest", "marks", "merging_act", "missing", "nonce", "numbers", "obligation",
        "policies", "policy", "review_by", "times",
        "opens", "order", "origin", "outcome", "owner", "page", "passage", "purpose",
        "question", "questions", "received", "reject", "released", "request", "restored", "result",
        "review", "revision", "role", "roles", "root", "round", "row", "rule", "run",
        "runbook", "runs", "scope", "sequence", "service", "severity", "share", "sign", "signed",
        "since", "size", "stage", "state", "status", "step", "steps", "stream", "target",
        "taxonomy", "total", "turn", "turns", "unasked", "unmerging_act", "until", "verb",
        "verdict", "visit", "vote", "wrong",
    }
)  # fmt: skip
_STAFF = frozenset(
    {
        "who", "by", "person", "people", "asked_by", "agreed_by", "acting_for", "on_behalf_of",
        "about", "recipients", "voter", "with", "reader", "on_call",
    }
)  # fmt: skip

_ONLY_IN: dict[str, frozenset[Kind]] = {
    # A code of ours here; elsewhere somebody's words, or a mail server's.
    "why": frozenset(
        {
            Kind.ACT_REFUSED,
            Kind.ACTS_REFUSED,
            Kind.DOOR_ACT_REFUSED,
            Kind.DOOR_ERASURE_REFUSED,
        }
    ),
    # One of the answers an obligation knows; elsewhere what somebody said.
    "answer": frozenset({Kind.OBLIGATION_SETTLED, Kind.OBLIGATION_ENDED}),
    # An earlier version or severity; elsewhere an earlier answer or title.
    "was": frozenset({Kind.CASE_MIGRATED, Kind.REPLANNED, Kind.SEVERITY_SET}),
    # What somebody looked at, or asked to do; elsewhere what a thing is.
    "what": frozenset({Kind.LOOK_ALLOWED, Kind.LOOK_DENIED, Kind.LOOK_REPEATED, Kind.ACT_REFUSED}),
    # A case's; elsewhere somebody's telephone.
    "number": frozenset(
        {Kind.CASE_OPENED, Kind.CASE_LINKED, Kind.CASE_UNLINKED, Kind.ACTS_REFUSED}
    ),
    "source": frozenset({Kind.CASE_OPENED, Kind.DOOR_DELIVERY, Kind.REPORT_RECEIVED}),
}
"""Fields whose name says enough only in these entries."""

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
    if name in _ONLY_IN:
        return FieldClass.SKELETON if kind in _ONLY_IN[name] else FieldClass.CONTENT
    if name in _SKELETON:
        return FieldClass.SKELETON
    return FieldClass.CONTENT
