"""Dual control: what a gate approved of an effect on many, used once, and void when disputed."""

from datetime import datetime

from cases.batches import counted, covers
from cases.bulk import go_on_everywhere
from cases.conditions import must_hold
from cases.file import CaseFile
from cases.gate import Round
from cases.many import BulkApproval
from cases.receipts import Reason
from cases.records import BY_ITSELF, IN_STEPS
from cases.refusal import Refusal, refused
from cases.setting import instant_of_answer
from runbooks.plan import Next, StagePlan


def approve(file: CaseFile, round_: Round, *, at: datetime) -> None:
    """The gate has approved so many on that list: what waited for it goes on."""
    for plan in file.pathway.effects:
        bulk = plan.bulk
        if bulk is None or bulk.gate != round_.gate:
            continue
        total, listed = counted(file, bulk)
        if total is not None and listed:
            file.state.approvals[plan.name] = BulkApproval(
                gate=round_.gate, round=round_.number, total=total, listed=listed
            )
    for effect in file.state.effects:
        run = effect.run
        if run is None or not run.doubted or run.gate != round_.gate:
            continue
        approval = file.state.approvals.get(effect.name)
        if approval is not None and covers(approval, run.total, run.listed):
            run.doubted = False
            run.round = round_.number
            del file.state.approvals[effect.name]
    go_on_everywhere(file, at=at)


def doubt(file: CaseFile, gate: str) -> None:
    """What the gate approved is disputed or no longer stands: no further step before it decides."""
    file.state.approvals = {
        name: approval for name, approval in file.state.approvals.items() if approval.gate != gate
    }
    for effect in file.state.effects:
        if effect.run is not None and effect.run.gate == gate and effect.state == IN_STEPS:
            effect.run.doubted = True


def must_be_orderable(file: CaseFile, stage: StagePlan, outcome: str, *, at: datetime) -> None:
    """Everything the outcome orders can begin: counted, approved, and its instant ahead."""
    step = stage.next.get(outcome, Next())
    for name in step.do:
        plan = file.effect_plan(name)
        known = file.state.effect_named(name)
        if plan is None or plan.bulk is None or (known is not None and known.state in BY_ITSELF):
            continue
        bulk = plan.bulk
        total, listed = counted(file, bulk)
        if total is None or not listed:
            raise refused(Reason.UNANSWERED, bulk.listed if total is not None else bulk.count)
        approval = file.state.approvals.get(name)
        asked_here = bulk.gate == stage.name
        if total > bulk.above and not asked_here and not covers(approval, total, listed):
            raise refused(Reason.NOT_APPROVED, f"more than {bulk.above} need {bulk.gate}")
    if step.set_for is not None:
        instant = instant_of_answer(file, step.set_for)
        if instant is None:
            raise refused(Reason.UNANSWERED, step.set_for)
        if instant <= at:
            raise refused(Reason.NOT_AHEAD, instant.isoformat())
    if step.move_to is not None:
        must_not_be_under_way(file)


def orderable(file: CaseFile, stage: StagePlan, outcome: str, *, at: datetime) -> bool:
    """Whether the answers allow the outcome, and everything it orders can begin now."""
    try:
        must_hold(file, stage, outcome)
        must_be_orderable(file, stage, outcome, at=at)
    except Refusal:
        return False
    return True


def must_not_be_under_way(file: CaseFile) -> None:
    """Nothing would be left half done, or still to happen, by a case that has ended."""
    left = [effect.title for effect in file.state.effects if effect.state in BY_ITSELF]
    left += [f"the merge of case {item.number}" for item in file.state.merging]
    if left:
        raise refused(Reason.UNMET, f"first finish, call off or roll back: {'; '.join(left)}")
