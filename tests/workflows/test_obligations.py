"""What a case owes after closing, on the real server, with time skipping."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client, WorkflowUpdateStage
from temporalio.worker import Worker

from cases.acts import Settle
from cases.journal import check_chain
from cases.receipts import Outcome, Reason
from tests.workflows.obligation_stories import HOLD, PERIODIC, RECHECK
from tests.workflows.obligations import DAY, ObligationUnderTest, owe
from tests.workflows.playing import client_of, replay, runs_of
from tests.workflows.world import World
from workers.engine import Engine
from workflows.messages import ACT_SIGNAL, ACT_UPDATE, ObligationOutcome

pytestmark = pytest.mark.timeout(240)


async def ended(owed: ObligationUnderTest) -> ObligationOutcome:
    """How it ended; its record is whole and ends where the outcome says."""
    async with asyncio.timeout(60):
        outcome = ObligationOutcome.model_validate(await owed.handle.result())
    assert check_chain(owed.entries) == outcome.head
    assert owed.kinds[-1] == "obligation:work:ended"
    assert not owed.world.forks
    return outcome


@pytest.mark.parametrize("cached", [1000, 0])
async def test_a_recheck_asks_when_it_is_due_and_ends_when_it_is_answered(
    engine: Engine, task_queue: str, *, cached: int
) -> None:
    """Its owner is told at the instant, reminded a day later, and the answer seals the record."""
    world = World()
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue, max_cached_workflows=cached):
        owed = await owe(world, client, RECHECK, task_queue=task_queue)
        await owed.forward_to(owed.request.due_at - timedelta(hours=1))
        before = list(owed.told)
        await owed.forward_to(owed.request.due_at + DAY + timedelta(hours=1))
        picture = await owed.picture()
        receipt = await owed.settle("all-quiet", person="tess")
        outcome = await ended(owed)

    assert before == []
    assert owed.told == [("owed", "triage", "due"), ("remind", "triage", "overdue")]
    assert picture.overdue
    assert receipt.outcome is Outcome.ACCEPTED
    assert (outcome.answer, outcome.turns) == ("all-quiet", 1)
    await replay(engine, await runs_of(client, owed))


async def test_an_answer_that_it_is_not_over_pages_the_incident_manager(
    engine: Engine, task_queue: str
) -> None:
    """Attention is back with a person, although the case stays sealed."""
    world = World()
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue):
        owed = await owe(world, client, RECHECK, task_queue=task_queue)
        wordless = await owed.settle("attention", person="tess")
        await owed.settle("attention", person="tess", note="the same account is back")
        await ended(owed)

    assert (wordless.outcome, wordless.reason) == (Outcome.REFUSED, Reason.REASON_REQUIRED)
    assert ("raised", "incident-manager", "attention") in owed.told


async def test_a_hold_lives_two_years_and_never_expires_silently(
    engine: Engine, task_queue: str
) -> None:
    """Reviewed at d-14 and d-3, renewed once, then overdue and paging until a person releases it.

    No run is cached, so each of its steps replays from the beginning; it continues as new.
    """
    world = World()
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue, max_cached_workflows=0):
        owed = await owe(world, client, HOLD, task_queue=task_queue, continue_after=80)
        begun = await owed.now()
        early = await owed.settle("release", person="lena", note="no longer needed")
        await owed.forward_to(owed.request.due_at - 2 * DAY)
        reviews = [step for _, _, step in owed.told]
        renewed = await owed.settle("renew", person="lena", note="the court asks for it")
        await owed.until(lambda entries: entries[-1].kind.value == "notice:message:ended")
        second = (await owed.picture()).due_at
        await owed.forward_to(begun + 730 * DAY)
        still = await owed.picture()
        again = await owed.settle("renew", turn=2, person="lena", note="once more")
        await owed.settle("release", turn=2, person="lena", note="the matter is closed")
        outcome = await ended(owed)

    histories = await runs_of(client, owed)
    pages = [step for purpose, _, step in owed.told if purpose == "page"]
    assert (early.reason, again.reason) == (Reason.NOT_DUE, Reason.NO_RENEWAL)
    assert reviews == ["begun", "14d before", "3d before"]
    assert renewed.outcome is Outcome.ACCEPTED
    assert second == owed.request.due_at + 90 * DAY
    assert still.open
    assert still.overdue
    assert len(pages) == 2 * (1 + (730 - 180) // 7)
    assert outcome.answer == "release"
    assert len(histories) > 1
    await replay(engine, histories)


async def test_a_periodic_obligation_asks_in_its_rhythm_until_somebody_ends_it(
    engine: Engine, task_queue: str
) -> None:
    """The next turn keeps the rhythm; an answer to an earlier turn counts for no later one."""
    world = World()
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue, max_cached_workflows=0):
        owed = await owe(world, client, PERIODIC, task_queue=task_queue, continue_after=40)
        for turn in range(1, 5):
            await owed.forward_to(owed.request.due_at + (turn - 1) * 30 * DAY + DAY / 2)
            receipt = await owed.settle("done", turn=turn, person="pia", reference=f"r-{turn}")
            assert receipt.outcome is Outcome.ACCEPTED, receipt
        old = await owed.settle("done", turn=2, person="pia", reference="r")
        due = (await owed.picture()).due_at
        await owed.settle("stopped", turn=5, person="pia", note="the order was lifted")
        outcome = await ended(owed)

    assert (old.outcome, old.reason) == (Outcome.SUPERSEDED, Reason.OLD_TURN)
    assert due == owed.request.due_at + 4 * 30 * DAY
    assert outcome.turns == 5
    await replay(engine, await runs_of(client, owed))


async def test_an_extension_needs_a_reason_and_has_a_maximum(
    engine: Engine, task_queue: str
) -> None:
    """All extensions of a turn together move it by no more than the runbook allows."""
    world = World()
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue):
        owed = await owe(world, client, RECHECK, task_queue=task_queue)
        due = owed.request.due_at
        receipts = [
            await owed.extend(due + 5 * DAY, reason=" "),
            await owed.extend(due - DAY),
            await owed.extend(due + 5 * DAY),
            await owed.extend(due + 8 * DAY),
            await owed.extend(due + 7 * DAY),
        ]
        await owed.forward_to(due + 6 * DAY)
        quiet = list(owed.told)
        await owed.forward_to(due + 7 * DAY + timedelta(hours=1))
        told = list(owed.told)
        await owed.settle("all-quiet")
        await ended(owed)

    assert [receipt.reason for receipt in receipts] == [
        Reason.REASON_REQUIRED,
        Reason.UNCHANGED,
        Reason.NONE,
        Reason.TOO_FAR,
        Reason.NONE,
    ]
    assert quiet == []
    assert told == [("owed", "triage", "due")]


async def test_only_signed_acts_settle_and_everything_else_is_refused_on_record(
    engine: Engine, task_queue: str
) -> None:
    """Temporal access, an unsigned envelope, another role or a request to cancel settle nothing."""
    world = World()
    client = await client_of(engine, world)
    bare = await Client.connect(engine.address, namespace=engine.namespace)
    async with Worker(client, task_queue=task_queue):
        owed = await owe(world, client, HOLD, task_queue=task_queue)
        raw = bare.get_workflow_handle(owed.handle.id)
        await raw.signal(ACT_SIGNAL, {"payload": "settle it"})
        await raw.signal("settle", "now")
        await raw.start_update(
            ACT_UPDATE, {"payload": "settle it"}, wait_for_stage=WorkflowUpdateStage.ACCEPTED
        )
        await raw.cancel()
        body = await owed.envelope(_settle(owed, "renew", note="more of it"), person="lena")
        unsigned = await owed.deliver(body.model_copy(update={"signature": ""}))
        stranger = await owed.settle("renew", person="pia", note="more of it")
        elsewhere = await owed.deliver(
            await owed.envelope(_settle(owed, "renew", note="n", name="other"), person="lena")
        )
        entries = await owed.until(
            lambda found: sum(item.kind.value == "act:envelope:refused" for item in found) == 7
        )
        still = await owed.picture()
        await raw.terminate()

    refusals = [item.body for item in entries if item.kind.value == "act:envelope:refused"]
    assert (unsigned.reason, stranger.reason) == (Reason.UNSIGNED, Reason.ROLE)
    assert elsewhere.reason is Reason.NO_SUCH_OBLIGATION
    assert still.open
    assert sorted(str(body["why"]) for body in refusals) == sorted(
        [
            "plaintext",
            "unknown-door",
            "plaintext",
            "unknown-door",
            "unsigned",
            "role",
            "no-such-obligation",
        ]
    )


async def test_who_declared_a_conflict_is_neither_told_nor_heard(
    engine: Engine, task_queue: str
) -> None:
    """The case's conflicts hold for what it owes."""
    world = World()
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue):
        owed = await owe(world, client, RECHECK, task_queue=task_queue, conflicts=("tess",))
        await owed.forward_to(owed.request.due_at + timedelta(hours=1))
        refused = await owed.settle("all-quiet", person="tess")
        await owed.settle("all-quiet")
        await ended(owed)

    assert (refused.outcome, refused.reason) == (Outcome.NOT_YOURS, Reason.CONFLICTED)
    assert [order.except_people for order in world.notices] == [("tess",)]


