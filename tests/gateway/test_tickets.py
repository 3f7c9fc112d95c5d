"""Tickets that differ: listed for who answers for it, and left so in their name."""

import httpx

from cases.journal import Kind
from tests.gateway.world import World


async def differs(world: World) -> tuple[str, str]:
    """A case whose ticket was moved elsewhere: its id and number."""
    number = await world.case()
    row = await world.store.cases.by_number(number)
    assert row is not None
    at = await world.clock.now()
    await world.store.ticket_drift.found(
        case=row.id,
        kind="wrong-queue",
        subject="Elsewhere",
        whose="person",
        says="the ticket was moved",
        mend="Move it back.",
        at=at,
    )
    key = f"{row.id}/wrong-queue/Elsewhere"
    await world.store.health.alarm(kind="ticket-drift", key=key, text="t", mend="m", at=at)
    return row.id, number


async def test_a_difference_is_shown_and_left_so_in_somebodys_name(world: World) -> None:
    """The page says what to do; leaving it so is on record, closes the alarm, and stays."""
    case, number = await differs(world)
    imani, tessa = await world.browser("imani"), await world.browser("tessa")

    page = await imani.get("/tickets")
    assert f"Case {number}" in page.text
    assert "wrong queue" in page.text
    assert "Move it back." in page.text
    assert (await tessa.get("/tickets")).status == 404
    (form,) = [each for each in page.forms() if each.action == "/tickets/accept"]
    left = await imani.post(form, reason="theirs now")

    assert "accepted" in left.text
    assert await world.store.health.open_alarms() == []
    entries = await world.store.journal.entries(case, stream="door")
    (entry,) = [each for each in entries if each.kind is Kind.DOOR_TICKET_DIFFERS]
    assert (entry.body["who"], entry.body["reason"]) == ("imani", "theirs now")
    again = await world.store.ticket_drift.found(
        case=case,
        kind="wrong-queue",
        subject="Elsewhere",
        whose="person",
        says="the ticket was moved",
        mend="Move it back.",
        at=await world.clock.now(),
    )
    assert not again, "what was accepted is not told again"


async def test_the_interface_says_the_same(world: World) -> None:
    """JSON for who answers for cases; nothing without a log-in; an unknown one is 404."""
    _, number = await differs(world)
    async with httpx.AsyncClient(base_url=world.url, timeout=30) as http:
        assert (await http.get("/api/tickets/drift")).status_code == 401
        said = {"person": "imani", "password": "demo"}
        token = (await http.post("/api/login", json=said)).json()["token"]
        login = {"Authorization": f"Bearer {token}"}

        (row,) = (await http.get("/api/tickets/drift", headers=login)).json()["drift"]
        assert (row["number"], row["kind"], row["whose"]) == (number, "wrong-queue", "person")
        asked = {"case": number, "kind": "wrong-queue", "subject": "x", "reason": "r"}
        unknown = await http.post("/api/tickets/accept", json=asked, headers=login)
        known = {**asked, "subject": "Elsewhere"}
        done = await http.post("/api/tickets/accept", json=known, headers=login)

    assert (unknown.status_code, done.status_code) == (404, 200)
