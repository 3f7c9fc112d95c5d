"""Stories of AI safety incidents: preserved, judged, reported to each regime in its own time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cases.acts import (
    Answer,
    CallBack,
    Close,
    Decide,
    Dissent,
    Memo,
    Resolution,
    Verdict,
)
from cases.acts import Receipt as SettleEffect
from cases.gate import RoundKind
from cases.receipts import Outcome, Reason
from cases.state import CasePicture
from runbooks.plan import CallBackResult
from tests.workflows.scenarios import Play, Scenario, accepted, approve, refused, reject
from tests.workflows.telling import ago, complete
from tests.workflows.world import CaseUnderTest

RUNBOOK = "ai-safety-incident"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RAISE = datetime(2027, 1, 2, tzinfo=UTC)
"""New York's law has come the day before."""
HIGH_RISK = datetime(2027, 12, 4, tzinfo=UTC)
"""The Union's duties for high-risk systems have come two days before."""

MEMOS = {
    "warning": ("what-is-imminent", "plain-statement", "hazard-checked-by"),
    "roll-back": ("reason", "state-preserved-at", "effect-on-users"),
    "actor-review": (
        "facts", "legal-basis", "why-no-delay", "data-fields", "recipient", "recipient-verified-by",
    ),
    "report": ("date", "reasons", "plain-statement", "what-is-not-known", "hazard-checked-by"),
    "not-qualifying": ("facts", "why-not-an-incident"),
    "amendment": ("what-changed", "hazard-checked-by"),
    "final-report": ("root-cause", "mitigation", "hazard-checked-by"),
}  # fmt: skip
ASKED = {
    "warning": ("fay", "gwen"),
    "roll-back": ("fay", "vera"),
    "actor-review": ("sana", "dora"),
    "report": ("fay", "gwen"),
    "amendment": ("fay", "gwen"),
    "final-report": ("fay", "gwen"),
}
"""Who is asked at each gate, the one who writes its memo first."""
NOWHERE = {
    "frontier": "no",
    "systemic": "no",
    "high-risk": "no",
    "eu": "no",
    "california": "no",
    "new-york": "no",
    "internal-use": "no",
}
RESOLVED = {"mitigation": "patch-3", "safety-case": "delta-2", "evaluation": "eval-9"}

STORIES: dict[str, Scenario] = {}


def story(*by_hand: str) -> Callable[[Play], Play]:
    """The story is one of this runbook's; what is named people do by hand."""

    def add(play: Play) -> Play:
        opened = {"answers": {"source": "evaluation"}}
        STORIES[play.__name__] = Scenario(
            play=play, runbook=RUNBOOK, opened=opened, by_hand=by_hand
        )
        return play

    return add


async def answer(case: CaseUnderTest, person: str, answers: dict[str, str]) -> None:
    """The questions have these answers."""
    accepted(await case.act(Answer(answers=answers), person=person))


def named(answers: dict[str, str]) -> dict[str, str]:
    """The questions as the runbook writes them."""
    return {name.replace("_", "-"): value for name, value in answers.items()}


async def confirmed(case: CaseUnderTest, outcome: str = "confirmed", **answers: str) -> None:
    """A cleared lead has confirmed it, and knows where the preserved state is."""
    said = {
        "model": "model-7",
        "incident-class": "harm-by-model",
        "real": "real",
        "harm": "serious",
        "imminent": "no",
        "exfiltrating": "no",
        "critical-infrastructure": "no",
        "preserved": "vault-1",
        "discovered-at": await ago(case, HOUR),
        **named(answers),
    }
    await answer(case, "fay", said)
    await complete(case, "confirm", outcome, "fay")


async def judged(case: CaseUnderTest, outcome: str = "likely", **answers: str) -> None:
    """The causal link is judged, and since when we are aware."""
    await case.in_stage("causality")
    said = {
        "causal": "unlikely" if outcome == "unlikely" else "reasonably-likely",
        "hypothesis": "note-2",
        "aware-at": await ago(case, HOUR),
        "believed-at": await ago(case, HOUR),
        **named(answers),
    }
    await answer(case, "fay", said)
    await complete(case, "causality", outcome, "fay")


