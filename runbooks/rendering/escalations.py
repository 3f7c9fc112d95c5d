"""Escalation policies and updates in the words of a playbook."""

from collections.abc import Iterator

from runbooks.plan import ANYBODY, EVERYBODY, PolicyPlan, PolicyStep, UpdatePlan
from runbooks.rendering.wording import duration, several

_HOURS = {
    "start": "counted from their next hours",
    "wait": "counted in their hours only",
    "delivery": "delivered in their hours",
}


def escalation_steps(policy: PolicyPlan) -> Iterator[tuple[str, str]]:
    """Each step and what it does, then how it stops and how it ends."""
    for number, step in enumerate(policy.steps, start=1):
        yield f"Step {number}", step_said(step)
    again = f"begins anew, {policy.repeat} times at most, then " if policy.repeat else ""
    yield "Then", f"after {duration(policy.between)} it {again}pages the duty manager"
    yield "Stops", f"while {acknowledged(policy)}, {duration(policy.lease)} at a time"
    if any(step.obeys for step in policy.steps):
        yield "Hours", f"nobody's hours count at {policy.pierced_by.value} and graver"


def step_said(step: PolicyStep) -> str:
    """One step: `after 10 minutes page legal; unread after 5 minutes, on the next channel`."""
    when = f"after {duration(step.after)} " if step.after else ""
    verb = "remind" if step.remind else "page"
    said = f"{when}{verb} {step.who}"
    if step.otherwise:
        said += f", otherwise {step.otherwise}"
    if step.obeys is not None:
        said += f", {_HOURS[step.obeys.value]}"
    if step.unread is not None:
        said += f"; unread after {duration(step.unread)}, on the next channel"
    return said


def acknowledged(policy: PolicyPlan) -> str:
    """How many must have it for the policy to stop."""
    if policy.acknowledged_by == ANYBODY:
        return "somebody has it"
    if policy.acknowledged_by == EVERYBODY:
        return "everybody told at the step has it"
    return f"{policy.acknowledged_by} people have it"


def updated(update: UpdatePlan) -> str:
    """Who writes to the audience, and how often."""
    graver = [f"{duration(time)} at {name}" for name, time in update.every_at.items()]
    every = several([*graver, duration(update.every)], "else")
    only = f", only at {several(update.only_at)}" if update.only_at else ""
    until = f", until {update.until} is over" if update.until else ""
    return f"{update.by} writes every {every}{only}{until}"
