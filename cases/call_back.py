"""Outcomes that wait for a call-back: the newest one decides whether they can be taken."""

from cases.receipts import Reason
from cases.refusal import refused
from cases.state import CaseState
from runbooks.plan import Pathway, StagePlan


def must_be_called_back(state: CaseState, stage: StagePlan, outcome: str) -> None:
    """The newest call-back says what the outcome asks for, or it asks for none."""
    step = stage.next.get(outcome)
    if step is None or step.call_back is None:
        return
    newest = state.call_backs[-1].result if state.call_backs else None
    said = newest.value if newest is not None else "nothing"
    if newest is not step.call_back:
        raise refused(
            Reason.NOT_CALLED_BACK, f"needs {step.call_back.value}, the record says {said}"
        )


def takes_call_backs(pathway: Pathway) -> bool:
    """Whether any outcome of the runbook waits for one."""
    return any(step.call_back for stage in pathway.stages for step in stage.next.values())


def callers(pathway: Pathway) -> tuple[str, ...]:
    """The owners of the stages whose outcomes wait for a call-back: they may record one at once."""
    owners = (
        stage.owner
        for stage in pathway.stages
        if any(step.call_back for step in stage.next.values())
    )
    return tuple(dict.fromkeys(owners))