async def known(case: CaseUnderTest, *, dangerous: str) -> None:
    """Who stands behind it is known, and whether they threaten anybody."""
    await case.in_stage("actor")
    said = {"actor": "account-5", "actor-dangerous": dangerous}
    await answer(case, "sana", {**said, "actor-known-at": await ago(case, HOUR / 6)})


async def mapped(case: CaseUnderTest, **answers: str) -> None:
    """Counsel knows which regimes apply, and the reports are asked about."""
    await case.in_stage("regimes")
    await answer(case, "gwen", {**NOWHERE, **named(answers)})
    await complete(case, "regimes", "mapped", "gwen")
    await written(case, "report")


async def written(case: CaseUnderTest, gate: str) -> None:
    """The memo of the gate is complete, and its round is open."""
    seen = await case.in_stage(gate)
    if gate not in seen.memos:
        fields = dict.fromkeys(MEMOS[gate], "as the sealed store says")
        person = ASKED.get(gate, ("fay",))[0]
        accepted(await case.act(Memo(gate=gate, fields=fields), person=person))
    await case.until(lambda seen: seen.open_round(gate) is not None)


async def passed(case: CaseUnderTest, gate: str) -> None:
    """Both who are asked approve."""
    await written(case, gate)
    for person in ASKED[gate]:
        await approve(case, gate, person)


async def turned_down(case: CaseUnderTest, gate: str) -> None:
    """Both who are asked reject."""
    await written(case, gate)
    for person in ASKED[gate]:
        await reject(case, gate, person)


async def asked_back(case: CaseUnderTest, gate: str) -> None:
    """One of them wants to know more."""
    await written(case, gate)
    more = Decide(gate=gate, verdict=Verdict.MORE_INFORMATION, reason="which trace?")
    accepted(await case.act(more, person=ASKED[gate][1]))


async def disputed(case: CaseUnderTest, gate: str, verdict: Verdict) -> None:
    """They disagree, and the executive decides."""
    await written(case, gate)
    one, other = ASKED[gate]
    await approve(case, gate, one)
    await reject(case, gate, other)
    await decided_above(case, gate, RoundKind.SPLIT, verdict)


async def objected(case: CaseUnderTest, gate: str, verdict: Verdict) -> None:
    """Somebody objects, and the executive decides."""
    await written(case, gate)
    objection = Dissent(gate=gate, reason="the trace says otherwise")
    accepted(await case.act(objection, person=ASKED[gate][0]))
    await decided_above(case, gate, RoundKind.DISSENT, verdict)


async def decided_above(case: CaseUnderTest, gate: str, kind: RoundKind, verdict: Verdict) -> None:
    """The named executive has the last word."""
    seen = await case.until(lambda seen: seen.rounds[-1].kind is kind)
    assert list(seen.rounds[-1].approve) == ["executive"]
    last = approve if verdict is Verdict.APPROVE else reject
    await last(case, gate, "eve")


async def call(case: CaseUnderTest) -> None:
    """The authority was called at a number we found ourselves."""
    body = CallBack(
        agency="agency-3",
        number="555-0100",
        source="the directory of the ministry",
        called_at=await case.now(),
        result=CallBackResult.CONFIRMED,
        note="asked for the duty officer",
    )
    accepted(await case.act(body, person="dora"))


async def ended(case: CaseUnderTest, disposition: str = "reported") -> None:
    """Cause and mitigation are known, the final report is signed, and the case is closed."""
    await analysed(case)
    await mitigated(case)
    await passed(case, "final-report")
    await close(case, disposition)


async def analysed(case: CaseUnderTest) -> None:
    """The root cause is known."""
    await case.in_stage("investigation")
    seen = await case.picture()
    if "root-cause" not in seen.answers:
        await answer(case, "fay", {"root-cause": "report-4"})
    await complete(case, "investigation", "found", "fay")


