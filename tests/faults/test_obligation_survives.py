"""What a case owes survives the processes around it, and is settled while no worker runs."""

from pathlib import Path

from audit.export import codec_of
from audit.histories import fetch
from audit.strict_replay import strict_replay
from cases.obligations.state import ObligationPicture
from cases.receipts import ActReceipt
from store import ObligationRow
from tests.faults.course import canonical
from tests.faults.place import Place, place
from workers.engine import Engine


async def test_what_a_case_owes_survives_worker_and_gateway(
    present: Engine, tmp_path: Path
) -> None:
    """Both are killed when the case has closed; an act signed with no worker settles it later."""
    async with place(tmp_path, engine=present) as made:
        gateway, worker = await made.gateway(), await made.worker()
        try:
            number = await made.opened_case(tags=["fraud"])
            await canonical(made, number, acts=[])
            # The rows follow the closing entries; killed in between, the next worker writes them.
            await recorded(made, number, ("lessons", "recheck-7d"))
            await worker.kill()
            await gateway.kill()
            gateway = await made.gateway()
            row = await started(made, number, "lessons")
            heard = await made.act(
                "imani",
                number,
                verb="settle",
                obligation="lessons",
                turn=1,
                answer="done",
                reference="RETRO-7",
            )
            worker = await made.worker()
            picture = await settled(made, row)
            receipt = await answered(made, heard["act_id"])
        finally:
            await worker.kill()
            await gateway.kill()
        history = await fetch(made.client, row.workflow_id, codec=codec_of(made.client))
        entries = await made.house.store.journal.entries(row.case, stream=row.stream)
        replayed = await strict_replay(history, entries)

    assert heard["outcome"] == "recorded"
    assert [answer.reference for answer in picture.answers] == ["RETRO-7"]
    # The processes here retry faster than the policies say: the journal is what is compared.
    assert replayed.derived == tuple(entries)
    assert receipt.accepted


async def recorded(made: Place, number: str, names: tuple[str, ...]) -> None:
    """What the case owes has its rows."""
    case = await made.case_of(number)

    async def there() -> bool:
        rows = await made.house.store.obligations.by_case(case)
        return sorted(row.name for row in rows) == sorted(names)

    await made.until(there, what=f"case {number} to owe {names}")


async def started(made: Place, number: str, name: str) -> ObligationRow:
    """The obligation, once a gateway has started it."""
    case = await made.case_of(number)

    async def there() -> ObligationRow | None:
        row = await made.house.store.obligations.find(case, name)
        return row if row is not None and row.started_at is not None else None

    return await made.until(there, what=f"{name} of case {number} to be started")


async def settled(made: Place, row: ObligationRow) -> ObligationPicture:
    """Its picture, once nothing of it is owed any more and its history has ended."""
    await made.client.get_workflow_handle(row.workflow_id).result()

    async def there() -> ObligationPicture | None:
        picture = await made.house.store.obligations.picture(row.case, row.name)
        return picture if picture is not None and not picture.open else None

    return await made.until(there, what=f"{row.name} to be settled")


async def answered(made: Place, act_id: str) -> ActReceipt:
    """What the act was answered, once the gateway has heard and kept it."""

    async def there() -> ActReceipt | None:
        return await made.house.store.acts.receipt(act_id)

    return await made.until(there, what="the act to be answered")
