"""Whatever is altered in a history, verifying finds it and says where."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audit.export import CaseRecord, write_export
from audit.verdict import Outcome
from audit.verify import verify
from tests.audit.casework import MADE_AT, PINNED, PINNED_LOG, SEAL
from tests.audit.generated_alterations import alterations, spread

MOST = int(os.environ.get("ESCALATE_ALTERATIONS", "60"))
"""How many are tried; the acceptance run tries every one."""


@pytest.mark.timeout(3600)
async def test_every_generated_alteration_is_caught_and_located(
    record: CaseRecord, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Every event kind times every field class, and what may be done to the order of events."""
    every = list(alterations(record.history))
    tried = spread(every, MOST)
    missed: list[str] = []
    elsewhere: list[str] = []

    for number, each in enumerate(tried):
        altered = replace(record, history=each.of(record.history))
        out = write_export(
            altered, seal=SEAL, out=tmp_path / str(number), at=MADE_AT, version="test"
        )
        verdict = await verify(out, pinned=PINNED, logs=PINNED_LOG)
        if verdict.outcome is not Outcome.FAIL:
            missed.append(each.name)
            continue
        said = " ".join(reason for check in verdict.checks for reason in check.reasons)
        if each.event_id == 1 and "does not begin with its start" in said:
            continue
        places = [int(found) for found in re.findall(r"events? (\d+)", said)]
        if not any(0 <= place - each.event_id <= 1 for place in places):
            elsewhere.append(f"{each.name}: {said}")

    record_property("alterations", len(tried))
    record_property("possible", len(every))
    assert not missed, missed
    assert not elsewhere, elsewhere[:20]
