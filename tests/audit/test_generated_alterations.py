"""Whatever is altered in a history, verifying finds it and says where."""

import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from audit.export import CaseRecord, gather, write_export
from audit.verdict import Outcome, Verdict
from audit.verify import verify
from store import DEMO_KEK, Store
from tests.audit.casework import MADE_AT, PINNED, PINNED_LOG, SEAL, office
from tests.audit.generated_alterations import (
    Alteration,
    alterations,
    clearings,
    new_to,
    spread,
)
from tests.audit.scenarios import eventful
from tests.stores import empty_store
from workers.engine import Engine

MOST = int(os.environ.get("ESCALATE_ALTERATIONS", "60"))
"""How many are tried; the acceptance run tries every one."""


@pytest.fixture(scope="module")
async def another(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[CaseRecord]:
    """A case of several runs, in which more has happened than in the canonical one."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('eventful') / 'store.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as store, office(engine, store) as at_work:
        case = await eventful(at_work)
        await at_work.log()
        yield await gather(case.handle.id, store=store, client=at_work.client)


@pytest.mark.timeout(7200)
async def test_every_generated_alteration_is_caught_and_located(
    record: CaseRecord,
    another: CaseRecord,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Every event kind times every field class, and what may be done to the order of events."""
    both = {"canonical": record, "eventful": another}
    every = _every(both)
    tried = spread([each for _, each in every], MOST)
    of = {id(each): name for name, each in every}
    missed: list[str] = []
    elsewhere: list[str] = []

    for name, untouched in both.items():
        said = await _verdict(untouched, tmp_path / name)
        assert said.outcome is Outcome.PASS, said.lines()
    for number, each in enumerate(tried):
        whole = both[of[id(each)]]
        altered = replace(whole, history=each.of(whole.history))
        verdict = await _verdict(altered, tmp_path / str(number))
        if verdict.outcome is not Outcome.FAIL:
            missed.append(each.name)
        elif not _located(verdict, each, run=whole.history.runs[each.run].run):
            elsewhere.append(f"{each.name}: {verdict.lines()}")

    record_property("alterations", len(tried))
    record_property("possible", len(every))
    record_property("sorts", len({each.sort for each in tried}))
    record_property("missed", len(missed))
    assert not missed, missed
    assert not elsewhere, elsewhere[:20]


def _every(records: Mapping[str, CaseRecord]) -> list[tuple[str, Alteration]]:
    """All of the first history's; of each further one, and of clearings, what is new in kind."""
    found: list[tuple[str, Alteration]] = []
    for name, record in records.items():
        made = list(alterations(record.history))
        known = [each for _, each in found]
        fresh = new_to(made, known) if known else made
        cleared = new_to(clearings(record.history), [*known, *fresh])
        found += [(name, each) for each in (*fresh, *cleared)]
    return found


async def _verdict(record: CaseRecord, out: Path) -> Verdict:
    write_export(record, seal=SEAL, out=out, at=MADE_AT, version="test")
    return await verify(out, pinned=PINNED, logs=PINNED_LOG)


def _located(verdict: Verdict, alteration: Alteration, *, run: str) -> bool:
    """Whether a reason names the event, or the one that came to stand in its place."""
    reasons = [reason for check in verdict.checks for reason in check.reasons]
    if alteration.event_id == 1 and any(
        "does not begin with its start" in each for each in reasons
    ):
        return True
    places = [
        int(found)
        for reason in reasons
        # A reason that names a run speaks of no other.
        if run in reason or not re.match(r"run [0-9a-f-]{36} ", reason)
        for found in re.findall(r"events? (\d+)", reason)
    ]
    return any(0 <= place - alteration.event_id <= 1 for place in places)
