"""Stories of account takeover waves: together they take every way the runbook knows."""

from collections.abc import Callable
from datetime import timedelta

from cases.acts import Answer, Close, Complete, Decide, Dissent, Memo, Verdict
from cases.acts import Receipt as SettleEffect
from cases.acts_on_many import Observe, RollBack
from cases.gate import RoundKind
from cases.receipts import Outcome, Reason
from cases.records import EffectRecord
from cases.state import CasePicture
from runbooks.plan import Severity
from tests.workflows.scenarios import Play, Scenario, accepted, approve, refused, reject
from tests.workflows.telling import has_performed
from tests.workflows.world import CaseUnderTest
from workflows.effects import EffectResult, EffectState

RUNBOOK = "account-takeover-wave"
GATE = "bulk-review"
LOCK = "contain-accounts"
LOOK = f"observe-{LOCK}"
MEMO = dict.fromkeys(
    ("scope", "how-the-list-was-made", "expected-wrong-ones", "way-back"),
    "as the list's record says",
)
WAVE = {
    "detector": "rule",
    "vector": "credential-stuffing",
    "accounts": "2000",
    "account-list": "list-17",
    "velocity": "1500",
}
MANUAL = EffectResult(state=EffectState.MANUAL)

STORIES: dict[str, Scenario] = {}


def story(**answers: str) -> Callable[[Play], Play]:
    """The story is one of this runbook's, opened with those answers instead of the wave's."""

    def add(play: Play) -> Play:
        named = {name.replace("_", "-"): value for name, value in answers.items()}
        opened = {"answers": {**WAVE, **named}}
        STORIES[play.__name__] = Scenario(play=play, runbook=RUNBOOK, opened=opened)
        return play

    return add


async def complete(case: CaseUnderTest, stage: str, outcome: str, person: str) -> None:
    """The person completes the stage the case is in."""
    await case.in_stage(stage)
    accepted(await case.act(Complete(stage=stage, outcome=outcome), person=person))


async def answer(case: CaseUnderTest, person: str, **answers: str) -> None:
    """The questions are answered."""
    named = {name.replace("_", "-"): value for name, value in answers.items()}
    accepted(await case.act(Answer(answers=named), person=person))


async def in_containment(case: CaseUnderTest) -> None:
    """The war room has called it a wave, and the experts know how much is lost."""
    await complete(case, "war-room", "wave", "ines")
    await case.in_stage("containment")
    await answer(case, "fritz", loss_per_day="9000", keys_abused="no")


async def asked(case: CaseUnderTest) -> CasePicture:
    """The gate of four eyes is open, its memo written."""
    await in_containment(case)
    await complete(case, "containment", "many", "fritz")
    await case.in_stage(GATE)
    accepted(await case.act(Memo(gate=GATE, fields=MEMO), person="fritz"))
    return await open_gate(case)


async def open_gate(case: CaseUnderTest) -> CasePicture:
    """The picture, once the gate's round is open."""
    return await case.until(lambda seen: seen.open_round(GATE) is not None)


async def approved(case: CaseUnderTest) -> None:
    """Both roles have approved, and the case is in its ramp."""
    await asked(case)
    await approve(case, GATE, "fritz")
    await approve(case, GATE, "enid")
    await case.in_stage("ramp")


def state_of(seen: CasePicture, name: str) -> str:
    """How the newest effect of that name stands; empty while there is none."""
    effect = seen.effect_named(name)
    return effect.state if effect is not None else ""


async def step_done(case: CaseUnderTest, step: int) -> EffectRecord:
    """The whole effect, once that step of it is done."""
    name = f"{LOCK}-step-{step}"
    seen = await case.until(lambda seen: state_of(seen, name) == "done")
    effect = seen.effect_named(LOCK)
    assert effect is not None
    return effect


async def look(case: CaseUnderTest, step: int, *, checked: int = 20, wrong: int = 0) -> None:
    """Somebody says what the step did."""
    effect = await step_done(case, step)
    body = Observe(effect=effect.key, checked=checked, wrong=wrong, reference="sample-3")
    accepted(await case.act(body, person="fritz"))


async def ramped(case: CaseUnderTest, *, steps: int = 3) -> None:
    """All steps have been done, watched and looked at."""
    for step in range(1, steps + 1):
        await look(case, step)
        await case.forward(timedelta(minutes=121 if step == steps else 16))
    await case.in_stage("breach-check")


async def told(case: CaseUnderTest, outcome: str = "no-personal-data") -> None:
    """Privacy has judged the breach."""
    await answer(case, "priya", personal_data="no" if outcome.startswith("no") else "yes")
    await complete(case, "breach-check", outcome, "priya")


async def hardened(case: CaseUnderTest) -> None:
    """The rules are harder, and what the bulk action was worth is known."""
    await case.in_stage("hardening")
    await answer(case, "fritz", bulk_quality="sheet-4", losses_avoided="90000", dwell_time="7")
    await complete(case, "hardening", "hardened", "fritz")


