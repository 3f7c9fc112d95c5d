"""Edits of the default runbook, each as somebody might make one."""

from runbooks import Runbook, library, load_runbook

DEFAULT = "user-safety-escalation"


def edited(*changes: tuple[str, str], name: str = DEFAULT) -> Runbook:
    """The library's runbook with each of these texts replaced once; all of them must be there."""
    text = library()[name].decode()
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    return load_runbook(text.encode(), file=f"{name}.yaml")


UNTOUCHED = edited()
LONGER = edited(("within: 4h", "within: 12h"))
TWO_OF_LEGAL = edited(
    ("approve: {legal: 1}", "approve: {legal: 2}"), ("{legal: 1, reason", "{legal: 2, reason")
)
RENAMED = edited(("{escalate: legal-review", "{send-on: legal-review"))
WITHOUT_LEGAL = edited(
    (
        library()[DEFAULT].decode().partition("  - stage: legal-review")[2].partition("\n\n")[0],
        "",
    ),
    ("  - stage: legal-review\n\n", ""),
    ("{escalate: legal-review", "{escalate: policy-sign-off"),
    ("    not-the-same-person-as: [legal-review]\n", ""),
)
SECOND_LOOK = edited(
    (
        "next: {approved: policy-sign-off, rejected: closure, more-information: triage}",
        """next: {approved: second-look, rejected: closure, more-information: triage}

  - stage: second-look
    owner: quality
    within: 2h
    ask: "Was the review complete?"
    approve: {quality: 1}
    reject: {quality: 1, reason: required}
    late: [{at: 75%, page: incident-manager}]
    silence: wait
    next: {approved: policy-sign-off, rejected: closure, more-information: triage}""",
    )
)
"""A gate that nobody was ever asked at."""
EVERYTHING_SEVERE = edited(
    ("{otherwise: SEV3, because:", "{otherwise: SEV2, because:"),
)