async def mitigated(case: CaseUnderTest, outcome: str = "mitigated") -> None:
    """The mitigation, the safety case and the new evaluation are on record."""
    await case.in_stage("mitigation")
    seen = await case.picture()
    if "mitigation" not in seen.answers:
        await answer(case, "fay", {**RESOLVED, "resolved-at": await ago(case, HOUR)})
    await complete(case, "mitigation", outcome, "enid")


async def close(case: CaseUnderTest, disposition: str) -> None:
    """Nothing is left to do, and the incident manager closes the case."""
    await case.in_stage("closure")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    body = Close(disposition=disposition, record="facts, rule, decision", lessons="test sooner")
    accepted(await case.act(body, person="ines"))


def running(seen: CasePicture) -> set[str]:
    """The clocks of the law that run."""
    return {clock.id for clock in seen.clocks if clock.statutory and not clock.ended}


async def runs(case: CaseUnderTest, clocks: set[str]) -> CasePicture:
    """The picture, once exactly these clocks of the law run."""
    return await case.until(lambda seen: running(seen) == clocks)


async def due(case: CaseUnderTest, name: str) -> datetime:
    """When the clock is due."""
    clock = (await case.picture()).clock(name)
    assert clock is not None
    found = clock.due_at(await case.now())
    assert found is not None
    return found


async def by_hand(case: CaseUnderTest, name: str, person: str) -> None:
    """Somebody has done it, and the receipt is on record."""
    seen = await case.until(
        lambda seen: (found := seen.effect_named(name)) is not None and found.state == "manual"
    )
    effect = seen.effect_named(name)
    assert effect is not None
    done = SettleEffect(effect=effect.key, resolution=Resolution.DONE, reference="receipt 3")
    accepted(await case.act(done, person=person))
    await case.until(lambda seen: (found := seen.effect(effect.key)) is not None and not found.open)


@story("report-new-york")
async def a_death_in_four_jurisdictions_is_reported_to_each(case: CaseUnderTest) -> None:
    """The Union by its code, California, New York and the actor's authority: each by itself."""
    await case.forward_to(RAISE)
    await confirmed(case, harm="death", incident_class="cyber-misuse")
    # Whose law applies is not known yet, so the careful answer runs.
    await runs(case, {"US-CA-SB53-15d"})
    await complete(case, "safe-state", "limited", "enid")
    await case.forward(2 * HOUR)
    await judged(case, "actor-known")
    everywhere = {
        "US-CA-SB53-15d", "US-NY-RAISE-72h", "EU-GPAI-5d", "EU-GPAI-10d", "EU-GPAI-15d",
    }  # fmt: skip
    await case.until(lambda seen: everywhere <= running(seen))
    await known(case, dangerous="yes")
    await case.until(lambda seen: {"EU-DSA18", "US-2702-emerg"} <= running(seen))
    await complete(case, "actor", "dangerous", "sana")
    await written(case, "actor-review")
    early = await case.act(Decide(gate="actor-review", verdict=Verdict.APPROVE), person="sana")
    refused(early, Outcome.REFUSED, Reason.NOT_CALLED_BACK)
    await call(case)
    await passed(case, "actor-review")
    yes = {"frontier": "yes", "systemic": "yes", "eu": "yes", "california": "yes"}
    await mapped(case, **yes, new_york="yes")
    await runs(case, everywhere)
    days = {name: await due(case, name) for name in everywhere}
    assert len(set(days.values())) == len(everywhere)
    assert min(days, key=lambda name: days[name]) == "US-NY-RAISE-72h"
    await passed(case, "report")
    # One report answers the code however many of its numbers applied; New York waits for its own.
    await runs(case, {"US-NY-RAISE-72h"})
    await by_hand(case, "report-new-york", "gwen")
    await runs(case, set())
    await ended(case)


