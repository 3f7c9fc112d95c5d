"""One order over many cases from a terminal, on real servers."""

import pytest

from tests.cli.conftest import Installation

pytestmark = pytest.mark.timeout(240)


async def test_many_cases_are_held_and_brought_back_from_a_terminal(
    installation: Installation,
) -> None:
    """Previewed, ordered, watched until each has answered, and undone; a refusal is exit code 1."""
    imani = await installation.terminal("imani")
    numbers = [(await imani.json("case", "open", "--id", f"bulk-{each}"))["case"] for each in "123"]
    for number in numbers:
        await imani.until(number, stage="triage")
    cases = [word for number in numbers for word in ("--case", number)]
    hold = ("hold", *cases, "--review-at", "2d", "--reason", "one wave")

    plan = await imani.json("case", "bulk", "preview", *hold)
    text = (await imani.run("case", "bulk", "preview", *hold)).stdout
    unasked = await imani.run("case", "bulk", "run", *hold, stdin="n\n", code=1)
    order = await imani.json("case", "bulk", "run", *hold, "--yes")

    assert (plan["willing"], plan["refused"]) == (3, 0)
    assert "3 would take it, 0 would be left out." in text
    assert "Nothing was ordered." in unasked.stderr
    assert order["outcomes"] == {"accepted": 3}
    for number in numbers:
        await imani.until(number, status="held")
    told = (await imani.run("case", "timeline", numbers[0])).stdout
    assert f"bulk {order['order']} · of 3" in told
    listed = (await imani.json("case", "bulk", "list"))["orders"]
    assert [each["answered"] for each in listed] == [3]
    shown = (await imani.run("case", "bulk", "show", str(order["order"]))).stdout
    assert "3 of 3 answered" in shown

    held = await imani.json("case", "bulk", "preview", "resume", "--held")
    again = await imani.run("case", "bulk", "run", *hold, "--yes", code=1)
    back = await imani.json("case", "bulk", "undo", str(order["order"]), "--yes")

    assert sorted(each["number"] for each in held["cases"]) == sorted(numbers)
    assert "nothing was ordered" in again.stderr
    assert back["outcomes"] == {"accepted": 3}
    for number in numbers:
        await imani.until(number, status="open")


async def test_what_is_said_wrongly_is_said_before_anything_is_sent(
    installation: Installation,
) -> None:
    """A verb that cannot be ordered for many, a missing option, no choice of cases."""
    imani = await installation.terminal("imani")

    await imani.run("case", "bulk", "run", "decide", "--held", code=2)
    await imani.run("case", "bulk", "preview", "severity", "--held", "-m", "calmer", code=2)
    everything = await imani.run("case", "bulk", "preview", "resume", code=1)

    assert "nothing chosen" in everything.stderr
