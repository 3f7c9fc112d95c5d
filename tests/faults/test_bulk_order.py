"""An order over many cases whose worker and gateway are killed in the middle: each case answers."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cases.journal import Kind
from tests.faults.place import Place, place
from workers.engine import Engine

FEW = 20
MANY = 500
"""As many as the issue asks for; `make test` takes few, which is the same way through."""
_AT_ONCE = 10
_PATIENCE = 2400.0


@pytest.fixture
async def house(present: Engine, tmp_path: Path) -> AsyncIterator[Place]:
    """An installation in which one person orders five hundred cases."""
    cap = {"ESCALATE_GATEWAY__BULK_CAP": str(MANY)}
    async with place(tmp_path, engine=present, environ=cap) as made:
        yield made


async def test_a_few_cases_survive_a_crash_in_the_middle(house: Place) -> None:
    """Both processes die while some cases have answered and others have not."""
    seen, wrong = await crashed_in_the_middle(house, FEW)

    assert wrong == []
    assert 0 < seen < FEW


@pytest.mark.faults
@pytest.mark.timeout(3000)
async def test_five_hundred_cases_survive_a_crash_in_the_middle(
    house: Place, record_property: Callable[[str, object], None]
) -> None:
    """And each of them has its own result."""
    seen, wrong = await crashed_in_the_middle(house, MANY)

    record_property("answered_at_the_crash", seen)
    assert wrong == []
    assert 0 < seen < MANY


async def crashed_in_the_middle(house: Place, count: int) -> tuple[int, list[str]]:
    """How many cases had answered when both died, and what was wrong in the end."""
    gateway, worker = await house.gateway(), await house.worker()
    try:
        numbers = await opened(house, count)
        headers = {"authorization": f"Bearer {await house.token('imani')}"}
        content = {
            "id": str(uuid.uuid4()),
            "wish": {
                "verb": "hold",
                "reason": "one and the same wave",
                "review_at": (datetime.now(UTC) + timedelta(days=2)).isoformat(),
            },
            "numbers": numbers,
        }
        answer = await house.http.post(
            "/api/bulk", json=content, headers=headers, timeout=_PATIENCE
        )
        answer.raise_for_status()
        order = int(answer.json()["order"])
        seen = await half_way(house, order, count)
        await asyncio.gather(gateway.kill(), worker.kill())
        gateway, worker = await house.gateway(), await house.worker()

        async def everyone() -> dict[str, Any] | None:
            said: dict[str, Any] = await house.get("imani", f"/api/bulk/{order}")
            return said if said["answered"] == count else None

        said = await house.until(everyone, seconds=_PATIENCE, what="every case to answer")
        # The same order once more: a person whose connection broke sends it again.
        again = await house.http.post("/api/bulk", json=content, headers=headers, timeout=_PATIENCE)
        wrong = [] if again.json()["order"] == order else ["sent again it was another order"]
        wrong += [
            f"case {item['number']}: {item['result']} {item['reason']}"
            for item in said["items"]
            if item["result"] != "accepted"
        ]
        if [item["number"] for item in said["items"]] != numbers:
            wrong.append("not the cases that were named")
        for number in numbers:
            await house.at(number, status="held")
            held = [each for each in await house.entries(number) if each.kind is Kind.HELD]
            if len(held) != 1:
                wrong.append(f"case {number} was put on hold {len(held)} times")
        return seen, wrong
    finally:
        await gateway.kill()
        await worker.kill()


async def opened(house: Place, count: int) -> list[str]:
    """The numbers of so many cases, each in its first stage."""
    numbers: list[str] = []
    while len(numbers) < count:
        together = range(min(_AT_ONCE, count - len(numbers)))
        numbers += await asyncio.gather(*(house.opened_case() for _ in together))
    for number in numbers:
        await house.at(number, status="open", stage="triage", seconds=_PATIENCE)
    return numbers


async def half_way(house: Place, order: int, count: int) -> int:
    """How many cases have answered: some of them, and not all."""

    async def some() -> int | None:
        # Out of the store itself: an HTTP request would let more of them pass meanwhile.
        row = await house.house.store.bulk_orders.find(order)
        return row.answered if row is not None and row.answered else None

    answered = await house.until(some, seconds=_PATIENCE, what="the first answers")
    assert answered <= count
    return answered