@story()
async def a_law_comes_into_force_while_the_case_is_open(case: CaseUnderTest) -> None:
    """What ran goes on as it did; the new law counts from the first event on its own days."""
    await confirmed(case)
    before = await due(case, "US-CA-SB53-15d")
    await runs(case, {"US-CA-SB53-15d"})
    await case.forward_to(RAISE)
    await runs(case, {"US-CA-SB53-15d"})
    await complete(case, "safe-state", "limited", "enid")
    await judged(case)
    await mapped(case, frontier="yes", california="yes", new_york="yes")
    await runs(case, {"US-CA-SB53-15d", "US-NY-RAISE-72h"})
    clock = (await case.picture()).clock("US-CA-SB53-15d")
    assert clock is not None
    assert clock.due_at(await case.now()) == before
    await passed(case, "report")
    await ended(case)


@story()
async def a_high_risk_system_is_reported_once_for_all_its_terms(case: CaseUnderTest) -> None:
    """Two, ten and fifteen days run side by side, and one report ends them."""
    await case.forward_to(HIGH_RISK)
    await confirmed(case, harm="death", critical_infrastructure="yes")
    await complete(case, "safe-state", "take-back", "enid")
    await passed(case, "roll-back")
    await judged(case)
    await mapped(case, high_risk="yes", eu="yes")
    await runs(case, {"EU-AIA73-2d", "EU-AIA73-10d", "EU-AIA73-15d"})
    first = await due(case, "EU-AIA73-2d")
    assert await due(case, "EU-AIA73-10d") - first == 8 * DAY
    assert await due(case, "EU-AIA73-15d") - first == 13 * DAY
    await passed(case, "report")
    await runs(case, set())
    await ended(case)


@story()
async def imminent_harm_is_told_within_hours(case: CaseUnderTest) -> None:
    """The warning goes out before anything else is known; the report follows in its own time."""
    await case.forward_to(RAISE)
    await answer(case, "fay", {"believed-at": await ago(case, HOUR), "california": "yes"})
    await confirmed(case, "imminent", imminent="yes")
    seen = await case.until(lambda seen: "US-NY-RAISE-24h" in running(seen))
    assert "US-CA-SB53-24h" in running(seen)
    await passed(case, "warning")
    await case.until(
        lambda seen: (
            not {"US-CA-SB53-24h", "US-NY-RAISE-24h"} & running(seen)
            and {"US-CA-SB53-15d", "US-NY-RAISE-72h"} <= running(seen)
        )
    )
    await complete(case, "safe-state", "limited", "enid")
    await judged(case)
    await mapped(case, frontier="yes", california="yes", new_york="yes")
    await passed(case, "report")
    await ended(case)


@story()
async def two_leads_find_nothing_reportable(case: CaseUnderTest) -> None:
    """One lead is not two; a second look can ask back, and can find the opposite."""
    await confirmed(case, "not-qualifying", real="unclear", harm="near-miss")
    await written(case, "not-qualifying")
    more = Decide(gate="not-qualifying", verdict=Verdict.MORE_INFORMATION, reason="which run?")
    accepted(await case.act(more, person="finn"))
    await complete(case, "confirm", "not-qualifying", "fay")
    await written(case, "not-qualifying")
    await reject(case, "not-qualifying", "finn")
    await judged(case, "unlikely")
    await late(case, "not-qualifying", 7 * HOUR)
    await approve(case, "not-qualifying", "fay")
    again = await case.act(Decide(gate="not-qualifying", verdict=Verdict.APPROVE), person="fay")
    accepted(again)
    seen = await case.picture()
    assert seen.stage == "not-qualifying"
    await approve(case, "not-qualifying", "finn")
    await case.in_stage("no-report")
    await case.forward(7 * HOUR)
    assert "US-CA-SB53-15d" in running(await case.picture())
    await complete(case, "no-report", "recorded", "fay")
    await runs(case, set())
    wrong = Close(disposition="reported", record="r", lessons="l")
    await case.in_stage("closure")
    refused(await case.act(wrong, person="ines"), Outcome.REFUSED, Reason.UNMET)
    await close(case, "not-qualifying")