async def settled(case: CaseUnderTest, name: str, person: str) -> None:
    """A person says that an action is done."""
    seen = await case.until(lambda seen: state_of(seen, name) == "manual")
    effect = seen.effect_named(name)
    assert effect is not None
    body = SettleEffect.model_validate(
        {"effect": effect.key, "resolution": "done", "reference": "ref-5"}
    )
    accepted(await case.act(body, person=person))


async def close(case: CaseUnderTest, disposition: str) -> None:
    """The case is closed by its incident manager, with lessons."""
    await case.in_stage("closure")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    body = Close(disposition=disposition, record="facts, rule, decision", lessons="limit earlier")
    accepted(await case.act(body, person="ines"))


def ordered(case: CaseUnderTest, action: str) -> list[tuple[int, int]]:
    """From where to where of the list an action was ordered, order by order."""
    orders = [order for order in case.world.performed if order.part is not None]
    return [
        (order.part.first, order.part.last)
        for order in orders
        if order.part is not None and order.part.action == action
    ]


@story()
async def four_eyes_and_a_canary(case: CaseUnderTest) -> None:
    """Two roles lock two thousand accounts in watched steps; nobody waits longer than promised."""
    case.world.effect_results[LOOK] = EffectResult(state=EffectState.DONE, found=(40, 1))
    await in_containment(case)
    around = await case.act(Complete(stage="containment", outcome="few"), person="fritz")
    refused(around, Outcome.REFUSED, Reason.NOT_APPROVED)
    await complete(case, "containment", "many", "fritz")
    await case.in_stage(GATE)
    accepted(await case.act(Memo(gate=GATE, fields=MEMO), person="fritz"))
    await open_gate(case)
    await approve(case, GATE, "fritz")
    assert ordered(case, LOCK) == []
    await approve(case, GATE, "enid")
    await step_done(case, 1)
    assert ordered(case, LOCK) == [(1, 20)]
    await case.forward(timedelta(minutes=10))
    await step_done(case, 2)
    await case.forward(timedelta(minutes=15))
    await step_done(case, 3)
    assert ordered(case, LOCK) == [(1, 20), (21, 200), (201, 2000)]
    await case.forward(timedelta(hours=2))
    await case.in_stage("breach-check")
    assert ordered(case, LOOK) == [(1, 20), (21, 200), (201, 2000)]
    await told(case)
    await hardened(case)
    await close(case, "restored")


@story(velocity="80")
async def too_many_locks_are_overturned(case: CaseUnderTest) -> None:
    """The guard stops the ramp and unlocks exactly who was locked; a better list is locked anew."""
    case.world.effect_results[LOOK] = EffectResult(state=EffectState.DONE, found=(40, 1))
    await approved(case)
    await step_done(case, 1)
    await case.forward(timedelta(minutes=10))
    await step_done(case, 2)
    case.world.effect_results[LOOK] = EffectResult(state=EffectState.DONE, found=(40, 4))
    await case.forward(timedelta(minutes=15))
    seen = await case.until(lambda seen: "rolled-back" in {e.state for e in seen.effects})
    effect = seen.effect_named(LOCK)
    assert effect is not None
    assert effect.run is not None
    assert effect.run.stopped == "Locks overturned on appeal: 5 of 80, above 5%"
    assert sorted(ordered(case, f"undo-{LOCK}")) == ordered(case, LOCK) == [(1, 20), (21, 200)]
    await complete(case, "ramp", "rolled-back", "fritz")
    await case.in_stage("containment")
    case.world.effect_results[LOOK] = EffectResult(state=EffectState.DONE, found=(40, 0))
    await answer(case, "fritz", accounts="400", account_list="list-18")
    await complete(case, "containment", "few", "fritz")
    await case.forward(timedelta(minutes=26))
    await step_done(case, 3)
    await case.forward(timedelta(hours=2))
    await case.in_stage("breach-check")
    await told(case)
    await hardened(case)
    await close(case, "contained")


@story(accounts="1", velocity="0")
async def one_account_is_a_breach(case: CaseUnderTest) -> None:
    """One account goes without the gate; what it was used for is for others to look after."""
    assert (await case.picture()).severity.current is Severity.SEV3
    await complete(case, "war-room", "single", "ines")
    early = Observe(effect=(await step_done(case, 1)).key, checked=1, wrong=2)
    refused(await case.act(early, person="fritz"), Outcome.REFUSED, Reason.BAD_ANSWER)
    await look(case, 1, checked=1)
    assert ordered(case, LOCK) == [(1, 1)]
    await case.forward(timedelta(minutes=121))
    await case.in_stage("breach-check")
    await answer(case, "priya", personal_data="yes")
    await complete(case, "breach-check", "breach", "priya")


