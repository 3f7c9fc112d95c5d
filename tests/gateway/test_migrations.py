"""A running case is moved from its page: seen first, asked for, agreed to, taken back (I2)."""

from runbooks import load_runbook
from tests.gateway.world import Browser, World
from tests.stores import release
from tests.workflows.runbooks import TWO_LAWYERS

WHY = "two lawyers from now on"


async def released(world: World) -> None:
    """The version is live."""
    await release(world.store, TWO_LAWYERS, await world.clock.now())


async def migrate(browser: Browser, number: str, version: str, reason: str = "") -> str:
    """What the person reads after they have asked for the version, or agreed to it."""
    page = await browser.act(f"/cases/{number}", "migrate", version=version, reason=reason)
    return page.text


async def test_a_case_is_moved_by_two_people_and_taken_back_by_one(world: World) -> None:
    """Each confirm screen shows what the version changes in this case, before one signs."""
    number = await world.case()
    await world.to_gate(number)
    await released(world)
    imani, ivar = await world.browser("imani"), await world.browser("ivar")

    confirm = await imani.confirm(f"/cases/{number}", "migrate", version="1.1.0", reason=WHY)
    assert "Confirm: Go on under version 1.1.0" in confirm.text
    assert "What it changes" in confirm.text
    assert "instead of" in confirm.text
    assert "Asked again" in confirm.text
    assert "legal review" in confirm.text
    assert "Done" in (await imani.post(confirm.form("migrate", step="act"))).text
    assert (await world.picture(number)).get("version") == "1.0.0"

    again = await migrate(imani, number, "1.1.0")
    assert "this one needs somebody else" in again
    seen = (await ivar.get(f"/cases/{number}")).text
    assert f"imani has asked for 1.1.0: {WHY}" in seen
    await migrate(ivar, number, "1.1.0")
    await world.until(lambda: at_version(world, number, "1.1.0"))
    case = (await imani.get(f"/cases/{number}")).text
    assert "The case goes on under another version of its runbook" in case

    confirm = await ivar.confirm(f"/cases/{number}", "migrate", version="1.0.0", reason="too soon")
    assert "One person is enough" in confirm.text
    await ivar.post(confirm.form("migrate", step="act"))
    assert await world.until(lambda: at_version(world, number, "1.0.0"))


async def at_version(world: World, number: str, version: str) -> bool:
    """Whether the case says it is under that version."""
    return bool((await world.picture(number))["version"] == version)


async def test_only_those_who_may_see_a_form_and_only_where_there_is_a_version(
    world: World,
) -> None:
    """Without another live version there is nothing to choose; other roles have no form at all."""
    number = await world.case()
    imani, tessa = await world.browser("imani"), await world.browser("tessa")

    assert "another version" not in (await imani.get(f"/cases/{number}")).text
    await released(world)
    assert "another version" in (await imani.get(f"/cases/{number}")).text
    assert "another version" not in (await tessa.get(f"/cases/{number}")).text


async def test_a_version_that_is_not_live_is_refused_at_the_door(world: World) -> None:
    """Nobody can move a case to rules that two people have not released, whatever a form says."""
    number = await world.case()
    await released(world)
    imani = await world.browser("imani")
    page = await imani.get(f"/cases/{number}")
    await world.doors.store.releases.retire(
        runbook="user-safety-escalation", version="1.1.0", by="two", at=await world.clock.now()
    )

    confirm = await imani.post(page.form("migrate"), version="1.1.0", reason=WHY)
    refused = await imani.post(confirm.form("migrate", step="act"))

    assert "No live release of the runbook has that version" in refused.text
    assert "door:act:refused" in await world.kinds(number, "door")
    assert (await world.picture(number)).get("proposed") is None


async def test_an_act_cannot_bring_rules_of_its_own(world: World) -> None:
    """The door puts the released rules into the act, whatever a client sends along."""
    number = await world.case()
    await released(world)
    imani = await world.browser("imani")
    confirm = await imani.confirm(f"/cases/{number}", "migrate", version="1.1.0", reason=WHY)
    form = confirm.form("migrate", step="act")
    other = load_runbook(TWO_LAWYERS.replace(b"legal: 2", b"legal: 1"), file="other.yaml")
    shelved = await world.doors.shelf.by_digest(
        await world.doors.store.objects.put(
            kind="runbook", data=other.source, at=await world.clock.now()
        )
    )
    rules = shelved.pathway.model_dump_json()
    form.fields["body"] = form.fields["body"].replace('"pathway":null', f'"pathway":{rules}')
    assert "legal" in form.fields["body"]

    await imani.post(form)

    asked = (await world.picture(number))["proposed"]
    live = await world.doors.store.releases.active("user-safety-escalation")
    assert live is not None
    assert asked["digest"] == live.digest
