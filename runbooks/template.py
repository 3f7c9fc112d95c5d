"""A new runbook to begin with: three stages, one gate, nothing to mend."""

from datetime import date

_TEMPLATE = """\
# Read it aloud: who looks first, who decides what, and what happens when nobody does.
runbook: {name}
version: 0.1.0
title: "{title}"
owner: trust-and-safety
review-by: {review_by}

intake:
  danger: {{ask: "Could someone be harmed soon?", answer: yes-no-unknown}}

severity:
  - {{if: {{danger: ["yes", "unknown"]}}, is: SEV1, because: "harm is possible soon, or cannot be ruled out"}}
  - {{otherwise: SEV3, because: "no sign of imminent harm"}}

stages:
  - stage: triage
    owner: triage
    within: 1h
    late: [{{at: 50%, remind: triage}}, {{at: 75%, page: incident-manager}}]
    next: {{escalate: review, no-violation: closure}}

  - stage: review
    owner: policy
    within: 8h
    ask: "Does the proposed action follow policy?"
    approve: {{policy: 1}}
    reject: {{policy: 1, reason: required}}
    late: [{{at: 75%, page: policy-lead}}]
    silence: wait
    next: {{approved: {{do: [apply-action], then: closure}}, rejected: closure, more-information: triage}}

  - stage: closure
    owner: incident-manager
    within: 24h
    late: [{{at: 100%, page: incident-manager}}]
    dispositions:
      actioned: [decision-record, action-receipt]
      not-approved: [decision-record]
      no-violation: [decision-record]

after-closing: [{{follow-ups: lessons}}]
"""  # noqa: E501 - rows of a table stay rows


def new_runbook(name: str, *, review_by: date) -> bytes:
    """The text of a new runbook called `name`; it loads and lints clean."""
    title = name.replace("-", " ").capitalize()
    return _TEMPLATE.format(name=name, title=title, review_by=review_by.isoformat()).encode()
