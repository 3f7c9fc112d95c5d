"""Stories of accounts that act together: together they take every way the runbook knows."""

from collections.abc import Callable
from datetime import datetime, timedelta

from cases.acts import Answer, Close, Complete, Decide, Dissent, Memo, Resolution, Verdict
from cases.acts import Receipt as SettleEffect
from cases.gate import RoundKind
from cases.receipts import Outcome, Reason
from cases.state import CasePicture
from tests.workflows.scenarios import Play, Scenario, accepted, approve, refused, reject
from tests.workflows.telling import has_performed, performed
from tests.workflows.world import CaseUnderTest
from workflows.effects import EffectResult, EffectState

RUNBOOK = "coordinated-inauthentic-behaviour"
NETWORK, INFRASTRUCTURE = "disrupt-network", "disrupt-infrastructure"
FOUND = {
    "origin": "own-analysts",
    "kind": "influence",
    "seed-accounts": "list-1",
    "tip-marking": "no-tip",
    "tip-actions": "no-tip",
    "sponsor": "not-known",
    "election": "unknown",
    "critical-infrastructure": "no",
}
CLUSTER = {
    "techniques": "sheet-2",
    "confidence": "moderate",
    "source-reliability": "b",
    "information-credibility": "2",
    "cluster-accounts": "340",
    "cluster-list": "list-3",
}
MEMOS = {
    "attribution-review": ("key-judgements", "confidence-and-why", "other-explanations", "sources"),
    "state-attribution": ("words", "confidence-and-why", "consequences"),
    "sign-off": ("enforcement-plan", "legal-basis", "who-is-hit-wrongly", "who-acts-with-us"),
    "publication": ("words", "estimative-language", "what-is-left-out"),
    "hand-over-review": ("recipient", "legal-basis", "data-fields"),
}
SIGNING = ("ilka", "lena", "pia")
"""One of each role that signs off: expert, Legal, Policy."""

STORIES: dict[str, Scenario] = {}


def story(**answers: str) -> Callable[[Play], Play]:
    """The story is one of this runbook's, opened with those answers beside what was found."""

    def add(play: Play) -> Play:
        named = {name.replace("_", "-"): value for name, value in answers.items()}
        opened = {"answers": {**FOUND, **named}}
        STORIES[play.__name__] = Scenario(play=play, runbook=RUNBOOK, opened=opened)
        return play

    return add


async def complete(case: CaseUnderTest, stage: str, outcome: str, person: str = "iris") -> None:
    """The person completes the stage the case is in."""
    await case.in_stage(stage)
    accepted(await case.act(Complete(stage=stage, outcome=outcome), person=person))


async def answer(case: CaseUnderTest, **answers: str) -> None:
    """The expert answers questions."""
    named = {name.replace("_", "-"): value for name, value in answers.items()}
    accepted(await case.act(Answer(answers=named), person="iris"))


async def asked(case: CaseUnderTest, gate: str) -> CasePicture:
    """The gate is open, its memo written."""
    seen = await case.in_stage(gate)
    if gate in MEMOS and gate not in seen.memos:
        fields = dict.fromkeys(MEMOS[gate], "as the file says")
        accepted(await case.act(Memo(gate=gate, fields=fields), person="iris", role=None))
    return await case.until(lambda seen: seen.open_round(gate) is not None)


async def passed(case: CaseUnderTest, gate: str, *people: str) -> None:
    """Everybody approves at the gate."""
    await asked(case, gate)
    for person in people:
        await approve(case, gate, person)


async def more(case: CaseUnderTest, gate: str, person: str) -> None:
    """Somebody asks for more information at the gate."""
    await asked(case, gate)
    body = Decide(gate=gate, verdict=Verdict.MORE_INFORMATION, reason="on what is that based?")
    accepted(await case.act(body, person=person))


async def investigated(case: CaseUnderTest, outcome: str = "clustered") -> None:
    """The cluster is worked out."""
    await complete(case, "preservation", "preserved")
    await case.in_stage("investigation")
    accepted(await case.act(Answer(answers=CLUSTER), person="iris"))
    await complete(case, "investigation", outcome)


async def assessed(case: CaseUnderTest, *, within: timedelta = timedelta(days=3)) -> datetime:
    """The board is convinced, and an instant is named; the case waits for what it is called."""
    await passed(case, "attribution-review", "iris", "ivo", "adva")
    await case.in_stage("assessment")
    instant = await case.now() + within
    await answer(case, commit_at=instant.isoformat())
    return instant


