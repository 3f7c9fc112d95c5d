"""Stories of removal orders: the hour, what may stop it, and what is reviewed afterwards."""

from collections.abc import Callable
from datetime import timedelta

from cases.acts import Answer, Close, Complete, Decide, Evidence, Memo, Verdict
from cases.receipts import Outcome, Reason
from tests.workflows.scenarios import Play, Scenario, accepted, approve, refused, reject
from tests.workflows.telling import has_performed, performed
from tests.workflows.world import CaseUnderTest

RUNBOOK = "terrorist-content-removal-order"
HOUR = "EU-TCO3-1h"

STORIES: dict[str, Scenario] = {}


def story(**answers: str) -> Callable[[Play], Play]:
    """The story is one of this runbook's, opened with those answers."""

    def add(play: Play) -> Play:
        STORIES[play.__name__] = Scenario(play=play, runbook=RUNBOOK, opened={"answers": answers})
        return play

    return add


async def complete(case: CaseUnderTest, stage: str, outcome: str, person: str = "cora") -> None:
    """The person completes the stage the case is in."""
    await case.in_stage(stage)
    accepted(await case.act(Complete(stage=stage, outcome=outcome), person=person))


async def authenticated(case: CaseUnderTest) -> None:
    """It is an order, and whose it is stands on record."""
    await case.in_stage("authentication")
    answers = {
        "authority": "authority-4",
        "signature": "yes",
        "reasons": "incites",
        "declared-language": "yes",
    }
    accepted(await case.act(Answer(answers=answers), person="cora"))
    await complete(case, "authentication", "an-order")


async def confirmed(
    case: CaseUnderTest, *, threat: str = "no", gagged: str = "no", attack: str = "no"
) -> None:
    """What the authority must know has been confirmed to it."""
    await case.in_stage("confirmation")
    answers = {
        "authority": "authority-4",
        "content": "list-4",
        "order-reference": "ref-1",
        "received-at": (await case.now()).isoformat(),
        "threat-to-life": threat,
        "gagged": gagged,
        "cross-border": "yes",
        "real-world-attack": attack,
    }
    accepted(await case.act(Answer(answers=answers), person="cora"))
    await complete(case, "confirmation", "confirmed" if attack == "no" else "attack")
    await case.in_stage("threat-to-life")


async def followed(case: CaseUnderTest) -> None:
    """Disabled and confirmed, nobody's life is in danger, and the provider knows."""
    await authenticated(case)
    await complete(case, "act-on-order", "disable")
    await confirmed(case)
    await complete(case, "threat-to-life", "no-threat")
    await complete(case, "provider-notice", "notify")
    await case.in_stage("legal-review")


async def close(case: CaseUnderTest, disposition: str) -> None:
    """Nothing is left to do, and the incident manager closes the case."""
    await case.in_stage("closure")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    body = Close(disposition=disposition, record="order, removal, review", lessons="none")
    accepted(await case.act(body, person="ines"))


async def proven(case: CaseUnderTest) -> None:
    """What the decision rests on is on record."""
    body = Evidence(label="answer", reference="store:7", digest="7" * 64)
    accepted(await case.act(body, person="cora"))


@story()
async def an_order_is_followed(case: CaseUnderTest) -> None:
    """Disabled at once, confirmed, told, found lawful: nobody had to approve the removal."""
    await followed(case)
    seen = await case.picture()
    clock = seen.clock(HOUR)
    assert clock is not None
    assert clock.reading(await case.now()).ended
    assert clock.breached_at is None
    assert {"disable-content", "find-copies", "preserve-content", "share-hashes"} <= set(
        performed(case)
    )
    await approve(case, "legal-review", "lena")
    await complete(case, "scrutiny", "accept", "lena")
    await close(case, "removed")


