"""An explanation names why, who, by when, what silence does, and what mends what is stuck."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from temporalio.client import Client

from audit.explain import lines
from audit.explanation import Explanation
from audit.trouble import explain
from cases.acts import Complete, Hold, Verdict
from cases.acts import Decide as Decision
from store import Store
from tests.audit.casework import HOUR, Matter, Office, office
from tests.audit.scenarios import FRAUD, approved
from workers.engine import Engine


async def _explained(at_work: Office, case: Matter, client: Client | None = None) -> Explanation:
    said = await explain(case.handle.id, store=at_work.store, client=client, at=await case.now())
    assert said is not None
    return said


async def _once(at_work: Office, case: Matter, holds: Callable[[Explanation], bool]) -> Explanation:
    """The explanation, once the store's picture has come so far."""
    async with asyncio.timeout(20):
        while True:
            said = await _explained(at_work, case)
            if holds(said):
                return said
            await asyncio.sleep(0.02)


async def _stored(at_work: Office, case: Matter, stage: str) -> None:
    """The store's picture has the stage."""
    async with asyncio.timeout(20):
        while True:
            view = await at_work.store.views.get(case.handle.id)
            if view is not None and view.line.stage == stage:
                return
            await asyncio.sleep(0.02)


async def test_it_says_who_owes_what_and_what_silence_does(engine: Engine, store: Store) -> None:
    """In legal review: how it came here, Legal owes a verdict, and the gate waits."""
    async with office(engine, store) as at_work:
        case = await at_work.open(answers=FRAUD)
        await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
        await _stored(at_work, case, "legal-review")
        said = await _explained(at_work, case, at_work.client)

    text = "\n".join(lines(said))

    assert [(item.role, item.late) for item in said.owed] == [("legal", False)]
    assert any(item.who == "tess" and "escalate" in item.what for item in said.because)
    assert [item.what for item in said.coming] == [
        "deputy-counsel is paged",
        "incident-manager is paged",
        "the target is reached",
    ]
    assert said.coming[-1].silence == "silence decides nothing: the gate waits"
    assert not said.stuck, said.troubles
    assert said.next_step in text
    assert "nothing is stuck" in text
    assert Explanation.model_validate_json(said.model_dump_json()) == said


async def test_a_held_case_says_until_when(engine: Engine, store: Store) -> None:
    """The review date comes by itself; work goes on when somebody resumes it."""
    async with office(engine, store) as at_work:
        case = await at_work.open(answers=FRAUD)
        review = await case.now() + HOUR
        await case.does(Hold(reason="waits", review_at=review), person="ines")
        await case.until(lambda seen: seen.hold is not None)
        said = await _once(at_work, case, lambda said: "on hold" in said.next_step)

    assert [item.at for item in said.coming if item.clock == "hold"] == [review]


async def test_a_failed_action_names_its_remedy(engine: Engine, store: Store) -> None:
    """The open action is listed with the command that settles it."""
    async with office(engine, store) as at_work:
        at_work.world.fail_next("perform_effect")
        case = await at_work.open(answers=FRAUD)
        await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
        for gate, person in (("legal-review", "lena"), ("policy-sign-off", "pia")):
            await case.does(Decision(gate=gate, verdict=Verdict.APPROVE), person=person)
        await case.until(lambda seen: any(item.state == "failed" for item in seen.effects))
        said = await _once(
            at_work, case, lambda said: [item.state for item in said.effects] == ["failed"]
        )

    assert said.effects[0].mend == "escalate case receipt 1001 apply-action retry"
    assert any("apply-action retry" in line for line in lines(said))


async def test_acts_without_a_worker_are_seen_to_wait(engine: Engine, store: Store) -> None:
    """With every worker gone, a signed act that is not applied is named, and so is the cure."""
    async with office(engine, store) as at_work:
        case = await at_work.open(answers=FRAUD)
        await _stored(at_work, case, "triage")
        envelope = await case.envelope(Complete(stage="triage", outcome="escalate"), person="tess")
    await store.acts.record(
        act_id="act-1",
        case=case.handle.id,
        person="tess",
        verb="complete",
        sign=lambda _: envelope,
        at=datetime.now(UTC),
    )

    said = await explain(case.handle.id, store=store, client=None, at=datetime.now(UTC))

    assert said is not None
    assert [item.what for item in said.troubles] == ["1 acts are signed and not applied yet"]
    assert "escalate gateway" in said.troubles[0].mend


async def test_a_closed_case_waits_for_nothing(engine: Engine, store: Store) -> None:
    """Nothing is owed and nothing will happen."""
    async with office(engine, store) as at_work:
        case = await approved(at_work)
        said = await _explained_at(at_work, case)

    assert said.next_step == "Nothing: the case is closed."
    assert (said.owed, said.coming, said.effects, said.troubles) == ((), (), (), ())


async def test_a_case_without_a_picture_has_no_explanation(store: Store) -> None:
    """What was only accepted at the door cannot be explained yet."""
    assert await explain("case/none", store=store, client=None, at=datetime.now(UTC)) is None


async def _explained_at(at_work: Office, case: Matter) -> Explanation:
    said = await explain(
        case.handle.id, store=at_work.store, client=at_work.client, at=datetime.now(UTC)
    )
    assert said is not None
    return said