async def planned(case: CaseUnderTest) -> datetime:
    """Three roles have set the instant, and the case is in its window."""
    await investigated(case)
    instant = await assessed(case)
    await complete(case, "assessment", "no-state")
    await passed(case, "sign-off", *SIGNING)
    await case.in_stage("window")
    return instant


async def recorded(case: CaseUnderTest) -> None:
    """Indicators and the entry of the threat report are on record."""
    await case.in_stage("records")
    await answer(case, indicators="package-6", threat_report="entry-7")
    await complete(case, "records", "recorded")


async def close(case: CaseUnderTest, disposition: str) -> None:
    """The case is closed by its incident manager, with lessons."""
    await case.in_stage("closure")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    body = Close(disposition=disposition, record="facts, rule, decision", lessons="look earlier")
    accepted(await case.act(body, person="ines"))


def states(seen: CasePicture) -> list[str]:
    """How the two effects of the enforcement stand, in all their lives."""
    return [effect.state for effect in seen.effects if effect.name in (NETWORK, INFRASTRUCTURE)]


@story(election="yes")
async def everybody_acts_at_one_instant(case: CaseUnderTest) -> None:
    """Three roles set one instant; both parts happen at it, then what helps others is shared."""
    instant = await planned(case)
    assert states(await case.picture()) == ["set", "set"]
    await case.forward_to(instant - timedelta(minutes=1))
    assert NETWORK not in performed(case)
    await case.forward(timedelta(minutes=1))
    await case.in_stage("partner-share")
    await has_performed(case, NETWORK, INFRASTRUCTURE)
    await answer(case, indicators="package-6")
    await complete(case, "partner-share", "share")
    seen = await case.in_stage("drafting")
    shared = seen.effect_named("share-indicators")
    assert shared is not None
    assert shared.state == "held-back"
    clear = SettleEffect(effect=shared.key, resolution=Resolution.CLEAR)
    refused(await case.act(clear, person="iris"), Outcome.NOT_YOURS, Reason.ROLE)
    accepted(await case.act(clear, person="lena"))
    await complete(case, "drafting", "drafted", "coco")
    await passed(case, "publication", "coco", "eve")
    await recorded(case)
    await close(case, "disrupted")
    await has_performed(case, "publish-report", "share-indicators", "send-reasons")


@story(sponsor="state-linked")
async def the_plan_leaks(case: CaseUnderTest) -> None:
    """A state is named only by the executive for policy; a leak brings the instant forward."""
    await investigated(case)
    await assessed(case, within=timedelta(days=9))
    around = await case.act(Complete(stage="assessment", outcome="no-state"), person="iris")
    refused(around, Outcome.REFUSED, Reason.NOT_SO)
    await complete(case, "assessment", "state")
    await more(case, "state-attribution", "polly")
    await complete(case, "assessment", "state")
    await asked(case, "state-attribution")
    refused(
        await case.act(
            Decide(gate="state-attribution", verdict=Verdict.APPROVE), person="pia", role="policy"
        ),
        Outcome.NOT_YOURS,
        Reason.ROLE,
    )
    await reject(case, "state-attribution", "polly")
    await complete(case, "assessment", "state")
    await passed(case, "state-attribution", "polly")
    await passed(case, "sign-off", *SIGNING)
    await complete(case, "window", "leak")
    await case.in_stage("partner-share")
    await case.until(lambda seen: states(seen) == ["done", "done"])
    await answer(case, indicators="package-6")
    await complete(case, "partner-share", "not-to-be-shared")
    await complete(case, "drafting", "nothing-to-say", "coco")
    await recorded(case)
    await close(case, "disrupted")
    await has_performed(case, NETWORK)
    assert performed(case).count(NETWORK) == 1


@story(sponsor="commercial", election="no")
async def the_plan_is_called_off(case: CaseUnderTest) -> None:
    """Before its instant nothing has happened, and after it neither; the network is watched."""
    instant = await planned(case)
    await complete(case, "window", "called-off")
    await case.in_stage("assessment")
    assert states(await case.picture()) == ["skipped", "skipped"]
    await complete(case, "assessment", "only-watch")
    await complete(case, "checkpoint", "still-watching")
    await case.forward_to(instant + timedelta(days=3, hours=20))
    assert NETWORK not in performed(case)
    await complete(case, "checkpoint", "monitored")
    await recorded(case)
    await close(case, "monitored")