@story()
async def nobody_is_there(case: CaseUnderTest) -> None:
    """Pages at 10, 20 and 40 minutes, the platform disables at 50; every later step is late too."""
    await case.forward(timedelta(minutes=49))
    assert not performed(case)
    await case.forward(timedelta(minutes=2))
    await case.in_stage("confirmation")
    await has_performed(case, "disable-content")
    assert performed(case)[0] == "disable-content"
    paged = {order.role for order in case.world.notices if order.purpose.value == "page"}
    assert {"counter-terror", "incident-manager", "duty-manager"} <= paged
    await case.forward(timedelta(minutes=25))
    await confirmed(case, gagged="yes")
    await case.forward(timedelta(minutes=50))
    await complete(case, "threat-to-life", "no-threat")
    await case.forward(timedelta(hours=3, minutes=5))
    await complete(case, "provider-notice", "gagged")
    await case.in_stage("legal-review")
    await case.forward(timedelta(hours=19))
    more = Decide(gate="legal-review", verdict=Verdict.MORE_INFORMATION, reason="which items?")
    accepted(await case.act(more, person="lena"))
    await case.in_stage("inquiry")
    await case.forward(timedelta(hours=3, minutes=5))
    await complete(case, "inquiry", "answered")
    await case.in_stage("legal-review")
    await approve(case, "legal-review", "lena")
    await case.in_stage("scrutiny")
    await case.forward(timedelta(hours=14))
    await complete(case, "scrutiny", "accept", "lena")
    await case.in_stage("closure")
    await case.forward(timedelta(hours=25))
    assert "notify-provider" not in performed(case)
    await close(case, "removed")


@story()
async def an_order_cannot_be_read(case: CaseUnderTest) -> None:
    """The hour stands while the authority is asked, runs anew when it answers, and is then kept."""
    await authenticated(case)
    await case.forward(timedelta(minutes=45))
    await complete(case, "act-on-order", "clarification")
    await case.in_stage("tolled")
    await case.forward(timedelta(hours=25))
    assert "disable-content" not in performed(case)
    await complete(case, "tolled", "resumed", "lena")
    await case.in_stage("act-on-order")
    await case.forward(timedelta(minutes=45))
    assert "disable-content" not in performed(case)
    await complete(case, "act-on-order", "clarification")
    await complete(case, "tolled", "withdrawn", "lena")
    await close(case, "clarification-tolled")


@story()
async def an_order_cannot_be_followed(case: CaseUnderTest) -> None:
    """What is impossible is reported with its grounds, and the order is withdrawn."""
    await authenticated(case)
    await complete(case, "act-on-order", "impossible")
    await complete(case, "tolled", "withdrawn", "lena")
    await close(case, "impossible-tolled")
    await has_performed(case, "report-impossibility")


@story()
async def an_order_is_a_fake(case: CaseUnderTest) -> None:
    """Disabled all the same, checked beside it, and put back by Legal and Policy together."""
    await complete(case, "authentication", "suspected-fake")
    await case.in_stage("verification")
    await has_performed(case, "disable-content")
    await case.forward(timedelta(hours=3, minutes=5))
    await complete(case, "verification", "fake", "lena")
    await case.in_stage("reinstatement")
    await case.forward(timedelta(hours=15, minutes=5))
    more = Decide(gate="reinstatement", verdict=Verdict.MORE_INFORMATION, reason="who said so?")
    accepted(await case.act(more, person="pia"))
    await complete(case, "verification", "fake", "lena")
    await case.in_stage("reinstatement")
    await approve(case, "reinstatement", "lena")
    await reject(case, "reinstatement", "pia")
    seen = await case.until(lambda seen: seen.open_round("reinstatement") is not None)
    assert seen.rounds[-1].kind.value == "split"
    await approve(case, "reinstatement", "eve")
    await case.in_stage("closure")
    seen = await case.until(lambda seen: any(item.compensates for item in seen.effects))
    unproven = Close(disposition="fake", record="no such authority", lessons="none")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    refused(await case.act(unproven, person="ines"), Outcome.REFUSED, Reason.UNMET)
    await proven(case)
    await close(case, "fake")


