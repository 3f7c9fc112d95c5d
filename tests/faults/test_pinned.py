"""A new version is released while a case runs: the case goes on as it began (I2)."""

import re
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from cases.state import CasePicture
from runbooks import library, load_runbook
from tests.faults.course import canonical, decided, manual, step
from tests.faults.place import Place, place
from tests.stores import release
from workers.engine import Engine
from workers.processes import running_gateway, running_worker

NAME = "user-safety-escalation"
STAGE = re.compile(rb"  - stage: policy-sign-off\n.*?(?=\n  - stage: )", re.DOTALL)
CHANGES = (
    (b"version: 1.0.0", b"version: 2.0.0"),
    (b'"unknown"]}, is: SEV1', b'"unknown"]}, is: SEV2'),
    (b"approve: {legal: 1}", b"approve: {legal: 2}"),
    (
        b"{approved: policy-sign-off, rejected: closure",
        b"{approved: {do: [apply-action], then: closure}, rejected: closure",
    ),
)
"""Another table, another gate, another way: Legal says it twice, and Policy is not asked."""


def newer() -> bytes:
    """The shipped runbook with every change made."""
    text = library()[NAME]
    for old, new in CHANGES:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return STAGE.sub(b"", text, count=1)


async def open_here(made: Place) -> str:
    """The number of a new case that has reached triage."""
    number = await made.opened_case(tags=["fraud"])
    await made.at(number, stage="triage")
    await made.quiet(number)
    return number


async def answered(made: Place, number: str) -> CasePicture:
    """The table has judged that a danger cannot be ruled out."""
    await step(made, number, [], "tessa", verb="answer", answers={"danger": "unknown"})

    async def judged() -> CasePicture | None:
        view = await made.view(number)
        if view is None:
            return None
        seen = CasePicture.of(view.state)
        return seen if "danger" in seen.answers and not seen.reassess else None

    return await made.until(judged, what=f"the severity of case {number}")


async def lived(made: Place, number: str) -> tuple[CasePicture, str]:
    """How a case that has closed went, and which version its journal says it walked."""
    view = await made.at(number, status="closed")
    (opened, *_) = await made.entries(number)
    return CasePicture.of(view.state), str(opened.body["runbook"])


async def test_a_running_case_keeps_its_rules_and_the_next_one_walks_the_new(
    present: Engine, tmp_path: Path
) -> None:
    """Stages, gates and table are those of its beginning until it closes, whoever restarts.

    Worker and gateway start anew after the release, so nothing that they had read is left.
    """
    async with place(tmp_path, engine=present) as made:
        async with AsyncExitStack() as before:
            await before.enter_async_context(running_gateway(made.house, present.address))
            await before.enter_async_context(
                running_worker(made.house, present.address, client=made.client)
            )
            first = await open_here(made)
        await release(made.house.store, newer(), datetime.now(UTC))
        async with (
            running_gateway(made.house, present.address),
            running_worker(made.house, present.address, client=made.client),
        ):
            second = await open_here(made)
            old = await answered(made, first)
            new = await answered(made, second)

            await canonical(made, first, acts=[])
            acts: list[str] = []
            await step(
                made, second, acts, "tessa", verb="complete", stage="triage", outcome="escalate"
            )
            await decided(made, second, "legal-review", "lena", acts=acts)
            await decided(made, second, "legal-review", "luca", acts=acts)
            effect = await manual(made, second)
            await step(
                made,
                second,
                acts,
                "imani",
                verb="receipt",
                effect=effect,
                resolution="done",
                reference="console-change-2",
            )
            await step(
                made, second, acts, "imani", verb="close", disposition="actioned", record="F. R."
            )
            kept, kept_version = await lived(made, first)
            walked, walked_version = await lived(made, second)

    assert (old.severity.current, new.severity.current) == ("SEV1", "SEV2")
    assert (kept_version, walked_version) == (f"{NAME} 1.0.0", f"{NAME} 2.0.0")
    assert kept.digest == load_runbook(library()[NAME], file="old").digest
    assert walked.digest == load_runbook(newer(), file="new").digest
    assert [visit.stage for visit in kept.visits] == [
        "triage",
        "legal-review",
        "policy-sign-off",
        "closure",
    ]
    assert [visit.stage for visit in walked.visits] == ["triage", "legal-review", "closure"]
    assert kept.rounds[0].approve == {"legal": 1}
    assert walked.rounds[0].approve == {"legal": 2}
