"""What a runbook does to the outside, done once: an effect's attempt, and what came of it."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from cases.effects import settle
    from cases.file import CaseFile
    from cases.journal import Kind
    from cases.records import SHADOWED, EffectRecord
    from cases.shadow import NOT_CARRIED_OUT, would_look
    from workflows.asking import ask
    from workflows.effects import PERFORM, EffectOrder, EffectResult, EffectState
    from workflows.failures import failure_name, waited_for_log
    from workflows.lanes import queue_of
    from workflows.ordering import attempt_key, facts_for, report_order
    from workflows.pulse import Pulse
    from workflows.recorder import Recorder

LATE = {
    EffectState.DONE: Kind.EFFECT_DONE,
    EffectState.MANUAL: Kind.EFFECT_MANUAL,
    EffectState.FAILED: Kind.EFFECT_FAILED,
}
"""What is recorded of an attempt that ended after a person had settled its effect."""


async def perform(file: CaseFile, key: str, *, recorder: Recorder, pulse: Pulse) -> None:
    """The intended effect is done, handed to people, or failed; the journal says which."""
    effect = file.state.effect(key)
    if effect is None or effect.state != "intended":
        return
    if file.state.shadow:
        settle(
            file,
            effect,
            state=SHADOWED,
            at=workflow.now(),
            detail=NOT_CARRIED_OUT,
            found=would_look(effect),
        )
        return
    entry = 0
    if effect.irreversible:
        # What cannot be undone waits until its intent is durable, and whoever does it until
        # the log's checkpoint covers that (design §6).
        through = file.state.journal.sequence
        await recorder.durable(through)
        entry = through if file.leaf_first else 0
    order = _order(file, effect, entry=entry)
    try:
        result = await _attempt(file, order, effect, pulse=pulse)
    except ActivityError as error:
        settle(file, effect, state="failed", at=workflow.now(), detail=failure_name(error))
        return
    if effect.state != "intended":
        # A person settled it while the attempt was under way; both are on record.
        file.note(
            LATE[result.state],
            workflow.now(),
            effect=effect.name,
            key=key,
            state=result.state.value,
            because="settled by a person before",
            policies=list(result.policies) or None,
            policy=result.policy or None,
            result=file.record.commit(result),
        )
        return
    settle(
        file,
        effect,
        state=result.state.value,
        at=workflow.now(),
        reference=result.reference,
        detail=result.detail,
        commitment=file.record.commit(result),
        found=result.found,
        asked=(result.policies, result.policy) if result.policy else None,
    )


def _order(file: CaseFile, effect: EffectRecord, *, entry: int) -> EffectOrder:
    return EffectOrder(
        key=attempt_key(effect),
        case=file.state.case,
        number=file.state.number,
        name=effect.part.action if effect.part is not None else effect.name,
        title=effect.title,
        by=effect.by,
        stage=effect.stage,
        facts=facts_for(file, effect),
        compensates=effect.compensates,
        irreversible=effect.irreversible,
        report=report_order(file, effect),
        part=effect.part,
        set_for=effect.set_for,
        entry=entry,
        at=workflow.now(),
    )


async def _attempt(
    file: CaseFile, order: EffectOrder, effect: EffectRecord, *, pulse: Pulse
) -> EffectResult:
    """As often as it takes while only the log is waited for: nothing was tried by then."""
    while True:
        try:
            return await ask(
                PERFORM, order, summary=effect.title, pulse=pulse, queue=queue_of(file)
            )
        except ActivityError as error:
            if not waited_for_log(error) or effect.state != "intended":
                raise
