"""Exports carry what the case owes after closing, and verify checks it like the case itself."""

import base64
import dataclasses
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from audit.export import gather, write_export
from audit.verdict import Outcome, Verdict
from audit.verify import verify
from cases.acts import Settle
from cases.envelope import Act, Actor, Door, sign_act
from cases.journal import Entry
from cases.receipts import ActReceipt
from cases.receipts import Outcome as Answer
from gateway.temporal_engine import TemporalEngine
from runbooks.plan import Assurance
from store import Store
from tests.audit.casework import (
    MADE_AT,
    PINNED,
    PINNED_LOG,
    ROOT_KEY,
    SEAL,
    Matter,
    Office,
    office,
)
from tests.audit.scenarios import approved
from tests.workflows.world import CERTIFICATE, DOOR, PEOPLE
from workers.engine import Engine
from workflows.messages import ACT_UPDATE, ObligationInput


async def owing(at_work: Office) -> Matter:
    """A closed case whose lessons are followed up and whose recheck is still waiting."""
    case = await approved(at_work)
    engine = TemporalEngine(at_work.client, task_queue=at_work.task_queue)
    keys = await at_work.store.vault.keys(case.handle.id)
    plans = {plan.name: plan for plan in case.request.pathway.after_closing}
    for row in await at_work.store.obligations.by_case(case.handle.id):
        await engine.start_obligation(
            ObligationInput(
                case=row.case,
                number=case.request.number,
                plan=plans[row.name],
                severity=case.request.severity,
                due_at=row.due_at,
                root_key=ROOT_KEY,
                salt=base64.b64encode(keys.salt).decode(),
            )
        )
        await at_work.store.obligations.started(row.key, at=row.recorded_at)
    await settle(at_work, case)
    return case


async def settle(at_work: Office, case: Matter) -> None:
    """The lessons are followed up, by an act that came through a door."""
    (row,) = [
        row
        for row in await at_work.store.obligations.by_case(case.handle.id)
        if row.name == "lessons"
    ]
    at = datetime.now(UTC)
    act = Act(
        act=str(uuid.uuid4()),
        case=row.case,
        actor=Actor(
            person="ines", roles=PEOPLE["ines"], directory_digest="0" * 64, directory_as_of=at
        ),
        role="incident-manager",
        assurance=Assurance.L1,
        door=Door.WEB,
        signed_at=at,
        body=Settle(obligation="lessons", turn=1, answer="done", reference="RETRO-7"),
    )
    envelope = sign_act(act, key=DOOR, certificate=CERTIFICATE)
    await at_work.store.acts.record(
        act_id=act.act, case=row.case, person="ines", verb="settle", sign=lambda _: envelope, at=at
    )
    handle = at_work.client.get_workflow_handle(row.workflow_id)
    receipt: ActReceipt = await handle.execute_update(
        ACT_UPDATE, envelope, result_type=ActReceipt, id=act.act
    )
    assert receipt.outcome is Answer.ACCEPTED, receipt
    await at_work.store.acts.answered(act.act, receipt=receipt, at=at)
    await handle.result()


def failed(verdict: Verdict) -> list[str]:
    """The names of the checks that did not pass."""
    return [check.name for check in verdict.checks if check.outcome is not Outcome.PASS]


async def test_an_export_carries_what_the_case_owes(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """One is settled, the other goes on: the case passes, and both records follow strictly."""
    async with office(engine, store) as at_work:
        case = await owing(at_work)
        export = await at_work.export(case, tmp_path / "export")

    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)

    assert verdict.outcome is Outcome.PASS, verdict.lines()
    assert sorted(path.name for path in (export / "owed").iterdir()) == ["lessons", "recheck-7d"]


async def test_an_obligation_left_out_or_written_otherwise_fails(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """Even when the door's own key has signed the altered export."""
    async with office(engine, store) as at_work:
        case = await owing(at_work)
        await at_work.log()
        record = await gather(case.handle.id, store=store, client=at_work.client)
    lessons, recheck = record.owed
    altered = {
        "left out": (lessons,),
        "history gone": (dataclasses.replace(lessons, runs=()), recheck),
        "answer": (
            dataclasses.replace(lessons, entries=_rewritten(lessons.entries)),
            recheck,
        ),
        "cut": (dataclasses.replace(lessons, entries=lessons.entries[:-1]), recheck),
    }

    verdicts = {}
    for name, owed in altered.items():
        export = write_export(
            dataclasses.replace(record, owed=owed),
            seal=SEAL,
            out=tmp_path / name,
            at=MADE_AT,
            version="test",
        )
        verdicts[name] = await verify(export, pinned=PINNED, logs=PINNED_LOG)

    assert {name: failed(verdict) for name, verdict in verdicts.items()} == {
        "left out": ["owed"],
        "history gone": ["owed", "seals"],
        "answer": ["owed"],
        "cut": ["owed"],
    }
    assert verdicts["history gone"].outcome is Outcome.INCOMPLETE
    assert {verdicts[name].outcome for name in ("left out", "answer", "cut")} == {Outcome.FAIL}


def _rewritten(entries: Sequence[Entry]) -> list[Entry]:
    """The same record with another answer, chained anew."""
    written: list[Entry] = []
    for entry in entries:
        body = {**entry.body}
        if "answer" in body:
            body["answer"] = "dropped"
        previous = written[-1].hash if written else entry.previous
        written.append(entry.model_copy(update={"body": body, "previous": previous}))
    return written