async def test_five_starts_at_once_are_one_obligation(engine: Engine, task_queue: str) -> None:
    """The id is made of the case and the name; the second start finds the first."""
    world = World()
    client = await client_of(engine, world)
    first = await owe(world, client, RECHECK, task_queue=task_queue)
    starts = [
        owe(world, client, RECHECK, task_queue=task_queue, case=first.request.case)
        for _ in range(5)
    ]
    owed = await asyncio.gather(*starts)
    async with Worker(client, task_queue=task_queue):
        await first.settle("all-quiet")
        await ended(first)

    runs = {each.handle.first_execution_run_id for each in owed}
    assert runs == {first.handle.first_execution_run_id}
    assert first.kinds.count("obligation:work:begun") == 1


async def test_the_worker_goes_and_the_obligation_stays(engine: Engine, task_queue: str) -> None:
    """An act sent while nobody works, and an instant that passes meanwhile, are seen to after."""
    world = World()
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue):
        owed = await owe(world, client, RECHECK, task_queue=task_queue)
        await owed.until(bool)
        at = await owed.now()
    envelope = await owed.envelope(_settle(owed, "all-quiet"), person="tess", at=at)
    delivered = asyncio.create_task(owed.deliver(envelope))
    await asyncio.sleep(0.5)
    assert not delivered.done()
    async with Worker(client, task_queue=task_queue):
        receipt = await delivered
        await ended(owed)

    assert receipt.outcome is Outcome.ACCEPTED


def _settle(
    owed: ObligationUnderTest, answer: str, *, note: str = "", name: str | None = None
) -> Settle:
    return Settle(obligation=name or owed.request.plan.name, turn=1, answer=answer, note=note)
