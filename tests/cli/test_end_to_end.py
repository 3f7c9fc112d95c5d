"""From log-in to the closed case, at five people's terminals, on real servers."""

import re
import stat
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from runbooks import library, load_routing
from runbooks.library import routing
from tests.cli.conftest import Installation
from tests.gateway.test_suppressing import QUIET
from tests.stores import release

pytestmark = pytest.mark.timeout(240)


async def test_a_case_is_opened_worked_on_decided_and_closed_from_terminals(
    installation: Installation,
) -> None:
    """Everything a case needs can be done at the command line, each act in a person's own name."""
    imani, tariq, lena, paula = [
        await installation.terminal(name) for name in ("imani", "tariq", "lena", "paula")
    ]
    number = (await imani.json("case", "open", "--id", "whole-1", "--about", "account-9"))["case"]
    again = await imani.json("case", "open", "--id", "whole-1", "--about", "account-9")
    before = datetime.now(tz=UTC)

    assert again == {"case": number, "id": "whole-1", "known": True}
    mine = (await tariq.json("inbox"))["mine"]
    assert [item["number"] for item in mine] == [number]

    facts = ("danger=no", "kind=fraud", "proposed-action=suspend", "summary=code 17")
    said = await tariq.run("case", "answer", number, *facts)
    assert "Done: " in said.stdout
    await tariq.run("case", "complete", number, "escalate", "--note", "-", stdin="agreed\n")

    await lena.until(number, stage="legal-review")
    decided = await lena.run("case", "decide", number, "approve", "--yes")
    assert "Is the proposed action lawful?" in decided.stderr
    assert "Lawful — " in decided.stderr
    assert "Silence decides nothing" in decided.stderr
    await paula.until(number, stage="policy-sign-off")
    receipt = await paula.json("case", "decide", number, "approve", "--yes")
    assert receipt["outcome"] == "accepted"

    await imani.until(number, stage="closure")
    await imani.run("case", "receipt", number, "apply-action", "done", "--reference", "OPS-7")
    closing = ("--disposition", "actioned", "--record", "-", "--lessons", "none")
    await imani.run("case", "close", number, *closing, stdin="suspended for fraud\n")
    shown = await imani.until(number, status="closed")
    assert shown["state"]["closing"]["record"] == "suspended for fraud"

    then = await imani.json("case", "at", number, before.isoformat())
    assert then["state"]["stage"] == "triage"
    assert then["clocks"][0]["running"]
    changes = (await imani.json("case", "diff", number, before.isoformat()))["changes"]
    by_name = {change["what"]: (change["was"], change["now"]) for change in changes}
    assert by_name["status"] == ("open", "closed")
    assert by_name["round legal-review 1 lena"] == ("", "approve as legal")
    titles = (await imani.run("case", "timeline", number)).stdout
    assert "A verdict was given" in titles
    assert "The case was closed" in titles


async def test_a_refused_act_ends_with_code_1_and_says_why(installation: Installation) -> None:
    """Whoever may not do a thing hears it in a sentence, with what to do."""
    imani, lena = [await installation.terminal(name) for name in ("imani", "lena")]
    number = (await imani.json("case", "open"))["case"]

    refused = await lena.run("case", "complete", number, "escalate", code=1)
    wrong = await imani.run("case", "complete", number, "no-such-outcome", code=1)

    assert "Not done: " in refused.stdout
    assert "Not done: " in wrong.stdout
    nothing = await imani.run("case", "decide", number, "approve", "--yes", code=1)
    assert "no gate at which you can decide" in nothing.stderr


async def test_an_act_sent_twice_counts_once(installation: Installation) -> None:
    """The act id that a lost answer leaves behind may be sent again (I7)."""
    imani = await installation.terminal("imani")
    number = (await imani.json("case", "open"))["case"]
    raised = ("case", "raise", number, "legal", "--reason", "nobody answers")

    first = await imani.json(*raised)
    second = await imani.json(*raised, "--act-id", first["act_id"])

    assert second["receipt"] == first["receipt"]


async def test_a_hold_takes_a_span_and_ends_with_resume(installation: Installation) -> None:
    """`--review-at 2d` is two days from the case's own present."""
    imani = await installation.terminal("imani")
    number = (await imani.json("case", "open"))["case"]

    await imani.run("case", "hold", number, "--review-at", "2d", "--reason", "waits for a court")
    held = await imani.json("case", "show", number)
    await imani.run("case", "resume", number)

    review = datetime.fromisoformat(held["state"]["hold"]["review_at"])
    assert 47 < (review - datetime.now(tz=UTC)).total_seconds() / 3600 < 49
    assert (await imani.json("case", "show", number))["state"]["hold"] is None