@story(accounts="0")
async def nobody_was_taken_over(case: CaseUnderTest) -> None:
    """The war room is late and its notes are missed; in the end there was no wave."""
    await case.forward(timedelta(minutes=61))
    empty = await case.act(Complete(stage="war-room", outcome="single"), person="ines")
    refused(empty, Outcome.REFUSED, Reason.UNANSWERED)
    await complete(case, "war-room", "false-alarm", "ines")
    await case.in_stage("closure")
    await has_performed(case, "undo-rate-limit")
    await case.forward(timedelta(hours=25))
    await close(case, "false-alarm")


@story()
async def the_experts_find_no_wave(case: CaseUnderTest) -> None:
    """Containment is late: engineering and the incident manager are called; it was a test."""
    await in_containment(case)
    await case.forward(timedelta(minutes=46))
    await complete(case, "containment", "false-alarm", "fritz")
    await close(case, "false-alarm")


@story()
async def the_two_disagree(case: CaseUnderTest) -> None:
    """One approves, one does not: an executive decides; an objection stops the ramp once more."""
    await asked(case)
    await case.forward(timedelta(minutes=11))
    await approve(case, GATE, "fritz")
    await reject(case, GATE, "enid")
    seen = await open_gate(case)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await reject(case, GATE, "eve")
    await complete(case, "containment", "many", "fritz")
    await open_gate(case)
    await approve(case, GATE, "fritz")
    await approve(case, GATE, "enid")
    await look(case, 1)
    accepted(await case.act(Dissent(gate=GATE, reason="the list is old"), person="enid"))
    await open_gate(case)
    await case.forward(timedelta(minutes=20))
    assert ordered(case, LOCK) == [(1, 20)]
    await approve(case, GATE, "erik")
    await step_done(case, 2)
    await case.in_stage("ramp")
    seen = await case.picture()
    effect = seen.effect_named(LOCK)
    assert effect is not None
    stop = RollBack(effect=effect.key, reason="the list is old indeed")
    refused(await case.act(stop, person="suna"), Outcome.NOT_YOURS, Reason.ROLE)
    accepted(await case.act(stop, person="enid"))
    await case.until(lambda seen: "rolled-back" in {e.state for e in seen.effects})
    await complete(case, "ramp", "rolled-back", "fritz")
    await complete(case, "containment", "false-alarm", "fritz")
    await close(case, "false-alarm")


@story()
async def everything_takes_long(case: CaseUnderTest) -> None:
    """Nobody looks, tells or restores in time: everybody hears of it, and of who did it."""
    for name in ("tell-victims", "restore-accounts"):
        case.world.effect_results[name] = MANUAL
    await asked(case)
    more = Decide(gate=GATE, verdict=Verdict.MORE_INFORMATION, reason="how was it made?")
    accepted(await case.act(more, person="enid"))
    await complete(case, "containment", "many", "fritz")
    await open_gate(case)
    await approve(case, GATE, "fritz")
    await approve(case, GATE, "enid")
    await step_done(case, 1)
    await case.forward(timedelta(hours=3, minutes=1))
    assert ordered(case, LOCK) == [(1, 20)]
    await ramped(case)
    await case.forward(timedelta(hours=3, minutes=1))
    await told(case, "personal-data")
    await case.in_stage("victim-communication")
    await case.forward(timedelta(hours=19))
    await settled(case, "tell-victims", "coco")
    await case.in_stage("restoration")
    await case.forward(timedelta(hours=55))
    await settled(case, "restore-accounts", "suna")
    await case.in_stage("hardening")
    await case.forward(timedelta(days=5, hours=7))
    await answer(case, "fritz", bulk_quality="sheet-4", losses_avoided="0", dwell_time="190")
    await complete(case, "hardening", "attributed", "fritz")


@story(vector="key-theft", keys_abused="unknown", velocity="1")
async def the_table_is_read(case: CaseUnderTest) -> None:
    """Worse answers make it graver, milder ones milder; nobody is told in time, or restored."""
    for name in ("tell-victims", "restore-accounts"):
        case.world.effect_results[name] = MANUAL
    await case.until(lambda seen: seen.severity.row == "3")
    await answer(case, "ines", keys_abused="no", accounts="99")
    await case.until(lambda seen: seen.severity.row == "6")
    await answer(case, "ines", velocity="100")
    await case.until(lambda seen: seen.severity.row == "4")
    await answer(case, "ines", loss_per_day="250001")
    await case.until(lambda seen: seen.severity.row == "2")
    await complete(case, "war-room", "single", "ines")
    await ramped(case)
    await told(case)
    await complete(case, "victim-communication", "nobody-to-tell", "coco")
    await complete(case, "restoration", "not-restorable", "suna")
    await settled(case, "tell-victims", "coco")
    await settled(case, "restore-accounts", "suna")
    await hardened(case)
    await close(case, "contained")