@story()
async def opinions_are_split_at_every_gate(case: CaseUnderTest) -> None:
    """Wherever the two disagree a named executive decides, and the case goes on."""
    await confirmed(case, "imminent", imminent="yes")
    await disputed(case, "warning", Verdict.REJECT)
    await answer(case, "fay", {"imminent": "no"})
    await complete(case, "safe-state", "take-back", "enid")
    await disputed(case, "roll-back", Verdict.REJECT)
    await judged(case, "actor-known")
    await known(case, dangerous="yes")
    await call(case)
    await complete(case, "actor", "dangerous", "sana")
    await disputed(case, "actor-review", Verdict.REJECT)
    await mapped(case, frontier="yes", california="yes")
    await disputed(case, "report", Verdict.APPROVE)
    await answer(case, "fay", {"root-cause": "report-4"})
    await complete(case, "investigation", "new-facts", "fay")
    await disputed(case, "amendment", Verdict.APPROVE)
    await analysed(case)
    await mitigated(case)
    await disputed(case, "final-report", Verdict.APPROVE)
    await close(case, "amended")


@story()
async def more_is_asked_at_every_gate(case: CaseUnderTest) -> None:
    """A question goes back to whoever can answer it, and the gate is asked again."""
    await confirmed(case, "imminent", imminent="yes")
    await asked_back(case, "warning")
    await complete(case, "confirm", "imminent", "fay")
    await passed(case, "warning")
    await answer(case, "fay", {"imminent": "no"})
    await complete(case, "safe-state", "take-back", "enid")
    await asked_back(case, "roll-back")
    await complete(case, "safe-state", "take-back", "enid")
    await passed(case, "roll-back")
    await judged(case, "actor-known")
    await known(case, dangerous="yes")
    await complete(case, "actor", "dangerous", "sana")
    await asked_back(case, "actor-review")
    await complete(case, "actor", "dangerous", "sana")
    await objected(case, "actor-review", Verdict.REJECT)
    await mapped(case, frontier="yes", california="yes")
    await asked_back(case, "report")
    await complete(case, "causality", "likely", "fay")
    await complete(case, "regimes", "mapped", "gwen")
    await objected(case, "report", Verdict.APPROVE)
    await answer(case, "fay", {"root-cause": "report-4"})
    await complete(case, "investigation", "new-facts", "fay")
    await asked_back(case, "amendment")
    await complete(case, "investigation", "found", "fay")
    await mitigated(case)
    await asked_back(case, "final-report")
    await complete(case, "mitigation", "mitigated", "enid")
    await passed(case, "final-report")
    await close(case, "reported")


@story()
async def every_gate_says_no_once(case: CaseUnderTest) -> None:
    """A rejection leads on to what is still to be done, never round the gate."""
    await confirmed(case, "imminent", imminent="yes")
    await turned_down(case, "warning")
    await answer(case, "fay", {"imminent": "no"})
    await complete(case, "safe-state", "take-back", "enid")
    await turned_down(case, "roll-back")
    await judged(case, "actor-known")
    await known(case, dangerous="yes")
    await complete(case, "actor", "dangerous", "sana")
    await turned_down(case, "actor-review")
    await case.until(lambda seen: not {"EU-DSA18", "US-2702-emerg"} & running(seen))
    await mapped(case, frontier="yes", california="yes")
    await turned_down(case, "report")
    await complete(case, "regimes", "mapped", "gwen")
    await passed(case, "report")
    await answer(case, "fay", {"root-cause": "report-4"})
    await complete(case, "investigation", "new-facts", "fay")
    await turned_down(case, "amendment")
    await analysed(case)
    await mitigated(case)
    await turned_down(case, "final-report")
    await mitigated(case, "not-enough")
    await ended(case)


@story()
async def the_actor_is_no_danger(case: CaseUnderTest) -> None:
    """Who stands behind it threatens nobody, and no authority is told of them."""
    await confirmed(case)
    await complete(case, "safe-state", "limited", "enid")
    await judged(case, "actor-known")
    await known(case, dangerous="no")
    await complete(case, "actor", "not-dangerous", "sana")
    await mapped(case, frontier="yes", california="yes")
    await passed(case, "report")
    await ended(case)