async def test_the_log_in_is_kept_where_only_its_owner_can_read_it(
    installation: Installation,
) -> None:
    """The token's file has mode 0600, and a log-out leaves neither file nor session."""
    lena = await installation.terminal("lena")
    file = lena.home / "escalate" / "session.json"
    mode = stat.S_IMODE(file.stat().st_mode)

    await lena.run("logout")

    assert mode == 0o600
    assert not file.exists()
    assert "escalate login" in (await lena.run("inbox", code=1)).stderr


async def test_a_wrong_password_is_refused_and_nothing_is_kept(installation: Installation) -> None:
    """Which of name, password and code was wrong is not said."""
    words = ("login", "lena", "--url", installation.url, "--password-stdin")
    lena = await installation.terminal("lena")
    await lena.run("logout")

    refused = await lena.run(*words, stdin="wrong\n", code=1)

    assert "Name, password or code is wrong." in refused.stderr
    assert not (lena.home / "escalate" / "session.json").exists()


async def test_a_runbook_goes_live_by_two_people(installation: Installation) -> None:
    """Nobody approves what they proposed, or unread; an analyst can do neither."""
    petra, lena, aziz = [await installation.terminal(name) for name in ("petra", "lena", "aziz")]
    folder = installation.folder / "team"
    folder.mkdir()
    shipped = (await petra.run("runbook", "show", "user-safety-escalation", "--json")).stdout
    assert "user-safety-escalation" in shipped
    text = library()["user-safety-escalation"].decode().replace("version: 1.0.0", "version: 1.1.0")
    text = text.replace("within: 8h", "within: 9h")
    (folder / "user-safety-escalation.yaml").write_text(text)
    name = "user-safety-escalation"

    await aziz.run("runbook", "release", name, "--runbooks", str(folder), code=1)
    proposed = await petra.json("runbook", "release", name, "--runbooks", str(folder))
    own = await petra.run("runbook", "release", name, "--approve", "--yes", code=1)
    read = await lena.run("runbook", "release", name, "--approve", code=2)
    compared = await lena.run("runbook", "diff", name, f"{name}@1.1.0", code=1)
    approved = await lena.json("runbook", "release", name, "--approve", "--yes")
    retired = await lena.json("runbook", "retire", name, "--version", "1.0.0", "--yes")

    listed = await lena.json("runbook", "list", "--runbooks", str(folder))
    states = {row["version"]: row["released"] for row in listed if row["runbook"] == name}

    assert states == {"1.1.0": "live"}
    assert proposed["release"]["proposed_by"] == "petra"
    assert "second person" in own.stderr
    for told in (read.stdout, compared.stdout):
        assert "! policy-sign-off: the time was 8 hours, is 9 hours" in told
    assert approved["release"]["live"]
    assert retired["release"]["retired_by"] == "lena"


async def test_dead_letters_are_listed_and_sent_again(installation: Installation) -> None:
    """An incident manager sees every delivery and act, and nothing of what they say."""
    imani, lena = [await installation.terminal(name) for name in ("imani", "lena")]
    await imani.json("case", "open", "--id", "dead-letters-1")

    listed = (await imani.json("deliveries", "list"))["deliveries"]
    key = listed[0]["key"]
    shown = await imani.json("deliveries", "show", key)
    again = await imani.json("deliveries", "redeliver", key, code=1)

    assert key == "api:imani:dead-letters-1"
    assert shown["delivery"]["outcome"] == "started"
    assert shown["delivery"]["detail"].keys() == {"bytes", "settled_at", "next_try"}
    assert (again["key"], again["redelivered"]) == (key, False)
    await lena.run("deliveries", "list", code=1)


async def test_what_rules_hold_back_is_listed_and_let_in(installation: Installation) -> None:
    """Rule by rule: until when, who answers for it, why, where it stands and what it hid."""
    imani, lena = [await installation.terminal(name) for name in ("imani", "lena")]
    await lena.run("case", "suppressed", code=1)
    assert "Nothing is held back." in (await imani.run("case", "suppressed")).stdout
    today = datetime.now(tz=UTC).date().isoformat()
    doors = installation.gateway.doors
    doors.shelf.routing = load_routing(routing() + QUIET.replace("DAY", today).encode(), file="r")
    await imani.run("case", "open", "--tag", "bounce", "--id", "held-back-1")

    listed = (await imani.run("case", "suppressed")).stdout
    (held,) = (await imani.json("case", "suppressed"))["suppressed"]
    number = (await imani.run("case", "release", held["key"])).stdout.strip()

    assert re.search(rf"bounces +until {today} +incident-manager +1 held, 0 let in", listed)
    assert held["key"] in listed
    rules = (await imani.json("case", "suppressed"))["rules"]
    assert [(rule["hides"], rule["released"]) for rule in rules] == [(0, 1)]
    assert number == "1001"


