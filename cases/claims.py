"""Work that somebody took out of the queue: theirs for a lease, which what they do renews.

An abandoned claim lapses and the work is everybody's again: nothing waits for one who went home.
"""

from datetime import datetime, timedelta

from cases.file import CaseFile
from cases.journal import Kind
from cases.notice import Purpose
from cases.records import ClaimRecord
from cases.state import CaseState

CLAIM_LEASE = timedelta(hours=1)
"""How long a claim holds without anything being done; no longer than its stage may take."""

LAPSED = "claim-lapsed"


def claim_of(state: CaseState, role: str) -> ClaimRecord | None:
    """The claim on the role's work, if there is one."""
    return next((claim for claim in state.claims if claim.role == role), None)


def take(file: CaseFile, stage: str, *, role: str, person: str, at: datetime) -> ClaimRecord:
    """The work is the person's until the lease is over; their inbox has it, and their notices."""
    lease = min(CLAIM_LEASE, file.pathway.stage(stage).time_at(file.state.severity.current))
    claim = ClaimRecord(stage=stage, role=role, person=person, at=at, until=at + lease)
    file.state.claims = [*(each for each in file.state.claims if each.role != role), claim]
    file.state.assignments[role] = person
    return claim


def drop(state: CaseState, claim: ClaimRecord) -> None:
    """Nobody has claimed the work any more; somebody it was assigned to meanwhile keeps it."""
    state.claims = [each for each in state.claims if each != claim]
    if state.assignments.get(claim.role) == claim.person:
        del state.assignments[claim.role]


def renew(state: CaseState, person: str, *, at: datetime) -> None:
    """Whatever the person does to the case keeps their claims."""
    state.claims = [
        claim.model_copy(update={"at": at, "until": at + (claim.until - claim.at)})
        if claim.person == person
        else claim
        for claim in state.claims
    ]


def lapse(file: CaseFile, *, at: datetime) -> None:
    """Claims whose lease is over are back in the queue, and their role is told."""
    for claim in [each for each in file.state.claims if each.until <= at]:
        drop(file.state, claim)
        file.note(
            Kind.CLAIM_LAPSED,
            at,
            stage=claim.stage,
            role=claim.role,
            person=claim.person,
            until=claim.until.isoformat(),
        )
        file.tell(Purpose.WORK, claim.role, stage=claim.stage, step=LAPSED)


def end_claims(state: CaseState, stage: str) -> None:
    """The stage is over: what was claimed of it is done."""
    for claim in [each for each in state.claims if each.stage == stage]:
        drop(state, claim)
