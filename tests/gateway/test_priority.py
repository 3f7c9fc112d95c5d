"""The priority of a case stands on its page, beside the severity."""

from runbooks.library import library
from tests.gateway.world import World
from tests.stores import release

MATRIX = """
priority:
  impact: kind
  urgency: danger
  matrix:
    harassment: {"yes": P2, unknown: P3, "no": P4}
    fraud: {"yes": P1, unknown: P2, "no": P3}
    self-harm: {"yes": P1, unknown: P1, "no": P2}
    violence: {"yes": P1, unknown: P1, "no": P2}
    child-safety: {"yes": P1, unknown: P1, "no": P1}
    other: {"yes": P2, unknown: P3, "no": P5}
  otherwise: P3
"""


async def test_the_case_page_shows_the_priority_of_its_own_runbook(world: World) -> None:
    """A runbook with a matrix shows a priority and its pair; one without shows none."""
    before = await world.case(data={"tags": ["fraud"]})
    source = library()["user-safety-escalation"].replace(b"version: 1.0.0", b"version: 1.1.0")
    source = source.replace(b"\nstages:\n", MATRIX.encode() + b"\nstages:\n", 1)
    await release(world.store, source, await world.clock.now())

    after = await world.case(id="evt-2", subject="R-2", data={"tags": ["fraud"]})

    imani = await world.browser("imani")
    page = await imani.get(f"/cases/{after}")
    assert "Priority P2: kind: fraud, danger: unknown" in page.text
    assert "Severity SEV1" in page.text
    assert "Priority P" not in (await imani.get(f"/cases/{before}")).text
