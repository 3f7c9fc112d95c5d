"""Escalation policies that reach somebody, in time, and can be stopped by whoever has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate, pairwise

from runbooks.grammar.base import moment_of
from runbooks.grammar.escalations import EscalationPolicy, EscalationStep
from runbooks.grammar.stages import LateStep
from runbooks.grammar.times import distinct_times
from runbooks.plan import ANYBODY, EVERYBODY, ClockKind, Obeys
from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.tree import Step

DUTY_MANAGER = "duty-manager"
_WAITING = (Obeys.START, Obeys.WAIT)


@dataclass(frozen=True)
class _Use:
    """Where a policy begins, and how much time is left then."""

    policy: str
    left: timedelta
    path: tuple[Step, ...]
    law: bool = False


def policies(subject: Subject) -> Iterator[Finding]:
    """Policies that can end at nobody, that nobody can stop, or that nothing begins."""
    uses = {use.policy for use in _uses(subject)}
    for name, policy in subject.document.escalations.items():
        path = ("escalations", name)
        yield from _nobody(subject, name, policy)
        yield from _unread(subject, policy, path)
        yield from _acknowledged(subject, policy, path)
        if name not in uses:
            yield subject.finding(
                "RB156", path, f"nothing begins {name}", weight=Weight.WARNING, at_key=True
            )


def in_time(subject: Subject) -> Iterator[Finding]:
    """Policies whose lease outlives the clock, that end after it, or that sleep under the law."""
    for use in _uses(subject):
        policy = subject.document.escalations.get(use.policy)
        if policy is None:
            continue
        if policy.lease > use.left:
            yield subject.finding(
                "RB152",
                use.path,
                f"an acknowledgement of {use.policy} holds {_said(policy.lease)}; "
                f"{_said(use.left)} are left when it begins",
            )
        if policy.round * (policy.repeat + 1) > use.left:
            yield subject.finding(
                "RB154",
                use.path,
                f"{use.policy} is exhausted after {_said(policy.round * (policy.repeat + 1))}; "
                f"{_said(use.left)} are left when it begins",
                weight=Weight.WARNING,
            )
        asleep = [index for index, step in enumerate(policy.steps) if step.obeys in _WAITING]
        if not asleep and all(step.obeys for step in policy.steps):
            asleep = [0]
        if use.law and asleep:
            yield subject.finding(
                "RB157",
                ("escalations", use.policy, "steps", asleep[0], "obeys"),
                f"{use.policy} begins by a clock of the law and waits for somebody's hours",
            )


def audiences(subject: Subject) -> Iterator[Finding]:
    """Updates that nobody writes, or nobody gets; needs the directory."""
    if subject.directory is None:
        return
    for name, rule in subject.document.updates.items():
        for key, role in (("to", rule.to), ("by", rule.by)):
            if subject.directory.get(role) == 0:
                yield subject.finding(
                    "RB158", ("updates", name, key), f'the directory has nobody as "{role}"'
                )


def _uses(subject: Subject) -> Iterator[_Use]:
    for index, stage in enumerate(subject.document.stages):
        shortest = distinct_times(stage.within)[0]
        if stage.escalate is not None:
            yield _Use(stage.escalate, shortest, ("stages", index, "escalate"))
        yield from _late(stage.late, shortest, ("stages", index), law=False)
    for plan in subject.pathway.clocks:
        if plan.kind is not ClockKind.MIN_HOLD:
            late = subject.document.clocks[plan.id].late
            yield from _late(late, plan.within, ("clocks", plan.id), law=plan.statutory)


def _late(
    late: tuple[LateStep, ...], within: timedelta, path: tuple[Step, ...], *, law: bool
) -> Iterator[_Use]:
    for position, step in enumerate(late):
        at = moment_of(step.at, within=within)
        if step.escalate is not None:
            # What begins when the time is over has another time: as long again as there was.
            left = within - at if at < within else within
            yield _Use(step.escalate, left, (*path, "late", position, "escalate"), law)


def _nobody(subject: Subject, name: str, policy: EscalationPolicy) -> Iterator[Finding]:
    """A policy none of whose steps is sure to reach anybody, and an end that reaches nobody."""
    roles = [role for step in policy.steps for role in _roles(step)]
    if not roles:
        yield subject.finding(
            "RB151",
            ("escalations", name, "steps"),
            f"no step of {name} names a role: a person can leave, a rota can have a gap",
            at_key=True,
        )
    if subject.directory is None:
        return
    if roles and not any(subject.directory.get(role, 1) for role in roles):
        yield subject.finding(
            "RB151",
            ("escalations", name, "steps"),
            f"the directory has nobody for any step of {name}",
            at_key=True,
        )
    if not subject.directory.get(DUTY_MANAGER):
        yield subject.finding(
            "RB151",
            ("escalations", name),
            f"when {name} is exhausted nobody is told: the directory has no {DUTY_MANAGER}",
            at_key=True,
        )


def _unread(
    subject: Subject, policy: EscalationPolicy, path: tuple[Step, ...]
) -> Iterator[Finding]:
    """Steps whose next one comes before the people of this one were tried another way."""
    comes = [*accumulate(step.after or timedelta() for step in policy.steps), policy.round]
    for index, (here, following) in enumerate(pairwise(comes)):
        unread = policy.steps[index].unread
        if unread is not None and unread >= following - here:
            yield subject.finding(
                "RB153",
                (*path, "steps", index, "unread"),
                f"the next step comes after {_said(following - here)}",
                weight=Weight.WARNING,
            )


def _acknowledged(
    subject: Subject, policy: EscalationPolicy, path: tuple[Step, ...]
) -> Iterator[Finding]:
    if policy.acknowledged_by in (ANYBODY, EVERYBODY):
        return
    asked = int(policy.acknowledged_by)
    most = [_people(subject, step) for step in policy.steps]
    told = sum(number for number in most if number is not None)
    if None not in most and told < asked:
        yield subject.finding(
            "RB155",
            (*path, "acknowledged-by"),
            f"{asked} must acknowledge; its steps reach {told} at most",
        )


def _people(subject: Subject, step: EscalationStep) -> int | None:
    """How many the step can reach at most; None where nobody knows."""
    role = step.page or step.remind
    if role is not None:
        return None if subject.directory is None else subject.directory.get(role)
    if step.person is None:
        return None
    if step.otherwise is None:
        return 1
    others = None if subject.directory is None else subject.directory.get(step.otherwise)
    return None if others is None else max(1, others)


def _roles(step: EscalationStep) -> tuple[str, ...]:
    return tuple(role for role in (step.page, step.remind, step.otherwise) if role)


def _said(span: timedelta) -> str:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    return f"{minutes}m" if not seconds else f"{minutes}m{seconds}s"
