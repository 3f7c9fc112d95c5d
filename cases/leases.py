"""Acknowledgements: "I have it" holds for a time, is renewed by what is done, and can lapse.

While it holds nobody is reminded or paged for the same thing. When it is over and nothing was done,
those who were told are told again, with the name of whoever let it lapse.
"""

from datetime import datetime, timedelta

from cases import escalations
from cases.envelope import Act
from cases.escalation_steps import LAST
from cases.file import CaseFile
from cases.journal import Kind
from cases.notice import Purpose
from cases.records import Lease
from runbooks.plan import LEASE, StagePlan

RENEWED_BY_NOTHING = frozenset({"acknowledge"})
"""Saying so again is another acknowledgement, not something that was done."""


def who_may(file: CaseFile, stage: StagePlan, *, person: str) -> tuple[str, ...] | None:
    """The roles in which that person may say it; None: in any of theirs, they were told by name."""
    runs = escalations.here(file)
    if any(person in run.told for run in runs):
        return None
    policies = (file.pathway.policy(run.policy) for run in runs)
    told = [role for policy in policies if policy is not None for role in policy.roles]
    last = [LAST for run in runs if run.exhausted_at is not None]
    asked = stage.gate.roles if stage.gate is not None else ()
    return tuple(dict.fromkeys((stage.owner, *asked, *told, *last, *file.state.raised)))


def take(file: CaseFile, act: Act, stage: StagePlan, *, at: datetime) -> Lease:
    """The person has the stage for a while; what would be told of it waits as long."""
    lasts = _length(file, stage)
    lease = Lease(
        stage=stage.name,
        role=act.role,
        person=act.actor.person,
        at=act.signed_at,
        until=_bound(file, stage.name, at + lasts, at=at),
        lasts=lasts if file.edition else timedelta(),
        lapses=bool(file.edition),
    )
    kept = [each for each in file.state.leases if not _replaced(file, each, by=lease)]
    file.state.leases = [*kept, lease]
    return lease


def renew(file: CaseFile, act: Act, *, at: datetime) -> None:
    """Whoever has the stage and has just done something has it for as long again."""
    if act.body.verb in RENEWED_BY_NOTHING:
        return
    _move(file, at=at, person=act.actor.person)


def go_on(file: CaseFile, *, at: datetime) -> None:
    """After a hold every acknowledgement counts anew: nobody could do anything meanwhile."""
    _move(file, at=at)


def take_due(file: CaseFile, *, at: datetime) -> None:
    """Every acknowledgement that is over has lapsed on record, and somebody is told by whom."""
    if file.state.hold is not None:
        return
    over = [lease for lease in file.state.leases if lease.lapses and lease.until <= at]
    for lease in over:
        file.state.leases = [each for each in file.state.leases if each is not lease]
        resumed = escalations.resume(file, lease, at=at)
        file.note(
            Kind.LEASE_LAPSED,
            at,
            who=lease.person,
            role=lease.role,
            stage=lease.stage,
            since=lease.at.isoformat(),
            runs=list(resumed) or None,
        )
        clock = file.state.stage_clock(lease.stage)
        due = clock.due_at(at) if clock is not None else None
        # At its target the stage has steps of its own, which name nobody and spare nobody.
        if not resumed and lease.stage == file.state.stage and (due is None or due > at):
            file.tell(
                Purpose.LAPSED,
                lease.role,
                stage=lease.stage,
                step="lapsed",
                lapsed=(lease.person,),
            )


def _length(file: CaseFile, stage: StagePlan) -> timedelta:
    """How long it holds: as the policy under way says, else the stage's own, else half an hour."""
    named = [run.policy for run in escalations.here(file)]
    named += [stage.escalate] if stage.escalate is not None else []
    policies = [policy for name in named if (policy := file.pathway.policy(name)) is not None]
    return min((policy.lease for policy in policies), default=LEASE)


def _bound(file: CaseFile, stage: str, until: datetime, *, at: datetime) -> datetime:
    """No longer than the stage's target, as long as that lies ahead."""
    clock = file.state.stage_clock(stage)
    due = clock.due_at(at) if clock is not None else None
    return until if due is None or due <= at else min(until, due)


def _replaced(file: CaseFile, lease: Lease, *, by: Lease) -> bool:
    """Whether the new one stands for it: where each counts, one a person, else one a role."""
    if lease.stage != by.stage:
        return False
    return lease.person == by.person if file.edition else lease.role == by.role


def _move(file: CaseFile, *, at: datetime, person: str | None = None) -> None:
    moved: list[Lease] = []
    for lease in file.state.leases:
        until = _bound(file, lease.stage, at + lease.lasts, at=at)
        theirs = person is None or lease.person == person
        if lease.lapses and theirs and until > lease.until:
            moved.append(lease.model_copy(update={"until": until}))
        else:
            moved.append(lease)
    if moved != file.state.leases:
        file.state.leases = moved
