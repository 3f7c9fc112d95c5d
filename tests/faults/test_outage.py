"""What is posted while nobody works is recorded, and applied once somebody does."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from cases.journal import Kind
from store import ActState
from tests.conftest import MakeEngine
from tests.faults.course import canonical, decided, manual, open_round, step
from tests.faults.evidence import Evidence
from tests.faults.place import Place, place
from workers.engine import Engine
from workers.processes import running_worker

MANY = 50


async def test_fifty_acts_posted_while_all_workers_are_down_are_applied_once_each(
    present: Engine, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """All answered "recorded", all applied after the restart, none twice."""
    async with place(tmp_path, engine=present) as made:
        gateway = await made.gateway()
        numbers = await opened(made, present, MANY)

        heard = await all_complete(made, numbers)
        async with running_worker(made.house, present.address, client=made.client):
            await applied(made, numbers)
            counted = await entries_of(made, numbers, heard)
        await gateway.kill()

    outcomes = [each["outcome"] for each in heard]
    record_property("recorded", outcomes.count("recorded"))
    record_property("applied", sum(count >= 1 for count in counted))
    record_property("twice", sum(count > 1 for count in counted))
    assert outcomes == ["recorded"] * MANY
    assert counted == [1] * MANY


async def test_acts_posted_while_workers_and_server_are_down_are_applied_later(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    """The door needs neither: what it said it recorded is applied when both are back."""
    engine = await make_engine(database=tmp_path / "engine.db")
    async with place(tmp_path / "home", engine=engine) as made:
        gateway = await made.gateway()
        numbers = await opened(made, engine, 5)
        await engine.kill()

        heard = await all_complete(made, numbers)
        await engine.restart()
        async with running_worker(made.house, engine.address, client=made.client):
            await applied(made, numbers)
            counted = await entries_of(made, numbers, heard)
        await gateway.kill()

    assert [each["outcome"] for each in heard] == ["recorded"] * 5
    assert counted == [1] * 5


async def test_a_case_goes_on_after_the_server_was_killed(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    """Kill -9 of the Temporal server on its file, between and during acts: the case goes on."""
    engine = await make_engine(database=tmp_path / "engine.db")
    async with place(tmp_path / "home", engine=engine) as made, AsyncExitStack() as stack:
        gateway, worker = await made.gateway(), await made.worker()
        stack.push_async_callback(gateway.kill)
        stack.push_async_callback(worker.kill)
        number = await made.opened_case(tags=["fraud"])
        acts: list[str] = []
        await made.at(number, stage="triage")
        await step(made, number, acts, "tessa", verb="complete", stage="triage", outcome="escalate")
        await open_round(made, number, "legal-review")
        content = await made.content(
            "lena", number, verb="decide", gate="legal-review", verdict="approve"
        )

        await engine.kill()
        heard = (await made.post("lena", number, content)).json()
        acts.append(heard["act_id"])
        await engine.restart()

        await decided(made, number, "policy-sign-off", "paula", acts=acts)
        during = asyncio.create_task(
            step(
                made,
                number,
                acts,
                "imani",
                verb="receipt",
                effect=await manual(made, number),
                resolution="done",
                reference="console-change-8841",
            )
        )
        await asyncio.sleep(0)
        await engine.kill()
        await engine.restart()
        await during
        await step(
            made, number, acts, "imani", verb="close", disposition="actioned", record="F. R. D."
        )
        found = await Evidence.of(made, number, acts=acts)

    assert heard["outcome"] == "recorded"
    assert found.wrong() == []


@pytest.mark.parametrize("worker_up", [True, False], ids=["worker up", "worker down"])
async def test_five_identical_webhooks_in_parallel_are_one_case_and_one_ticket(
    present: Engine, tmp_path: Path, *, worker_up: bool
) -> None:
    """Whoever sends what when: one report, one case, one ticket (I1)."""
    async with place(tmp_path, engine=present) as made, AsyncExitStack() as stack:
        gateway = await made.gateway()
        stack.push_async_callback(gateway.kill)
        if worker_up:
            await stack.enter_async_context(
                running_worker(made.house, present.address, client=made.client)
            )
        body, headers = made.report(tags=["fraud"])

        answers = await asyncio.gather(*(made.deliver(body, headers) for _ in range(5)))
        if not worker_up:
            await stack.enter_async_context(
                running_worker(made.house, present.address, client=made.client)
            )
        numbers = {answer.json()["case"] for answer in answers}
        (number,) = numbers
        await made.at(number, stage="triage")
        await made.quiet(number)

        kinds = [entry.kind for entry in await made.entries(number)]
        lines = await made.house.store.views.list()
        notes = await made.house.store.messages.list()
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [202]
    assert len(lines) == 1
    assert kinds.count(Kind.CASE_OPENED) == 1
    assert sum(note.message_id.startswith("note/open/") for note in notes) == 1


@pytest.mark.postgres
async def test_a_canonical_case_with_its_store_on_postgres(
    present: Engine, tmp_path: Path, postgres_url: str
) -> None:
    """The same case, the same evidence, on the store production uses."""
    async with (
        place(tmp_path, engine=present, store_url=postgres_url) as made,
        AsyncExitStack() as stack,
    ):
        gateway = await made.gateway()
        stack.push_async_callback(gateway.kill)
        await stack.enter_async_context(
            running_worker(made.house, present.address, client=made.client)
        )
        number = await made.opened_case(tags=["fraud"])
        acts: list[str] = []

        await canonical(made, number, acts=acts)
        found = await Evidence.of(made, number, acts=acts)

    assert found.wrong() == []


async def opened(made: Place, engine: Engine, count: int) -> list[str]:
    """Cases that wait for triage, and a worker that has gone."""
    async with running_worker(made.house, engine.address, client=made.client):
        numbers = [await made.opened_case(tags=["fraud"]) for _ in range(count)]
        for number in numbers:
            await made.at(number, stage="triage")
        for number in numbers:
            await made.quiet(number)
    return numbers


async def all_complete(made: Place, numbers: list[str]) -> list[dict[str, object]]:
    """Triage posts its result to every case, each once."""
    turn = asyncio.Semaphore(10)

    async def one(number: str) -> dict[str, object]:
        async with turn:
            return await made.act(
                "tessa", number, verb="complete", stage="triage", outcome="no-violation"
            )

    await made.token("tessa")
    return list(await asyncio.gather(*(one(number) for number in numbers)))


async def applied(made: Place, numbers: list[str]) -> None:
    """Every case has gone on, and every act has its receipt."""
    for number in numbers:
        await made.at(number, stage="closure", seconds=120)

    async def none_pending() -> bool:
        return not await made.house.store.acts.list(state=ActState.PENDING)

    await made.until(none_pending, what="every act to be answered")


async def entries_of(made: Place, numbers: list[str], heard: list[dict[str, object]]) -> list[int]:
    """How many entries each act caused."""
    return [
        sum(entry.body.get("act") == each["act_id"] for entry in await made.entries(number))
        for number, each in zip(numbers, heard, strict=True)
    ]
