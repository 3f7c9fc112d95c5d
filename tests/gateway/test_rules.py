"""Interim rules at the doors: started with the entry that issues them, listed, decided on."""

from datetime import timedelta

from cases.acts import Verdict
from cases.gate import RoundState, Vote
from cases.interim import issue
from cases.rounds import ask, close
from gateway.rules_api import rules_in_force
from runbooks.plan import Assurance
from store import ObligationRow
from tests.gateway.world import World

GUIDANCE = "rule-guidance"
MONTH = timedelta(days=30)


async def issued(world: World) -> str:
    """The number of a case on the runbook for questions of policy that has issued its guidance."""
    number = await world.case(data={"tags": ["policy-question"]})
    row = await world.store.cases.by_number(number)
    assert row is not None
    running = world.engine.cases[row.id]
    now = await world.clock.now()
    decision = running.file.pathway.stage("decision")
    round_ = ask(running.file, decision, at=now)
    round_.cast(
        Vote(
            person="xena",
            role="policy-executive",
            verdict=Verdict.APPROVE,
            at=now,
            act="a",
            assurance=Assurance.L1,
            door="web",
            key="k",
        )
    )
    close(running.file, round_, RoundState.APPROVED, at=now)
    issue(running.file, decision, decision.next["approved"], at=now)
    (rule,) = running.file.state.rules
    await world.engine.publish(running)
    await world.store.obligations.record(
        ObligationRow(
            key=f"{number}-rule",
            case=row.id,
            name=GUIDANCE,
            title=f"{rule.number}: {rule.title}",
            owner="policy",
            due_at=rule.expires_at,
            recorded_at=now,
        )
    )

    async def started() -> bool:
        found = await world.store.obligations.find(row.id, GUIDANCE)
        return found is not None and found.started_at is not None

    await world.until(started)
    return number


async def test_a_rule_is_watched_while_its_case_goes_on(world: World) -> None:
    """It runs beside the open case, with the plan of the pinned runbook."""
    number = await issued(world)
    row = await world.store.cases.by_number(number)
    assert row is not None

    ((file, _),) = world.engine.obligations.values()

    plan = file.state.plan
    assert (plan.name, plan.owner, plan.confirm) == (GUIDANCE, "policy", "policy-executive")
    assert (await world.picture(number))["status"] == "open"


async def test_what_holds_is_listed_for_who_may_see_its_case(world: World) -> None:
    """By number, with who watches it and until when."""
    number = await issued(world)

    (rule,) = await rules_in_force(world.doors, person="paula", roles=frozenset({"policy"}))
    unseen = await rules_in_force(world.doors, person="oona", roles=frozenset({"nothing"}))

    assert (rule.number, rule.case, rule.owner) == (f"{number}-R1", number, "policy")
    assert rule.confirm == "policy-executive"
    assert rule.expires_at - rule.issued_at == MONTH
    assert unseen == []


async def test_its_page_offers_each_what_they_can_decide(world: World) -> None:
    """Policy can withdraw it, the policy executive can confirm it, and nobody can extend it."""
    number = await issued(world)
    paula = await (await world.browser("paula")).get(f"/cases/{number}")
    petra = await (await world.browser("petra")).get(f"/cases/{number}")

    watcher = paula.form("settle", obligation=GUIDANCE)
    executive = petra.form("settle", obligation=GUIDANCE)

    assert "Interim rules" in paula.text
    assert {value for value, _ in watcher.buttons} == {"withdrawn"}
    assert {value for value, _ in executive.buttons} == {"confirmed", "replaced", "withdrawn"}
    assert not any(form.fields.get("verb") == "extend" for form in paula.forms())
