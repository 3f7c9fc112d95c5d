"""A report on the real server: from its draft to the authority's receipt, once, and replayable."""

import asyncio
import uuid
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio import activity
from temporalio.worker import Worker

from activities import Outside
from activities.actions import Performing
from cases.acts import Answer, Close, Complete, Decide, Memo, Verdict
from cases.ids import case_id
from integrations._http import new_client
from integrations.dsa_database import DsaDatabase
from integrations.file_directory import DEMO_FILE, FileDirectory
from store import DEMO_KEK, Store
from tests.activities.on_record import ordered
from tests.cases.reporting import ANSWERS, MEMO, TEXT
from tests.fakes.clock import START, FixedClock
from tests.fakes.dsa_database import TOKEN, FakeDsaDatabase
from tests.stores import empty_store
from tests.workflows.playing import check_journal, client_of, replay, runs_of
from tests.workflows.scenarios import accepted
from tests.workflows.world import CaseUnderTest, World, open_case
from workers.engine import Engine
from workflows.effects import EffectOrder, EffectResult
from workflows.messages import CaseOutcome

APPROVE = Decide(gate="review", verdict=Verdict.APPROVE)


class Filing(World):
    """A world whose reports really go to a transparency database."""

    def __init__(self, performing: Performing, store: Store) -> None:
        super().__init__()
        self._performing = performing
        self._store = store

    @activity.defn(name="perform_effect")
    async def perform_effect(self, order: EffectOrder) -> EffectResult:
        """Reports are handed in; everything else is done."""
        if order.report is None:
            return await super().perform_effect(order)
        self.performed.append(order)
        # This world keeps the case's journal itself.
        await ordered(self._store, order)
        return await self._performing.perform_effect(order)


async def filed(case: CaseUnderTest) -> None:
    """The case's story, from its first answer to its closing."""
    accepted(await case.act(Answer(answers=ANSWERS), person="tess"))
    accepted(await case.act(Complete(stage="triage", outcome="restrict"), person="tess"))
    await case.in_stage("review")
    await case.until(
        lambda seen: (
            (done := seen.effect_named("apply-action")) is not None and done.state == "done"
        )
    )
    accepted(await case.act(Memo(gate="review", fields=MEMO), person="lena"))
    await case.until(lambda seen: seen.open_round("review") is not None)
    accepted(await case.act(Answer(answers={"kind": "suicide"}), person="tess"))
    asked = await case.until(
        lambda seen: (open_ := seen.open_round("review")) is not None and open_.number > 1
    )
    assert asked.drafts["statement"].draft.fields["category"] == "self-harm"
    accepted(await case.act(APPROVE, person="lena"))
    await case.in_stage("filing")
    accepted(await case.act(Complete(stage="filing", outcome="file"), person="tess"))
    await case.until(
        lambda seen: (done := seen.effect_named("statement")) is not None and done.state == "done"
    )
    closing = Close(disposition="restricted", record="facts, rule, decision", lessons="none")
    accepted(await case.act(closing, person="ines"))


@pytest.mark.parametrize("cached", [1000, 0])
async def test_a_report_goes_from_draft_to_receipt_once(
    engine: Engine, tmp_path: Path, cached: int
) -> None:
    """Changed facts ask again; what was approved is filed once, whatever the network loses."""
    database = FakeDsaDatabase()
    database.fail_next(503)
    database.network.lose_answer("POST")
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await empty_store(url)
    external = uuid.uuid4().hex
    async with await Store.open(url, kek=DEMO_KEK) as store:
        await store.deliveries.accept(
            key="k",
            source="standard",
            instance="test",
            external_id=external,
            body=b"{}",
            at=START,
        )
        world = Filing(Performing(outside(store, database)), store)
        client = await client_of(engine, world)
        queue = f"reports-{external[:8]}"
        async with Worker(client, task_queue=queue, max_cached_workflows=cached):
            case = await open_case(
                world,
                client,
                task_queue=queue,
                runbook="restriction",
                text=TEXT,
                external_id=external,
            )
            assert case.handle.id == case_id(
                source="standard", instance="test", external_id=external
            )
            async with asyncio.timeout(120):
                await filed(case)
                outcome = CaseOutcome.model_validate(await case.handle.result())
        histories = await runs_of(client, case)

    await replay(engine, histories)
    check_journal(case, outcome)
    assert len(database.statements) == 1
    kept: dict[str, Any] = next(iter(database.statements.values()))
    assert kept["category"] == "STATEMENT_CATEGORY_SELF_HARM"
    entries = world.entries[case.handle.id]
    done = next(
        entry.body
        for entry in entries
        if entry.kind.value == "effect:action:done" and entry.body["effect"] == "statement"
    )
    approved = next(e.body for e in entries if e.kind.value == "draft:report:approved")
    assert done["reference"] == kept["uuid"]
    assert done["draft"] == approved["digest"]
    assert "payment in advance" not in "".join(history.to_json() for history in histories)
    told = (*entries, *world.notices, *world.ticket_orders)
    assert all("payment in advance" not in each.model_dump_json() for each in told)


def outside(store: Store, database: FakeDsaDatabase) -> Outside:
    """What activities work with: a store, and the database switched on."""
    connector = DsaDatabase(
        new_client(transport=database.network), url=database.url, token=TOKEN, clock=FixedClock()
    )
    return Outside(
        store=store,
        directory=FileDirectory(DEMO_FILE, clock=FixedClock()),
        channels=(),
        public_url="https://escalate.test",
        mail_domain="escalate.test",
        zone=ZoneInfo("UTC"),
        reporting={"dsa-statement": connector},
    )
