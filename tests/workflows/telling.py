"""What the people of a story do again and again, whatever its runbook."""

from cases.acts import Answer, Close, Complete, Memo
from cases.state import CasePicture
from tests.workflows.scenarios import accepted
from tests.workflows.world import CaseUnderTest


async def complete(case: CaseUnderTest, stage: str, outcome: str, person: str) -> None:
    """The person completes the stage the case is in."""
    await case.in_stage(stage)
    accepted(await case.act(Complete(stage=stage, outcome=outcome), person=person))


async def answer(case: CaseUnderTest, person: str, *, row: str = "", **answers: str) -> None:
    """The questions are answered; with `row` the severity table has judged them by that row."""
    named = {name.replace("_", "-"): value for name, value in answers.items()}
    accepted(await case.act(Answer(answers=named), person=person))
    if row:
        await case.until(lambda seen: seen.severity.row == row)


async def open_gate(case: CaseUnderTest, gate: str) -> CasePicture:
    """The picture, once the gate's round is open."""
    return await case.until(lambda seen: seen.open_round(gate) is not None)


async def written(
    case: CaseUnderTest, gate: str, fields: tuple[str, ...], person: str
) -> CasePicture:
    """The gate's memo is complete, and its round is open."""
    await case.in_stage(gate)
    memo = Memo(gate=gate, fields=dict.fromkeys(fields, "as the evidence store says"))
    accepted(await case.act(memo, person=person))
    return await open_gate(case, gate)


async def close(case: CaseUnderTest, disposition: str) -> None:
    """The case is closed by its incident manager, with lessons, once nothing is open outside."""
    await case.in_stage("closure")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    body = Close(disposition=disposition, record="facts, rule, decision", lessons="call earlier")
    accepted(await case.act(body, person="ines"))


def performed(case: CaseUnderTest) -> list[str]:
    """What was done outside, by name."""
    return [order.name for order in case.world.performed]
