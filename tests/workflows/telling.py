"""What stories of the library do again and again, said once: work, answers, calls, endings."""

from collections.abc import Callable
from datetime import timedelta

from cases.acts import Answer, CallBack, Close, Complete, Decide, Memo, Resolution, Verdict
from cases.acts import Receipt as SettleEffect
from cases.receipts import ActReceipt
from cases.state import CasePicture
from runbooks.plan import CallBackResult
from tests.workflows.scenarios import Play, Scenario, accepted
from tests.workflows.world import CaseUnderTest


def collects(
    stories: dict[str, Scenario], runbook: str, **opened: str
) -> Callable[..., Callable[[Play], Play]]:
    """A decorator that adds a story, opened with those answers and its own."""

    def story(**answers: str) -> Callable[[Play], Play]:
        said = {name.replace("_", "-"): value for name, value in (opened | answers).items()}

        def add(play: Play) -> Play:
            stories[play.__name__] = Scenario(play=play, runbook=runbook, opened={"answers": said})
            return play

        return add

    return story


async def ago(case: CaseUnderTest, by: timedelta) -> str:
    """The instant so long ago, as it is answered."""
    return (await case.now() - by).isoformat()


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


async def call(case: CaseUnderTest, result: CallBackResult, person: str) -> ActReceipt:
    """The agency was called at a number we found ourselves."""
    body = CallBack(
        agency="agency-3",
        number="555-0100",
        source="the directory of the ministry",
        called_at=await case.now(),
        result=result,
    )
    return accepted(await case.act(body, person=person))


async def asked(case: CaseUnderTest, gate: str) -> CasePicture:
    """The picture; the gate's round is open."""
    return await case.until(lambda seen: seen.open_round(gate) is not None)


async def write(case: CaseUnderTest, gate: str, person: str, *fields: str) -> None:
    """The gate's memo is written, and its round is open."""
    await case.in_stage(gate)
    written = dict.fromkeys(fields, "as the evidence store says")
    accepted(await case.act(Memo(gate=gate, fields=written), person=person))
    await asked(case, gate)


async def ask_back(case: CaseUnderTest, gate: str, person: str) -> None:
    """The person asks for more information."""
    more = Decide(gate=gate, verdict=Verdict.MORE_INFORMATION, reason="which item?")
    accepted(await case.act(more, person=person))


async def settle(case: CaseUnderTest, effect: str, resolution: Resolution, person: str) -> None:
    """The newest order of the effect is settled that way."""
    seen = await case.until(lambda seen: seen.effect_named(effect) is not None)
    found = seen.effect_named(effect)
    assert found is not None
    body = SettleEffect(
        effect=found.key, resolution=resolution, reference="ref-1", reason="as it is"
    )
    accepted(await case.act(body, person=person))


async def close(case: CaseUnderTest, disposition: str, person: str = "ines") -> None:
    """Nothing is open any more, and the case is closed."""
    await case.in_stage("closure")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    body = Close(disposition=disposition, record="facts, rule, decision", lessons="ask earlier")
    accepted(await case.act(body, person=person))


def performed(case: CaseUnderTest) -> list[str]:
    """What was done outside, by name."""
    return [order.name for order in case.world.performed]


async def has_performed(case: CaseUnderTest, *names: str) -> None:
    """All of these have been done outside, beside whatever the case went on with; TimeoutError."""
    await case.until(lambda _: set(names) <= set(performed(case)))