@story()
async def an_order_looked_like_a_fake(case: CaseUnderTest) -> None:
    """It is genuine after all; Legal does not find it lawful; the content stays disabled."""
    await authenticated(case)
    await complete(case, "act-on-order", "suspected-fake")
    await complete(case, "verification", "genuine", "lena")
    await confirmed(case, gagged="yes")
    await complete(case, "threat-to-life", "no-threat")
    await complete(case, "provider-notice", "gagged")
    await case.in_stage("legal-review")
    await reject(case, "legal-review", "lena")
    await case.in_stage("reinstatement")
    await reject(case, "reinstatement", "lena")
    await reject(case, "reinstatement", "pia")
    await close(case, "disabled-geo")


async def threatening(case: CaseUnderTest) -> None:
    """Somebody's life is in danger: whether the authority is told is asked, after 45 minutes."""
    await authenticated(case)
    await complete(case, "act-on-order", "disable")
    await confirmed(case, threat="yes", gagged="yes", attack="yes")
    await has_performed(case, "open-crisis-case")
    aware = {"aware-at": (await case.now()).isoformat()}
    accepted(await case.act(Answer(answers=aware), person="cora"))
    await case.forward(timedelta(minutes=46))
    await complete(case, "threat-to-life", "threat")
    await case.in_stage("threat-notice")


async def noted(case: CaseUnderTest) -> None:
    """What would be handed over is written down, and the gate is asked."""
    fields = ("facts", "legal-basis", "data-fields", "recipient")
    body = Memo(gate="threat-notice", fields=dict.fromkeys(fields, "as the evidence store says"))
    accepted(await case.act(body, person="dora"))
    await case.until(lambda seen: seen.open_round("threat-notice") is not None)


@story()
async def a_threat_is_reported(case: CaseUnderTest) -> None:
    """Two roles disagree, an executive lets the authority be told, and scrutiny is asked for."""
    await threatening(case)
    await noted(case)
    await case.forward(timedelta(minutes=11))
    await approve(case, "threat-notice", "cora")
    await reject(case, "threat-notice", "dora")
    await case.until(lambda seen: seen.open_round("threat-notice") is not None)
    await approve(case, "threat-notice", "eve")
    await case.in_stage("provider-notice")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    await has_performed(case, "inform-of-threat")
    await complete(case, "provider-notice", "gagged")
    await case.in_stage("legal-review")
    await approve(case, "legal-review", "lena")
    await complete(case, "scrutiny", "ask", "lena")
    await case.in_stage("scrutiny-answer")
    await case.forward(timedelta(hours=73))
    await complete(case, "scrutiny-answer", "infringement", "lena")
    await case.in_stage("reinstatement")
    await approve(case, "reinstatement", "lena")
    await approve(case, "reinstatement", "pia")
    await proven(case)
    await close(case, "scrutiny-won-reinstated")


@story(**{"threat-to-life": "yes"})
async def a_threat_is_not_reported(case: CaseUnderTest) -> None:
    """More is asked, both roles decide against it, and the authority upholds its order.

    Legal asks for scrutiny late in its two days; the case is kept open until its data may go.
    """
    await threatening(case)
    await noted(case)
    more = Decide(gate="threat-notice", verdict=Verdict.MORE_INFORMATION, reason="when is it?")
    accepted(await case.act(more, person="dora"))
    await complete(case, "threat-to-life", "threat")
    await case.until(lambda seen: seen.open_round("threat-notice") is not None)
    await reject(case, "threat-notice", "cora")
    await reject(case, "threat-notice", "dora")
    await case.in_stage("provider-notice")
    until = (await case.now()) + timedelta(weeks=6)
    accepted(await case.act(Answer(answers={"gagged-until": until.isoformat()}), person="cora"))
    await complete(case, "provider-notice", "gagged")
    await case.in_stage("legal-review")
    await approve(case, "legal-review", "lena")
    await case.in_stage("scrutiny")
    await case.forward(timedelta(hours=39))
    await complete(case, "scrutiny", "ask", "lena")
    await complete(case, "scrutiny-answer", "upheld", "lena")
    await case.in_stage("closure")
    assert "inform-of-threat" not in performed(case)
    assert "notify-provider" not in performed(case)
    await case.forward(timedelta(days=176))
    await close(case, "removed")
    await has_performed(case, "notify-provider")
    assert performed(case).count("notify-provider") == 1