@story(kind="spam", sponsor="nobody-else", election="no")
async def it_leaks_before_there_is_a_plan(case: CaseUnderTest) -> None:
    """The three roles act at once, backups in place of who is silent; a split goes upwards."""
    await complete(case, "preservation", "leak")
    await more(case, "leak-review", "lena")
    await case.in_stage("investigation")
    accepted(await case.act(Answer(answers=CLUSTER), person="iris"))
    await complete(case, "investigation", "leak")
    await asked(case, "leak-review")
    for person in ("iris", "lena", "pia"):
        await reject(case, "leak-review", person)
    await complete(case, "investigation", "leak")
    await asked(case, "leak-review")
    await case.forward(timedelta(minutes=46))
    await approve(case, "leak-review", "iris")
    await approve(case, "leak-review", "petra")
    await reject(case, "leak-review", "dora")
    seen = await case.until(lambda seen: seen.open_round("leak-review") is not None)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await approve(case, "leak-review", "polly")
    await case.in_stage("partner-share")
    await has_performed(case, NETWORK)
    await answer(case, indicators="package-6")
    await complete(case, "partner-share", "not-to-be-shared")
    await complete(case, "drafting", "drafted", "coco")
    await more(case, "publication", "eve")
    await complete(case, "drafting", "drafted", "coco")
    await asked(case, "publication")
    await approve(case, "publication", "coco")
    await reject(case, "publication", "eve")
    seen = await case.until(lambda seen: seen.open_round("publication") is not None)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await reject(case, "publication", "polly")
    await recorded(case)
    await close(case, "disrupted")


@story(kind="cyber", election="no")
async def the_board_is_not_convinced(case: CaseUnderTest) -> None:
    """Who argues against it is heard: the evidence goes back twice, and bears nothing."""
    await investigated(case)
    await more(case, "attribution-review", "adva")
    await complete(case, "investigation", "clustered")
    await asked(case, "attribution-review")
    await reject(case, "attribution-review", "adva")
    await reject(case, "attribution-review", "ivo")
    await complete(case, "investigation", "clustered")
    await asked(case, "attribution-review")
    await approve(case, "attribution-review", "iris")
    await approve(case, "attribution-review", "ivo")
    await reject(case, "attribution-review", "adva")
    seen = await case.until(lambda seen: seen.open_round("attribution-review") is not None)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await reject(case, "attribution-review", "polly")
    await complete(case, "investigation", "insufficient")
    await close(case, "insufficient")


@story(critical_infrastructure="yes", election="no")
async def others_look_after_it(case: CaseUnderTest) -> None:
    """The file goes to others only when Legal and Policy agree, and only what the memo lists."""
    await investigated(case, "belongs-to-others")
    await more(case, "hand-over-review", "lena")
    await complete(case, "investigation", "belongs-to-others")
    await asked(case, "hand-over-review")
    await reject(case, "hand-over-review", "lena")
    await reject(case, "hand-over-review", "pia")
    await complete(case, "investigation", "belongs-to-others")
    await asked(case, "hand-over-review")
    await case.forward(timedelta(hours=44))
    await approve(case, "hand-over-review", "dean")
    await reject(case, "hand-over-review", "pia")
    seen = await case.until(lambda seen: seen.open_round("hand-over-review") is not None)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    assert "hand-over" not in performed(case)
    await approve(case, "hand-over-review", "polly")
    await recorded(case)
    await close(case, "handed-over")


