"""A week in the shadow from terminals: released, walked by nobody, ended by the desk, compared."""

import asyncio
import json

import pytest

from cases.journal import Kind, Stream
from cases.report import Source
from gateway.intake import take_in
from runbooks import library
from store import Accepted
from tests.cli.conftest import Installation, Terminal

pytestmark = pytest.mark.timeout(240)

NAME = "user-safety-escalation"


async def in_the_shadow(installation: Installation, petra: Terminal, lena: Terminal) -> None:
    """The default pathway is live no longer: its next version runs in the shadow."""
    folder = installation.folder / "team"
    folder.mkdir()
    text = library()[NAME].decode().replace("version: 1.0.0", "version: 1.1.0")
    (folder / f"{NAME}.yaml").write_text(text)
    asked = ("runbook", "release", NAME, "--shadow")
    live = await petra.run(*asked, "--runbooks", str(folder), code=1)
    assert "backtest" in live.stderr
    await lena.run("runbook", "retire", NAME, "--yes")
    proposed = await petra.run(*asked, "--runbooks", str(folder))
    own = await petra.run(*asked, "--approve", "--yes", code=1)
    approved = await lena.run(*asked, "--approve", "--yes")
    assert f"release {NAME} --shadow --approve" in proposed.stdout
    assert "second person" in own.stderr
    assert "runs in the shadow" in approved.stdout
    listed = await lena.json("runbook", "list", "--runbooks", str(folder))
    assert {row["released"] for row in listed if row["runbook"] == NAME} == {"live (shadow)"}


async def news(installation: Installation, kind: str, subject: str, **data: object) -> str:
    """The desk's own system reports, or says how far it is; the case's number."""
    body = {"id": f"{kind}-{subject}", "source": "desk", "type": kind, "subject": subject}
    taken = await take_in(
        installation.gateway.doors,
        source=Source.STANDARD,
        instance="desk",
        key=f"standard:{kind}-{subject}",
        body=json.dumps({**body, "data": data}).encode(),
    )
    assert isinstance(taken, Accepted)
    return taken.number


async def begun(installation: Installation, number: str) -> None:
    """The case runs, and has said so."""
    async with asyncio.timeout(30):
        while await installation.house.store.views.by_number(number) is None:  # noqa: ASYNC110 - another process's work
            await asyncio.sleep(0.1)


async def test_a_team_begins_in_the_shadow(installation: Installation) -> None:
    """Two people release it; nobody hears of its cases; the desk ends them; the total compares."""
    petra, lena, imani = [await installation.terminal(who) for who in ("petra", "lena", "imani")]
    await in_the_shadow(installation, petra, lena)
    number = await news(installation, "escalate.report.opened", "R-1", about="account-9")
    by_hand = await news(installation, "escalate.report.opened", "R-2")
    for each in (number, by_hand):
        await begun(installation, each)

    assert "Shadow: nothing is sent" in (await imani.run("case", "show", number)).stdout
    assert "Shadow: nothing is sent" in (await imani.run("inbox", "--all")).stdout
    assert "shadow" in (await imani.run("case", "list", "--status", "shadow")).stdout
    explained = await imani.run("case", "explain", number)
    assert explained.stdout.startswith(f"Case {number} (shadow: nothing is sent): ")

    await news(installation, "escalate.report.changed", "R-1", status="solved", tags=["suspended"])
    closed = await imani.until(number, status="closed")
    await imani.run("case", "close", by_hand, "--record", "the desk suspended it")
    said = await imani.until(by_hand, status="closed")
    page = (await imani.run("case", "show", number)).stdout
    total = (await imani.json("runbook", "shadow", NAME, "--since", "2020-01-01"))["totals"]
    shown = (await imani.run("runbook", "shadow")).stdout
    none = (await imani.run("runbook", "shadow", "appeal")).stdout

    assert closed["state"]["closing"]["disposition"] == "ended-outside"
    assert said["comparison"]["today"]["record"] == "the desk suspended it"
    assert "Tagged suspended." in page
    assert "triage, work" in page
    assert (total["cases"], total["ended"]) == (2, 2)
    assert total["by_runbook"] == {f"{NAME} 1.1.0": 2}
    assert "2 shadow cases" in shown
    assert "not reached" in shown
    assert "No case has run in the shadow" in none
    await nothing_left(installation, number)
    await nothing_left(installation, by_hand)


async def nothing_left(installation: Installation, number: str) -> None:
    """No mail, no ticket, no order to a connector, nothing owed; all of it is in the journal."""
    store = installation.house.store
    row = await store.cases.by_number(number)
    assert row is not None
    assert row.shadow
    assert await store.messages.list(case=row.id) == []
    assert await store.notices.by_case(row.id) == []
    assert await store.tickets.of(row.id) is None
    assert await store.obligations.by_case(row.id) == []
    kinds = {entry.kind for entry in await store.journal.entries(row.id, stream=Stream.CASE)}
    assert {Kind.NOTICE_SHADOWED, Kind.TICKET_SHADOWED, Kind.OUTSIDE_ENDED} <= kinds
    assert not {Kind.NOTICE_ORDERED, Kind.NOTICE_ENDED, Kind.TICKET_SYNCED} & kinds
