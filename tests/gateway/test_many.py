"""An effect on many at the doors: its progress is shown, and one person's button rolls it back."""

from rich.console import Console

from audit.explain import explain_state, lines
from cases.batches import steps_of
from cases.effects import settle
from cases.records import EffectRecord
from cases.state import CasePicture
from cli.case_page import case_page
from runbooks import compile_runbook, library, load_runbook
from tests.gateway.engine import Case
from tests.gateway.world import World

WAVE = "account-takeover-wave"
ANSWERS = {
    "q.detector": "rule",
    "q.vector": "phishing",
    "q.accounts": "400",
    "q.account-list": "list-17",
    "q.velocity": "3",
}


async def begun(world: World) -> tuple[str, Case, EffectRecord]:
    """A wave of four hundred accounts, the first step of its containment done."""
    number = await world.case(data={"tags": ["account-takeover"]})
    imani = await world.browser("imani")
    answered = await imani.act(f"/cases/{number}", "answer", **ANSWERS)
    assert answered.status == 200, answered.text
    completed = await imani.act(f"/cases/{number}", "complete", "single")
    assert completed.status == 200, completed.text
    row = await world.store.cases.by_number(number)
    assert row is not None
    running = world.engine.cases[row.id]
    effect = running.file.state.effect_named("contain-accounts")
    assert effect is not None
    (step,) = steps_of(running.file, effect)
    settle(running.file, step, state="done", at=await world.clock.now(), reference="order-1")
    await world.engine.publish(running)
    return number, running, effect


async def test_progress_is_shown_and_looked_at(world: World) -> None:
    """How far of how many, on which list, and what was seen, by a form of the case's page."""
    number, _, effect = await begun(world)
    imani = await world.browser("imani")

    shown = await imani.get(f"/cases/{number}")
    assert "1 of 3 steps ordered: 4 of 400, list list-17." in shown.text
    looked = await imani.act(f"/cases/{number}", "observe", checked="4", wrong="0")

    assert looked.status == 200, looked.text
    seen = CasePicture.of(await world.picture(number)).effect(effect.key)
    assert seen is not None
    assert seen.run is not None
    assert [(look.checked, look.wrong, look.by) for look in seen.run.looks] == [(4, 0, "imani")]
    after = await imani.get(f"/cases/{number}")
    assert "After step 1: 0 of 4 wrong (imani" in after.text


async def test_one_person_rolls_it_back_from_the_page(world: World) -> None:
    """The confirm screen says what is undone and why; the undoing is ordered at once."""
    number, running, effect = await begun(world)
    imani = await world.browser("imani")

    confirm = await imani.confirm(f"/cases/{number}", "roll-back", reason="the wrong list")
    assert "Revoke sessions and lock the listed accounts" in confirm.text
    done = await imani.post(confirm.form("roll-back", step="act"))

    assert done.status == 200, done.text
    assert effect.state == "rolling-back"
    undone = [item.compensates for item in running.file.state.effects if item.compensates]
    assert undone == ["contain-accounts-step-1"]
    page = await imani.get(f"/cases/{number}")
    assert "Stopped: the wrong list" in page.text
    assert "An action on many was stopped" in page.text


async def test_the_command_line_and_the_explanation_say_how_far_it_is(world: World) -> None:
    """Both name the command that undoes it."""
    number, _, _ = await begun(world)
    imani = await world.browser("imani")
    token = (
        await imani.http.post(
            "/api/login", json={"person": "imani", "password": "demo", "totp": ""}
        )
    ).json()["token"]
    headers = {"authorization": f"Bearer {token}"}
    case = (await imani.http.get(f"/api/cases/{number}", headers=headers)).json()
    pathway = compile_runbook(load_runbook(library()[WAVE], file=f"{WAVE}.yaml"))
    state = CasePicture.of(await world.picture(number))
    at = await world.clock.now()

    console = Console(width=300, highlight=False)
    with console.capture() as shown:
        console.print(case_page(case))
    said = "\n".join(lines(explain_state(state, pathway, at=at, as_of=at)))

    assert f"escalate case roll-back {number} contain-accounts" in shown.get()
    assert "4 of 400" in shown.get()
    assert f"step 1 of 3, 4 of 400; to undo it: escalate case roll-back {number}" in said
    assert "fraud-expert: look at step 1: Revoke sessions and lock the listed accounts" in said
