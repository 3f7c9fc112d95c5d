"""Who has what an escalation is about: which acknowledgements count, and if they are enough."""

from collections.abc import Iterator
from datetime import datetime

from cases.file import DUTY_MANAGER, INCIDENT_MANAGER, CaseFile
from cases.paging import EscalationRun
from cases.records import Lease
from runbooks.plan import ANYBODY, EVERYBODY, PolicyPlan

CHIEFS = (INCIDENT_MANAGER, DUTY_MANAGER)
"""Whoever runs cases may say "I have it" for anybody."""


def is_had(file: CaseFile, run: EscalationRun, *, at: datetime) -> bool:
    """Whether as many people have said that they have it as the policy asks for."""
    policy = file.pathway.policy(run.policy)
    if policy is None:
        return False
    people = {lease.person for lease in leases_of(file, run, at=at)}
    match policy.acknowledged_by:
        case _ if not people:
            return False
        case mode if mode == ANYBODY:
            return True
        case mode if mode == EVERYBODY:
            return bool(run.told) and people.issuperset(run.told)
        case number:
            return len(people) >= int(number)


def leases_of(file: CaseFile, run: EscalationRun, *, at: datetime) -> Iterator[Lease]:
    """The acknowledgements that count for the run and have not lapsed."""
    policy = file.pathway.policy(run.policy)
    for lease in file.state.leases:
        if policy is not None and lease.until > at and counts(file, run, policy, lease):
            yield lease


def counts(file: CaseFile, run: EscalationRun, policy: PolicyPlan, lease: Lease) -> bool:
    """Whether that acknowledgement is one of what the run is about.

    Said by somebody else's role at the same gate it is none: their work is another.
    """
    stage = stage_of(file, run)
    if lease.stage != stage:
        return False
    owner = file.pathway.stage(stage).owner
    return lease.role in (owner, *policy.roles, *CHIEFS) or lease.person in run.told


def stage_of(file: CaseFile, run: EscalationRun) -> str:
    """The stage whose people have it: of a clock of the whole case, where the case is now."""
    return (file.state.stage or "") if run.clock else run.stage
