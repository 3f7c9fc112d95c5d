"""Small runbooks of the tests' own: each bends one rule of a gate."""

from runbooks.library import library

_HEAD = b"""
version: 1.0.0
title: "A runbook of the tests"
owner: trust-and-safety
review-by: 2027-02-01
summary: "Bends one rule."
intake:
  kind: {ask: "What is reported?", choice: [one, other]}
severity:
  - {otherwise: SEV3, because: "nothing else is known"}
"""

_TAIL = b"""
  - stage: work
    owner: triage
    within: 4h
    late: [{at: 100%, page: incident-manager}]
    next: {answered: review}
  - stage: closure
    owner: incident-manager
    within: 24h
    late: [{at: 100%, page: incident-manager}]
    dispositions:
      done: [decision-record]
effects:
  hide:
    title: "Hide the content"
    owner: triage
    within: 1h
    instruction: "Hide it."
    protective: true
    by: webhook:content-platform
    compensate: "Show it again."
"""

SILENT = (
    b"runbook: silent-gate"
    + _HEAD
    + b"""
stages:
  - stage: review
    owner: legal
    within: 60m
    ask: "Hide the content?"
    approve: {legal: 1}
    reject: {legal: 1, reason: required}
    late: [{at: 50%, remind: legal}]
    silence: {go: approved}
    next: {approved: {do: [hide], then: closure}, rejected: closure, more-information: work}
"""
    + _TAIL
)

TWO_OF_THREE = (
    b"runbook: two-of-three"
    + _HEAD
    + b"""
stages:
  - stage: review
    owner: legal
    within: 60m
    memo: [facts]
    ask: "Tell nobody?"
    approve: {executive: 1, 2-of: [privacy, legal, policy]}
    reject: {2-of: [privacy, legal, policy], reason: required}
    split: {to: quality, within: 60m}
    late: [{at: 50%, page: deputy-counsel, instead-of: legal}]
    next: {approved: closure, rejected: closure, more-information: work}
"""
    + _TAIL
)

FOUR_EYES = (
    b"runbook: four-eyes"
    + _HEAD
    + b"""
stages:
  - stage: review
    owner: legal
    within: 60m
    memo: [facts]
    ask: "Disclose the listed data?"
    approve: {legal: 1, policy: 1}
    reject: {legal: 1, policy: 1, reason: required}
    split: {to: executive, within: 60m}
    votes: blind
    assurance: L2
    late: [{at: 50%, remind: legal}]
    silence:
      allow: {incident-manager: 1}
      instead-of: legal
      only: approve
      ratify: {by: duty-counsel, within: 24h}
    dissent: {who: any-reviewer, to: executive, within: 60m}
    next: {approved: closure, rejected: closure, more-information: work}
"""
    + _TAIL
)

TWO_LAWYERS = (
    library()["user-safety-escalation"]
    .replace(b"version: 1.0.0", b"version: 1.1.0", 1)
    .replace(b"approve: {legal: 1}", b"approve: {legal: 2}", 1)
    .replace(b"within: 4h", b"within: 3h", 1)
)
"""The default pathway's next version: two lawyers have to agree, in less time."""

APPROVALS = (
    b"runbook: approvals"
    + _HEAD
    + b"""
stages:
  - stage: triage
    owner: triage
    within: 4h
    late: [{at: 100%, page: incident-manager}]
    next: {escalate: review}
  - stage: review
    owner: legal
    within: 60m
    ask: "Hide the content?"
    approve: {legal: 2, policy: 1}
    reject: {legal: 1, policy: 1, reason: required}
    split: {to: executive, within: 60m}
    not-the-same-person-as: [triage]
    votes: open
    late: [{at: 50%, remind: legal}]
    break-glass:
      by: [incident-manager, executive]
      within: 30m
      review: {by: privacy, within: 24h}
    next:
      approved: {do: [hide], then: after}
      rejected: closure
      more-information: {clock: pauses, then: triage}
  - stage: after
    owner: triage
    within: 4h
    late: [{at: 100%, page: incident-manager}]
    next: {done: closure}
  - stage: closure
    owner: incident-manager
    within: 24h
    late: [{at: 100%, page: incident-manager}]
    dispositions:
      done: [decision-record, "approved:review"]
      not-done: [decision-record]
effects:
  hide:
    title: "Hide the content"
    owner: triage
    within: 1h
    instruction: "Hide it."
    protective: true
    compensate: "Show it again."
"""
)
"""Two lawyers and one of policy, none of whom worked on it; two people can break the glass."""

UNDELEGATED = APPROVALS.replace(
    b"    votes: open\n", b"    votes: open\n    delegation: refused\n", 1
)
RUNS_ON = APPROVALS.replace(b"clock: pauses", b"clock: runs-on", 1)
UNBREAKABLE = APPROVALS.replace(
    b"""    break-glass:
      by: [incident-manager, executive]
      within: 30m
      review: {by: privacy, within: 24h}
""",
    b"",
    1,
)
