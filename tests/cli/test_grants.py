"""Asking to read a case, and answering that, from terminals of two people on real servers."""

import pytest

from tests.cli.conftest import Installation

pytestmark = pytest.mark.timeout(240)
WHY = "the same accounts as in another case"


async def test_a_case_is_asked_for_granted_read_and_taken_back_from_terminals(
    installation: Installation,
) -> None:
    """What one asks the other answers, in words and as JSON; a refusal is exit code 1."""
    samir, imani = await installation.terminal("samir"), await installation.terminal("imani")
    tariq = await installation.terminal("tariq")
    opened = await samir.json("case", "open", "--id", "grants-1", "--tag", "child-safety")
    number = opened["case"]
    # What has not come to its first entry yet is asked for like a case that there is not.
    await imani.until(number, stage="classification")

    refused = await tariq.run("case", "show", number, code=1)
    asked = await tariq.json("access", "ask", number, "--reason", WHY, "--for", "4h")
    absent = await tariq.run("access", "ask", "9999", "--reason", WHY)
    assert "escalate access ask" in refused.stderr
    assert (asked["state"], asked["minutes"], asked["mine"]) == ("asked", 240, True)
    assert "It waits for an answer until" in absent.stdout

    (waits,) = (await imani.json("access", "requests"))["requests"]
    assert (waits["id"], waits["person"], waits["asks"]) == (asked["id"], "tariq", WHY)
    listed = (await imani.run("access", "requests")).stdout
    assert "waits for an answer" in listed
    assert "asks to read it" in (await imani.run("inbox")).stdout
    given = await imani.run("access", "grant", asked["id"], "--for", "2h", "--reason", "until noon")
    assert f"tariq can read case {number} until" in given.stdout

    shown = await tariq.json("case", "show", number)
    assert (shown["number"], shown["allowed"]) == (number, [])
    explained = (await imani.run("case", "explain", number)).stdout
    assert "let by imani" in explained
    over = await imani.run("access", "revoke", asked["id"], "--reason", "it is past noon")
    assert "does not read case" in over.stdout
    await tariq.run("case", "show", number, code=1)
    log = await imani.json("access", "log", number)
    assert {each["kind"] for each in log["entries"]} >= {
        "access:grant:asked",
        "access:grant:given",
        "access:grant:ended",
    }

    second = await tariq.json("access", "ask", number, "--reason", WHY)
    said = await imani.json("access", "refuse", second["id"], "--reason", "read case 7 instead")
    mine = (await tariq.json("access", "requests"))["requests"]
    assert said["state"] == "refused"
    assert [(each["number"], each["state"], each["says"]) for each in mine] == [
        (number, "refused", "read case 7 instead"),
        ("9999", "asked", ""),
        (number, "over", "until noon; it is past noon"),
    ]
    own = await tariq.run("access", "grant", mine[1]["id"], code=1)
    assert "Nobody answers their own request" in own.stderr


async def test_what_is_typed_wrongly_is_said_before_anything_is_asked(
    installation: Installation,
) -> None:
    """No reason, and a time that is none."""
    tariq = await installation.terminal("tariq")

    silent = await tariq.run("access", "ask", "1042", code=2)
    odd = await tariq.run("access", "ask", "1042", "--reason", WHY, "--for", "90s", code=2)
    long = await tariq.run("access", "ask", "1042", "--reason", WHY, "--for", "8d", code=1)

    assert "the reason is missing" in silent.stderr
    assert "not whole minutes" in odd.stderr
    assert "longer than anybody is let in for" in long.stderr
    assert (await tariq.json("access", "requests"))["requests"] == []
