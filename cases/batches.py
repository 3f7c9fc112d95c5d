"""The parts of an effect on many: how it is cut into steps, and how each of them is ordered."""

from datetime import datetime

from cases.file import CaseFile, Do
from cases.ids import key_of
from cases.journal import Kind
from cases.many import Batch, BulkApproval, Part
from cases.records import EffectRecord
from runbooks.plan import BulkGuardPlan, BulkPlan, EffectPlan
from runbooks.plan.bulk import part_of

WATCH = "watch/"
"""What the clocks that time the watching of a step are called by."""


def counted(file: CaseFile, bulk: BulkPlan) -> tuple[int | None, str]:
    """How many it concerns, and where their list is kept; None and nothing where nobody said."""
    count = file.state.answers.get(bulk.count)
    listed = file.state.answers.get(bulk.listed)
    number = count.value.strip() if count is not None else ""
    total = int(number) if number.isdecimal() and int(number) > 0 else None
    return total, listed.value if listed is not None else ""


def covers(approval: BulkApproval | None, total: int, listed: str) -> bool:
    """Whether exactly so many on exactly that list were approved."""
    return approval is not None and (approval.total, approval.listed) == (total, listed)


def cut(bulk: BulkPlan, total: int) -> list[Batch]:
    """The steps; one in which nobody new would be concerned is left out.

    The time of watching of a step that is left out is not lost: the step before has the longer one.
    """
    batches: list[Batch] = []
    reached = 0
    for step in bulk.steps:
        upto = part_of(step.share, total)
        if upto > reached:
            batches.append(Batch(share=step.share, first=reached + 1, last=upto, watch=step.watch))
            reached = upto
        else:
            last = batches[-1]
            longer = max(last.watch, step.watch)
            batches[-1] = last.model_copy(update={"share": step.share, "watch": longer})
    return batches


def steps_of(file: CaseFile, effect: EffectRecord) -> list[EffectRecord]:
    """The steps that have been ordered, in their order."""
    return [
        item
        for item in file.state.effects
        if item.part is not None
        and item.part.of == effect.key
        and item.compensates is None
        and not item.part.look
    ]


def clock_of(effect: EffectRecord, step: int | None) -> str:
    """The clock of watching a step; without a step, what all of the effect's begin with."""
    return f"{WATCH}{effect.key[:16]}/{'' if step is None else step}"


def order_step(file: CaseFile, effect: EffectRecord, step: int, *, at: datetime) -> None:
    """The step is intended, under a key of its own."""
    plan = _plan(file, effect)
    part = _part(effect, step, action=effect.name)
    _order(
        file,
        EffectRecord(
            key=key_of(effect.key, "step", str(step)),
            name=f"{effect.name}-step-{step}",
            title=f"{effect.title} ({_said(part)})",
            by=plan.by,
            owner=plan.owner,
            stage=effect.stage,
            state="intended",
            due_at=at + plan.within,
            instruction=_where(plan.instruction, part),
            at=at,
            part=part,
        ),
        at=at,
    )


def order_undo(
    file: CaseFile, effect: EffectRecord, step: EffectRecord, *, at: datetime
) -> EffectRecord:
    """The undoing of a step that was done: intended once, whoever asks how often."""
    number = step.part.step if step.part is not None else 0
    key = key_of(effect.key, "undo", str(number))
    known = file.state.effect(key)
    if known is not None:
        return known
    plan = _plan(file, effect)
    part = _part(effect, number, action=f"undo-{effect.name}")
    undoing = EffectRecord(
        key=key,
        name=f"undo-{step.name}",
        title=f"Undo: {step.title}",
        by=plan.by,
        owner=plan.owner,
        stage=effect.stage,
        state="intended",
        due_at=at + plan.within,
        instruction=_where(plan.compensate or "", part),
        compensates=step.name,
        at=at,
        part=part,
    )
    _order(file, undoing, at=at)
    return undoing


def order_look(
    file: CaseFile, effect: EffectRecord, guard: BulkGuardPlan, step: int, *, at: datetime
) -> None:
    """The guard's connector is asked what the step did."""
    part = _part(effect, step, action=f"observe-{effect.name}")
    _order(
        file,
        EffectRecord(
            key=key_of(effect.key, "look", str(step)),
            name=f"observe-{effect.name}-step-{step}",
            title=f"Look at: {effect.title} ({_said(part)})",
            by=guard.ask,
            owner=guard.by,
            stage=effect.stage,
            state="intended",
            due_at=at + _plan(file, effect).within,
            instruction=guard.signal,
            at=at,
            part=part,
        ),
        at=at,
    )


def _order(file: CaseFile, item: EffectRecord, *, at: datetime) -> None:
    part = item.part
    file.state.effects.append(item)
    file.note(
        Kind.EFFECT_INTENDED,
        at,
        effect=item.name,
        key=item.key,
        by=item.by,
        compensates=item.compensates,
        share=part.share if part is not None else None,
        first=part.first if part is not None else None,
        last=part.last if part is not None else None,
    )
    file.wishes.append(Do(item.key))


def _part(effect: EffectRecord, step: int, *, action: str) -> Part:
    run = effect.run
    if run is None:
        raise KeyError(effect.name)
    batch = run.batches[step - 1]
    return Part(
        of=effect.key,
        action=action,
        step=step,
        steps=len(run.batches),
        share=batch.share,
        first=batch.first,
        last=batch.last,
        total=run.total,
        listed=run.listed,
    )


def _said(part: Part) -> str:
    return f"step {part.step} of {part.steps}, up to {part.share}"


def _where(text: str, part: Part) -> str:
    """A person who does it by hand is told which of the list."""
    return f"{text} Numbers {part.first} to {part.last} of {part.total} on the list.".strip()


def _plan(file: CaseFile, effect: EffectRecord) -> EffectPlan:
    plan = file.effect_plan(effect.name)
    if plan is None:
        raise KeyError(effect.name)
    return plan
