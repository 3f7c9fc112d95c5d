"""Running cases are moved to another version from two terminals, on real servers (I2)."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Installation, Terminal
from tests.workflows.runbooks import TWO_LAWYERS

pytestmark = pytest.mark.timeout(240)

NAME = "user-safety-escalation"
TO = ("runbook", "migrate", NAME, "--to", "1.1.0")


async def released(imani: Terminal, ivar: Terminal, folder: Path) -> None:
    """The next version is live: one person proposed it, another approved it."""
    (folder / f"{NAME}.yaml").write_bytes(TWO_LAWYERS)
    await imani.run("runbook", "release", NAME, "--runbooks", str(folder))
    await ivar.run("runbook", "release", NAME, "--approve", "--yes")


async def opened(imani: Terminal, *names: str) -> list[str]:
    """The numbers of new cases."""
    return [(await imani.json("case", "open", "--id", name))["case"] for name in names]


def by_number(answer: Any) -> dict[str, Any]:
    """The cases of an answer."""
    return {each["number"]: each for each in answer["cases"]}


async def test_cases_are_previewed_asked_for_agreed_to_and_taken_back(
    installation: Installation, tmp_path: Path
) -> None:
    """Two people move what they have seen; one person takes a case back; its code walk is left."""
    imani, ivar, tariq, lena = [
        await installation.terminal(name) for name in ("imani", "ivar", "tariq", "lena")
    ]
    first, second, other = await opened(imani, "m-1", "m-2", "m-3")
    facts = ("danger=no", "kind=fraud", "proposed-action=suspend", "summary=code 17")
    await tariq.run("case", "answer", first, *facts)
    await tariq.run("case", "complete", first, "escalate", "--note", "agreed")
    await lena.until(first, stage="legal-review")
    await released(imani, ivar, tmp_path)

    preview = await imani.json(*TO)
    seen = by_number(preview)
    assert sorted(seen) == sorted([first, second, other])
    assert seen[first]["asked_again"] == ["legal-review"]
    assert [clock["clock"] for clock in seen[first]["clocks"]] == ["legal-review#1"]
    assert seen[second]["clocks"] == []
    assert any("legal" in change for change in preview["changes"]["1.0.0"])
    page = (await imani.run(*TO)).stdout
    assert "1.0.0 → 1.1.0" in page
    assert "Asked again: legal-review" in page

    these = ("--case", first, "--case", second)
    nobody = await ivar.run(*TO, "--approve", "--yes", code=1)
    assert "nobody else has asked for it" in nobody.stderr
    await imani.run(*TO, *these, "--propose", "-m", "two lawyers", "--yes")
    refused = await imani.json(*TO, "--approve", "--yes", code=1)
    assert {each["reason"] for each in refused["cases"]} == {"same-person"}
    answered = await ivar.json(*TO, "--approve", "--yes")
    assert {each["number"]: each["outcome"] for each in answered["cases"]} == {
        first: "accepted",
        second: "accepted",
    }
    await imani.until(first, version="1.1.0")
    await imani.until(second, version="1.1.0")
    await imani.until(other, version="1.0.0")

    back = ("runbook", "migrate", NAME, "--to", "1.0.0")
    await ivar.run(*back, "--case", second, "--back", "-m", "not this one", "--yes")
    await imani.until(second, version="1.0.0")
    await lena.run("case", "decide", first, "approve", "--yes")
    shown = await lena.json("case", "show", first)
    assert shown["state"]["stage"] == "legal-review"


async def test_what_is_not_there_is_said(installation: Installation, tmp_path: Path) -> None:
    """An unknown version, a case of another runbook, and two steps at once end the command."""
    imani, ivar, lena = [await installation.terminal(name) for name in ("imani", "ivar", "lena")]
    await opened(imani, "m-4")

    unknown = await imani.run("runbook", "migrate", NAME, "--to", "9.9.9", code=1)
    assert "No live release of the runbook has that version" in unknown.stderr
    await released(imani, ivar, tmp_path)
    missing = await imani.run(*TO, "--case", "9999", code=1)
    assert "No running case 9999" in missing.stderr
    await imani.run(*TO, "--propose", "--approve", code=2)
    assert "role" in (await lena.run(*TO, code=1)).stderr