async def test_lists_and_pages_can_be_read(installation: Installation) -> None:
    """What is listed for people names the case, and shows the commands that are open to them."""
    imani, tariq = [await installation.terminal(name) for name in ("imani", "tariq")]
    number = (await imani.run("case", "open")).stdout.strip()

    page = (await imani.run("case", "show", number)).stdout
    inbox = (await tariq.run("inbox")).stdout
    cases = (await imani.run("case", "list")).stdout

    assert f"escalate case complete {number} OUTCOME" in page
    assert "triage target" in page
    assert re.search(rf"^{number} +SEV1", inbox, re.MULTILINE)
    assert number in cases


async def test_a_gate_with_memo_and_second_factor_is_decided_on_what_was_shown(
    installation: Installation,
) -> None:
    """The memo opens the round; the code proves the person; the objection and the way back work."""
    text = (
        library()["user-safety-escalation"]
        .replace(b"version: 1.0.0", b"version: 1.1.0")
        .replace(
            b'    ask: "Is the proposed action lawful?"\n',
            b'    ask: "Is the proposed action lawful?"\n    memo: [facts]\n    assurance: L2\n',
        )
        .replace(b"approve: {legal: 1}", b"approve: {legal: 2}")
    )
    await release(installation.house.store, text, datetime.now(tz=UTC))
    imani, tariq, lena = [
        await installation.terminal(person) for person in ("imani", "tariq", "lena")
    ]
    number = (await imani.json("case", "open"))["case"]
    await tariq.run("case", "complete", number, "escalate")
    await tariq.until(number, stage="legal-review")
    await tariq.run("case", "memo", number, "facts=-", stdin="two reports, code 17\n")

    unproved = await lena.run("case", "decide", number, "approve", "--yes", code=2)
    code = installation.totp("lena")
    decided = await lena.run("case", "decide", number, "approve", "--yes", "--code", code)
    taken_back = await lena.run("case", "withdraw", number, "--yes", "--reason", "read it again")
    objected = await lena.json("case", "dissent", number, "--yes", "--reason", "facts are thin")
    shown = await lena.json("case", "show", number)

    assert "second factor" in unproved.stderr
    assert "facts: two reports, code 17" in decided.stderr
    assert "Done: " in taken_back.stdout
    assert objected["outcome"] == "accepted"
    assert shown["state"]["rounds"][0]["votes"] == []


async def test_how_a_case_is_run_has_a_command_for_each_act(
    installation: Installation, tmp_path: Path
) -> None:
    """Evidence by digest, assignment, severity, "I have it", the answer to a question, the end."""
    imani, tariq, lena = [
        await installation.terminal(person) for person in ("imani", "tariq", "lena")
    ]
    number = (await imani.json("case", "open"))["case"]
    item = tmp_path / "item.txt"
    item.write_bytes(b"code 17")

    kept = ("--label", "chat", "--reference", "vault://17", "--file", str(item))
    await imani.run("case", "evidence", number, *kept)
    await imani.run("case", "assign", number, "triage", "tariq")
    await imani.run("case", "severity", number, "SEV2", "--reason", "a second report")
    await tariq.run("case", "acknowledge", number)
    await tariq.run("case", "complete", number, "escalate")
    await lena.until(number, stage="legal-review")
    asked = ("more-information", "--reason", "which account?")
    await lena.run("case", "decide", number, *asked, "--yes")
    state = (await imani.until(number, stage="triage"))["state"]
    request = state["requests"][0]["id"]
    await tariq.run("case", "reply", number, request, "account-9")
    await imani.run("case", "cancel", number, "--reason", "a test")
    ended = (await imani.until(number, status="cancelled"))["state"]

    assert ended["evidence"][0]["digest"] == sha256(b"code 17").hexdigest()
    assert ended["assignments"] == {"triage": "tariq"}
    assert ended["severity"]["current"] == "SEV2"
    assert ended["requests"][0]["answer"] == "account-9"
    late = await imani.run("case", "raise", number, "legal", "--reason", "too late", code=1)
    assert "Not done: " in late.stdout


async def test_explain_says_why_what_next_and_what_keeps_the_case(
    installation: Installation,
) -> None:
    """Why the case is where it is, who owes what, what the clocks will do, what is stuck."""
    imani, tariq = [await installation.terminal(name) for name in ("imani", "tariq")]
    number = (await imani.json("case", "open"))["case"]
    await tariq.run("case", "complete", number, "escalate")
    await tariq.until(number, stage="legal-review")

    said = await imani.json("case", "explain", number)
    text = (await imani.run("case", "explain", number)).stdout

    assert [item["role"] for item in said["owed"]] == ["legal"]
    assert said["coming"][0]["clock"] == "legal-review target"
    assert said["engine"]["status"] == "running"
    assert said["engine"]["pollers"] >= 1
    assert said["troubles"] == []
    assert "triage: escalate" in text
