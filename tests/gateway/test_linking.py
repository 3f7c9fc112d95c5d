"""Links between cases: the same from both ends, seen by those who may, and what they hold back."""

from cases.journal import Kind, Stream
from tests.gateway.world import Browser, World


async def two_cases(world: World) -> tuple[str, str]:
    """Two cases about two reports."""
    return await world.case(), await world.case(id="evt-2", subject="R-2")


async def conflicted(world: World, number: str) -> Browser:
    """Triage has declared a conflict on the case, and sees nothing of it any more."""
    tessa = await world.browser("tessa")
    done = await tessa.act(f"/cases/{number}", "acknowledge", "conflicted", reason="a relative")
    assert "Your act counts." in done.text
    return tessa


async def test_a_link_reads_from_both_ends_and_can_be_taken_away(world: World) -> None:
    """Caused by, from one; the cause of, from the other; gone from both when it is taken away."""
    one, other = await two_cases(world)
    imani = await world.browser("imani")

    done = await imani.act(f"/cases/{one}", "link", "link", number=other, kind="caused-by")
    assert "Your act counts." in done.text
    assert f"Linked: caused by case {other} (open)" in (await imani.get(f"/cases/{one}")).text
    assert f"Linked: the cause of case {one} (open)" in (await imani.get(f"/cases/{other}")).text

    await imani.act(
        f"/cases/{one}", "link", "remove", number=other, kind="caused-by", reason="it was not"
    )
    assert "Linked:" not in (await imani.get(f"/cases/{one}")).text
    assert "Linked:" not in (await imani.get(f"/cases/{other}")).text
    kinds = await world.kinds(one, Stream.CASE)
    assert [kind for kind in kinds if "link" in kind] == [Kind.CASE_LINKED, Kind.CASE_UNLINKED]


async def test_a_case_that_one_may_not_see_cannot_be_named(world: World) -> None:
    """Nor one that does not exist: the two refusals are the same words."""
    one, other = await two_cases(world)
    tessa = await conflicted(world, other)

    for number in (other, "9999"):
        for verb in ("link", "merge"):
            answer = await tessa.api_act(
                one, {"verb": verb, "number": number, "reason": "the same"}
            )
            assert (answer.status_code, answer.json()["error"]) == (403, "no-such-case")


async def test_a_linked_case_is_shown_only_to_whom_it_may_be_shown(world: World) -> None:
    """Page, API and timeline of the one do not even say the number of the other."""
    one, other = await two_cases(world)
    imani = await world.browser("imani")
    await imani.act(f"/cases/{one}", "link", "link", number=other, kind="related")
    tessa = await conflicted(world, other)

    page = (await tessa.get(f"/cases/{one}")).text

    assert f"/cases/{other}" not in page
    assert f"number: {other}" not in page
    assert "about a case that you may not see" in page


async def test_a_case_does_not_end_before_its_sub_cases(world: World) -> None:
    """The door refuses it, on record; a cancelled case can leave them, and says so."""
    one, other = await two_cases(world)
    imani = await world.browser("imani")
    await imani.act(f"/cases/{one}", "link", "link", number=other, kind="sub-case")
    assert f"Linked: a sub-case of case {one}" in (await imani.get(f"/cases/{other}")).text

    refused = await imani.api_act(one, {"verb": "cancel", "reason": "a test"})
    above = await imani.api_act(other, {"verb": "link", "number": one, "kind": "sub-case"})
    left = await imani.api_act(one, {"verb": "cancel", "reason": "a test", "leave_sub_cases": True})

    assert (refused.status_code, refused.json()["error"]) == (403, "sub-cases-open")
    assert (above.status_code, above.json()["error"]) == (403, "no-such-case")
    assert left.json()["outcome"] == "accepted"
    assert Kind.DOOR_ACT_REFUSED in await world.kinds(one, Stream.DOOR)


async def test_a_case_is_cancelled_with_everything_below_it(world: World) -> None:
    """The door names them in the act, the deepest first; nothing the person may not see."""
    one, other = await two_cases(world)
    deep = await world.case(id="evt-3", subject="R-3")
    imani = await world.browser("imani")
    await imani.act(f"/cases/{one}", "link", "link", number=other, kind="sub-case")
    await imani.act(f"/cases/{other}", "link", "link", number=deep, kind="sub-case")
    page = (await imani.get(f"/cases/{one}")).text
    assert "Cancel it and its open sub-cases" in page

    body = {"verb": "cancel", "reason": "a test", "with_sub_cases": True}
    both = await imani.api_act(one, body | {"leave_sub_cases": True})
    done = await imani.api_act(one, body)

    assert (both.status_code, both.json()["error"]) == (403, "sub-cases-open")
    assert done.json()["outcome"] == "accepted"
    view = await world.view(one)
    assert view is not None
    entries = await world.store.journal.entries(view.line.case)
    closing = next(entry for entry in entries if entry.kind is Kind.CASE_CLOSING)
    assert closing.body["sub_cases"] == [deep, other]


async def test_what_one_may_not_see_is_not_cancelled_along(world: World) -> None:
    """A sub-case with whose matter the person has a conflict keeps the case above it."""
    one, other = await two_cases(world)
    imani = await world.browser("imani")
    await imani.act(f"/cases/{one}", "link", "link", number=other, kind="sub-case")
    await imani.api_act(other, {"verb": "raise", "to": "incident-manager", "reason": "mine"})
    out = await imani.api_act(
        other, {"verb": "acknowledge", "stage": "triage", "conflicted": True, "reason": "kin"}
    )

    refused = await imani.api_act(
        one, {"verb": "cancel", "reason": "a test", "with_sub_cases": True}
    )

    assert out.json()["outcome"] == "accepted"
    assert (refused.status_code, refused.json()["error"]) == (403, "sub-cases-open")