@story()
async def a_reviewer_objects_to_the_plan(case: CaseUnderTest) -> None:
    """An objection takes the plan back until the executive for policy has decided."""
    await investigated(case)
    await asked(case, "attribution-review")
    await approve(case, "attribution-review", "iris")
    accepted(
        await case.act(Dissent(gate="attribution-review", reason="one source only"), person="adva")
    )
    await case.until(lambda seen: seen.open_round("attribution-review") is not None)
    await approve(case, "attribution-review", "polly")
    await case.in_stage("assessment")
    instant = await case.now() + timedelta(days=2)
    late = {"commit-at": (await case.now() - timedelta(hours=1)).isoformat()}
    accepted(await case.act(Answer(answers=late), person="iris"))
    await complete(case, "assessment", "no-state")
    await asked(case, "sign-off")
    past = await case.act(Decide(gate="sign-off", verdict=Verdict.APPROVE), person="ilka")
    refused(past, Outcome.REFUSED, Reason.NOT_AHEAD)
    await answer(case, commit_at=instant.isoformat())
    await passed(case, "sign-off", *SIGNING)
    await case.in_stage("window")
    accepted(await case.act(Dissent(gate="sign-off", reason="too early"), person="pia"))
    seen = await case.in_stage("sign-off")
    assert states(seen) == ["skipped", "skipped"]
    await reject(case, "sign-off", "polly")
    await complete(case, "checkpoint", "clustered")
    await complete(case, "investigation", "still-small")
    await complete(case, "checkpoint", "leak")
    for person in ("iris", "lena", "pia"):
        await reject(case, "leak-review", person)
    await complete(case, "investigation", "still-small")
    await complete(case, "checkpoint", "insufficient")
    await close(case, "insufficient")


@story()
async def the_plan_takes_long(case: CaseUnderTest) -> None:
    """Whoever is late is reminded, then somebody else hears of it; Policy is overruled."""
    await case.forward(timedelta(hours=3, minutes=1))
    await complete(case, "preservation", "preserved")
    await case.in_stage("investigation")
    await case.forward(timedelta(days=5, hours=7))
    accepted(await case.act(Answer(answers=CLUSTER), person="iris"))
    await complete(case, "investigation", "clustered")
    await asked(case, "attribution-review")
    await case.forward(timedelta(hours=37))
    await passed(case, "attribution-review", "iris", "ivo", "adva")
    await case.in_stage("assessment")
    await case.forward(timedelta(hours=19))
    instant = await case.now() + timedelta(days=5)
    await answer(case, commit_at=instant.isoformat())
    await complete(case, "assessment", "state")
    await asked(case, "state-attribution")
    await case.forward(timedelta(hours=37))
    await approve(case, "state-attribution", "polly")
    await more(case, "sign-off", "lena")
    await complete(case, "assessment", "leak")
    for person in ("iris", "lena", "pia"):
        await reject(case, "leak-review", person)
    await complete(case, "investigation", "clustered")
    await passed(case, "attribution-review", "iris", "ivo", "adva")
    instant = await case.now() + timedelta(days=14)
    await answer(case, commit_at=instant.isoformat())
    await complete(case, "assessment", "no-state")
    await asked(case, "sign-off")
    await case.forward(timedelta(hours=37))
    await approve(case, "sign-off", "ilka")
    await approve(case, "sign-off", "lena")
    await reject(case, "sign-off", "pia")
    await case.until(lambda seen: seen.open_round("sign-off") is not None)
    await approve(case, "sign-off", "polly")
    await complete(case, "window", "called-off")
    await complete(case, "assessment", "leak")
    for person in ("iris", "lena", "pia"):
        await reject(case, "leak-review", person)
    await complete(case, "investigation", "insufficient")
    await close(case, "insufficient")


@story()
async def the_aftermath_takes_long(case: CaseUnderTest) -> None:
    """The window is long, one part is done by hand, and what follows is late at every step."""
    case.world.effect_results[NETWORK] = EffectResult(state=EffectState.MANUAL)
    await investigated(case)
    instant = await assessed(case, within=timedelta(days=12))
    await complete(case, "assessment", "no-state")
    await passed(case, "sign-off", *SIGNING)
    await case.in_stage("window")
    await case.forward_to(instant)
    seen = await case.until(lambda seen: "manual" in states(seen))
    effect = seen.effect_named(NETWORK)
    assert effect is not None
    done = SettleEffect(effect=effect.key, resolution=Resolution.DONE, reference="ref-8")
    accepted(await case.act(done, person="iris"))
    await case.in_stage("partner-share")
    await case.forward(timedelta(hours=37))
    await answer(case, indicators="package-6")
    await complete(case, "partner-share", "not-to-be-shared")
    await case.in_stage("drafting")
    await case.forward(timedelta(hours=55))
    await complete(case, "drafting", "drafted", "coco")
    await asked(case, "publication")
    await case.forward(timedelta(days=3, hours=19))
    await passed(case, "publication", "coco", "eve")
    await case.in_stage("records")
    await case.forward(timedelta(days=5, hours=7))
    await recorded(case)
    await case.in_stage("closure")
    await case.forward(timedelta(hours=49))
    await close(case, "disrupted")
