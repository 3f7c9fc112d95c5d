"""What stories of appeals, precedents and visible cases do again and again."""

from collections.abc import Callable
from datetime import timedelta

from cases.acts import Answer, Close, Complete, Decide, Memo, Receipt, Resolution, Verdict
from cases.receipts import ActReceipt
from cases.state import CasePicture
from tests.workflows.scenarios import Play, Scenario, accepted
from tests.workflows.telling import performed
from tests.workflows.world import CaseUnderTest
from workflows.effects import EffectResult, EffectState


def collected(
    stories: dict[str, Scenario], runbook: str, **opened: str
) -> Callable[..., Callable[[Play], Play]]:
    """A decorator that tells a story of that runbook, opened with those answers and its own."""

    def story(**answers: str) -> Callable[[Play], Play]:
        said = _named({**opened, **answers})

        def add(play: Play) -> Play:
            stories[play.__name__] = Scenario(play=play, runbook=runbook, opened={"answers": said})
            return play

        return add

    return story


async def done(case: CaseUnderTest, stage: str, outcome: str, person: str) -> None:
    """The person completes the stage the case is in."""
    accepted(await tried(case, stage, outcome, person))


async def tried(case: CaseUnderTest, stage: str, outcome: str, person: str) -> ActReceipt:
    """What the person is answered who would complete the stage."""
    await case.in_stage(stage)
    return await case.act(Complete(stage=stage, outcome=outcome), person=person)


async def said(case: CaseUnderTest, person: str, *, row: str = "", **answers: str) -> None:
    """The questions are answered; with `row` the severity table has judged them by that row."""
    accepted(await case.act(Answer(answers=_named(answers)), person=person))
    if row:
        await case.until(lambda seen: seen.severity.row == row)


async def asked(case: CaseUnderTest, gate: str) -> CasePicture:
    """The picture, once the gate's round is open."""
    return await case.until(lambda seen: seen.open_round(gate) is not None)


async def written(case: CaseUnderTest, gate: str, person: str, *fields: str) -> CasePicture:
    """The gate's memo is complete, and its round is open."""
    await case.in_stage(gate)
    memo = dict.fromkeys(fields, "as the evidence store says")
    accepted(await case.act(Memo(gate=gate, fields=memo), person=person))
    return await asked(case, gate)


async def ask_back(case: CaseUnderTest, gate: str, person: str) -> None:
    """The person asks for more before deciding."""
    await asked(case, gate)
    more = Decide(gate=gate, verdict=Verdict.MORE_INFORMATION, reason="which of them?")
    accepted(await case.act(more, person=person))


async def dawdle(case: CaseUnderTest, stage: str, by: timedelta) -> None:
    """The case stands in that stage for so long."""
    await case.in_stage(stage)
    await case.forward(by)


def by_hand(case: CaseUnderTest, effect: str) -> None:
    """No system does it: it waits for a person's receipt."""
    case.world.effect_results[effect] = EffectResult(state=EffectState.MANUAL)


async def receipted(case: CaseUnderTest, effect: str, person: str) -> None:
    """The person has done it, and says where that can be seen."""
    seen = await case.until(lambda seen: seen.effect_named(effect) is not None)
    found = seen.effect_named(effect)
    assert found is not None
    body = Receipt(effect=found.key, resolution=Resolution.DONE, reference="ref-90")
    accepted(await case.act(body, person=person))


async def ended(case: CaseUnderTest, disposition: str) -> None:
    """The case is closed by its incident manager, with lessons, once nothing is open outside."""
    await case.in_stage("closure")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    body = Close(disposition=disposition, record="facts, rule, decision", lessons="ask sooner")
    accepted(await case.act(body, person="ines"))


async def happened(case: CaseUnderTest, *effects: str) -> None:
    """All of that has been done outside."""
    await case.until(lambda _: set(effects) <= set(performed(case)))


def _named(answers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in answers.items()}
