"""A threat to life at the doors: the case that triage moves opens, and few people see it."""

from zoneinfo import ZoneInfo

from temporalio.testing import ActivityEnvironment

from activities.linking import Linking
from activities.outside import Outside
from cases.gate import RoundKind, RoundState
from cases.permissions import allowed_acts
from cases.rounds import ask, close
from cases.state import CasePicture
from gateway.access import Asking, Look, judged
from integrations.ports.access import Principal
from runbooks import compile_runbook, library, load_runbook
from runbooks.plan import Severity
from tests.gateway.world import World
from workflows.effects import LinkOrder

THREAT = "imminent-threat-to-life"


def outside_of(world: World) -> Outside:
    """What activities reach from that world: its store and its people."""
    return Outside(
        store=world.store,
        directory=world.doors.directory,
        channels=(),
        public_url=world.url,
        mail_domain="demo.example",
        zone=ZoneInfo("UTC"),
    )


async def moved(world: World) -> tuple[str, str]:
    """A report's number, and that of the case it goes on as, once triage has moved it."""
    number = await world.case(data={"tags": ["danger"]})
    row = await world.store.cases.by_number(number)
    assert row is not None
    # What the walk orders at `threat-to-life: {move-to: imminent-threat-to-life}`.
    order = LinkOrder(
        key="moved-once",
        case=row.id,
        number=number,
        runbook=THREAT,
        severity=Severity.SEV1,
        answers={"minor": "yes", "timeframe": "soon", "plan": "yes", "authority-receipt": "r-1"},
        at=await world.clock.now(),
    )
    linked = await ActivityEnvironment().run(Linking(outside_of(world)).open_linked_case, order)
    world.doors.deliveries_due.set()
    await world.until(lambda: world.view(linked.number))
    return number, linked.number


async def test_the_default_pathway_moves_to_the_runbook_that_ships(world: World) -> None:
    """The moved case walks the threat runbook, linked to where it came from, on legal hold."""
    before, number = await moved(world)

    seen = await world.picture(number)

    assert (seen["runbook"], seen["stage"]) == (THREAT, "triage")
    assert {(link["number"], link["why"]) for link in seen["links"]} == {(before, "moved-from")}
    assert seen["legal_hold"] == "duty-counsel"
    assert [effect["name"] for effect in seen["effects"]] == ["safe-state", "preserve"]


async def test_what_is_known_goes_along(world: World) -> None:
    """What the other runbook asks by the same name, and takes, need not be asked again."""
    _, number = await moved(world)

    seen = await world.picture(number)

    assert {name: given["value"] for name, given in seen["answers"].items()} == {"minor": "yes"}


async def test_who_need_not_know_sees_no_trace_of_it(world: World) -> None:
    """Pages and lists deny by default; who triages, decides or runs it is let in."""
    before, number = await moved(world)

    for person in ("imani", "tessa", "diana"):
        browser = await world.browser(person)
        assert (await browser.get(f"/cases/{number}")).status == 200, person
        assert f"/cases/{number}" in (await browser.get("/cases")).response.text, person
    for person in ("lena", "paula"):
        browser = await world.browser(person)
        assert (await browser.get(f"/cases/{number}")).status == 404, person
        assert f"/cases/{number}" not in (await browser.get("/cases")).response.text, person
        assert (await browser.get(f"/cases/{before}")).status == 200, person


async def test_triage_sees_it_no_more_once_it_has_moved_on(world: World) -> None:
    """A role that worked on it before may look no longer, unless it has the case by name."""
    _, number = await moved(world)
    pathway = compile_runbook(load_runbook(library()[THREAT], file=f"{THREAT}.yaml"))
    state = CasePicture.of(await world.picture(number))

    def sees(person: str, *roles: str) -> bool:
        held = frozenset(roles)
        cleared = world.doors.access.clearances(held)
        who = Asking(principal=Principal(id=person, roles=held, clearances=cleared))
        return judged(world.doors, who, Look.READ, state, pathway).allowed

    state.stage = "legal-review"
    assert not sees("tessa", "triage")
    assert not sees("peter", "policy-lead", "communications", "deputy-counsel")
    assert sees("diana", "duty-counsel")
    state.assignments["triage"] = "tessa"
    assert sees("tessa", "triage")
    state.conflicts["diana"] = "legal-review"
    assert not sees("diana", "duty-counsel")


async def test_a_call_back_is_recorded_from_the_page(world: World) -> None:
    """Whoever works on the case records it by a form; the picture says who called whom."""
    _, number = await moved(world)
    imani = await world.browser("imani")

    done = await imani.act(
        f"/cases/{number}",
        "call-back",
        "refuted",
        agency="agency-3",
        number="555-0100",
        source="the ministry's directory",
        called_at="2026-01-05T09:00",
    )

    assert done.status == 200, done.text
    (call,) = (await world.picture(number))["call_backs"]
    assert (call["by"], call["result"], call["number"]) == ("imani", "refuted", "555-0100")
    state = CasePicture.of(await world.picture(number))
    pathway = compile_runbook(load_runbook(library()[THREAT], file=f"{THREAT}.yaml"))
    at = await world.clock.now()
    offered = allowed_acts(
        state, pathway, person="imani", roles=frozenset({"incident-manager"}), at=at
    )
    assert "call-back" in {act.verb for act in offered}


async def test_a_decision_can_be_disputed_from_the_page(world: World) -> None:
    """A reviewer objects to a non-referral behind the case: an executive is asked."""
    _, number = await moved(world)
    row = await world.store.cases.by_number(number)
    assert row is not None
    running = world.engine.cases[row.id]
    at = await world.clock.now()
    decided = ask(running.file, running.file.pathway.stage("legal-review"), at=at)
    close(running.file, decided, RoundState.REJECTED, at=at)
    await world.engine.publish(running)
    samir = await world.browser("samir")

    confirm = await samir.confirm(f"/cases/{number}", "dissent", reason="they mean it")
    done = await samir.post(confirm.form("dissent", step="act"))

    assert "Disclose the listed data to the named authority?" in confirm.text
    assert done.status == 200, done.text
    seen = CasePicture.of(await world.picture(number))
    assert seen.stage == "legal-review"
    asked = seen.open_round("legal-review")
    assert asked is not None
    assert (asked.kind, asked.approve) == (RoundKind.DISSENT, {"executive": 1})