@story()
async def the_table_is_read(case: CaseUnderTest) -> None:
    """Each answer is judged as it comes, worst facts first."""

    async def judged_as(row: int, **answers: str) -> None:
        await answer(case, "fay", named(answers))
        await case.until(lambda seen: seen.severity.row == str(row))

    await judged_as(5, deployment="limited")
    await judged_as(6, imminent="no")
    await judged_as(9, exfiltrating="no")
    await judged_as(7, harm="serious-plausible")
    await judged_as(8, harm="near-miss")
    await judged_as(4, incident_class="cbrn-uplift")
    await judged_as(3, harm="death")
    await judged_as(2, exfiltrating="yes")
    await judged_as(1, imminent="yes")
    await confirmed(case, "not-qualifying", real="red-team", harm="none")
    await runs(case, set())
    await written(case, "not-qualifying")
    await approve(case, "not-qualifying", "fay")
    await approve(case, "not-qualifying", "finn")
    await complete(case, "no-report", "recorded", "fay")
    await close(case, "not-qualifying")


SLOW = (
    "warn-california", "report-california", "warn-new-york", "report-new-york",
    "report-market-surveillance", "update-ai-office", "final-ai-office",
)  # fmt: skip
"""What people are slow with in the story in which everything is."""


@story(*SLOW)
async def everything_is_late(case: CaseUnderTest) -> None:
    """At every stage and for every law somebody is paged in time, and at last it is done."""
    await case.forward_to(HIGH_RISK)
    said = {"believed-at": await ago(case, HOUR), "aware-at": await ago(case, HOUR)}
    await answer(case, "fay", said)
    death = {"harm": "death", "incident_class": "weight-exfiltration"}
    await confirmed(case, "imminent", imminent="yes", critical_infrastructure="yes", **death)
    await late(case, "warning", 2 * HOUR)
    await approve(case, "warning", "fay")
    await approve(case, "warning", "dean")
    await late(case, "safe-state", 4 * HOUR)
    await complete(case, "safe-state", "take-back", "enid")
    await late(case, "roll-back", 2 * HOUR)
    await passed(case, "roll-back")
    await late(case, "causality", 16 * HOUR)
    await complete_judgement(case)
    await late(case, "actor", HOUR)
    await known(case, dangerous="yes")
    await complete(case, "actor", "dangerous", "sana")
    await late(case, "actor-review", 2 * HOUR)
    await reject(case, "actor-review", "sana")
    await reject(case, "actor-review", "dean")
    await late(case, "regimes", 6 * HOUR)
    yes = {"frontier": "yes", "systemic": "yes", "high_risk": "yes", "eu": "yes"}
    await mapped(case, **yes, california="yes", new_york="yes")
    await case.forward(13 * DAY)
    await approve(case, "report", "fay")
    await approve(case, "report", "dean")
    for name in SLOW[:5]:
        await by_hand(case, name, "gwen")
    await late(case, "investigation", 14 * DAY)
    await answer(case, "fay", {"root-cause": "report-4"})
    await complete(case, "investigation", "new-facts", "fay")
    await late(case, "amendment", DAY)
    await turned_down(case, "amendment")
    await late(case, "investigation", 14 * DAY)
    await analysed(case)
    await by_hand(case, "update-ai-office", "fay")
    await late(case, "mitigation", 14 * DAY)
    await answer(case, "fay", {**RESOLVED, "resolved-at": await ago(case, HOUR)})
    await complete(case, "mitigation", "mitigated", "enid")
    await late(case, "final-report", 50 * DAY)
    await passed(case, "final-report")
    await by_hand(case, "final-ai-office", "fay")
    await case.forward(2 * DAY)
    await close(case, "reported")


async def complete_judgement(case: CaseUnderTest) -> None:
    """The causal link is judged; since when we are aware was known before."""
    await answer(case, "fay", {"causal": "established", "hypothesis": "note-2"})
    await complete(case, "causality", "actor-known", "fay")


async def late(case: CaseUnderTest, stage: str, by: timedelta) -> None:
    """The case has stood in the stage for so long, its question asked and nobody there."""
    await case.in_stage(stage)
    if stage in MEMOS:
        await written(case, stage)
    await case.forward(by)
