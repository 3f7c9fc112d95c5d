"""The form asks what is to be asked now, and shows what follows once it is answered."""

from runbooks.library import library
from tests.gateway.world import World
from tests.stores import release

MORE = b"""
  amount: {ask: "How much was lost?", answer: number, asked-if: {kind: fraud}}
  insurer: {ask: "Who insures it?", answer: reference, asked-if: {amount: {above: 1000}}}
"""


async def test_a_form_shows_the_questions_that_are_asked(world: World) -> None:
    """A prefilled answer asks for the amount, the amount for the insurer; another kind for none."""
    source = library()["user-safety-escalation"].replace(b"version: 1.0.0", b"version: 1.1.0")
    source = source.replace(b"\nseverity:\n", MORE + b"\nseverity:\n", 1)
    await release(world.store, source, await world.clock.now())
    number = await world.case(data={"tags": ["fraud"]})
    other = await world.case(id="evt-2", subject="R-2", data={"tags": ["harassment"]})
    imani = await world.browser("imani")

    first = (await imani.get(f"/cases/{number}")).form("answer")
    await imani.act(f"/cases/{number}", "answer", q__amount="5000")
    second = (await imani.get(f"/cases/{number}")).form("answer")
    without = (await imani.get(f"/cases/{other}")).form("answer")

    assert "q.amount" in first.fields
    assert "q.insurer" not in first.fields
    assert "q.insurer" in second.fields
    assert "q.amount" not in without.fields
