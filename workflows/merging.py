"""The steps of a merge that reach another case: it is asked to come, or told that one has gone."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from cases.file import CaseFile, GiveBack, TakeIn
    from cases.journal import Kind
    from cases.merging import BackAnswer, MergeAnswer, law_clocks, take_in
    from cases.receipts import Reason
    from workflows.asking import ask
    from workflows.effects import GIVE_BACK, MERGE_AWAY, GiveBackOrder, MergeOrder
    from workflows.failures import failure_name
    from workflows.pulse import Pulse


async def merge_in(file: CaseFile, wish: TakeIn, *, pulse: Pulse) -> None:
    """The other case is part of this one, or stays apart and why is on record.

    Whether it has ended as a pointer is in its own record alone: the answer says it, however often
    it is asked, so that a crash in between leaves neither case half merged.
    """
    at = workflow.now()
    order = MergeOrder(
        act=wish.act,
        case=file.state.case,
        number=file.state.number,
        loser=wish.case,
        clocks=law_clocks(file.state, at=at),
        need_to_know=file.pathway.need_to_know,
        shadow=file.state.shadow,
        at=at,
    )
    try:
        answer = await ask(MERGE_AWAY, order, summary=f"merge case {wish.number}", pulse=pulse)
        commitment = file.record.commit(answer)
    except ActivityError as error:
        answer = MergeAnswer(accepted=False, reason=Reason.NO_SUCH_CASE, detail=failure_name(error))
        commitment = None
    take_in(file, wish.number, answer, commitment=commitment, at=workflow.now())


async def tell_back(file: CaseFile, wish: GiveBack, *, pulse: Pulse) -> None:
    """The case that this one was part of has heard that it is none of it any more."""
    order = GiveBackOrder(act=wish.act, winner=wish.case, at=workflow.now())
    try:
        answer = await ask(GIVE_BACK, order, summary=f"leave case {wish.number}", pulse=pulse)
        commitment = file.record.commit(answer)
    except ActivityError as error:
        answer, commitment = BackAnswer(became=failure_name(error)), None
    file.note(
        Kind.CASE_LINKED,
        workflow.now(),
        number=wish.number,
        why="un-merged",
        because=answer.became,
        result=commitment,
    )
