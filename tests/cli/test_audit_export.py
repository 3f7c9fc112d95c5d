"""`escalate audit export` writes what it was asked for, once, and says what it cannot do."""

import json
from pathlib import Path
from typing import Any

import pytest
from prov.model import ProvDocument

from cases.canonical import canonical
from tests.cli.test_log import Desk, desk, run

__all__ = ["desk"]


async def test_the_journal_is_written_for_other_tools(desk: Desk, tmp_path: Path) -> None:
    """On stdout or into a new file, with no engine running; never over a file that is there."""
    number = desk.answer.number
    await desk.grows()

    events = [
        json.loads(line)
        for line in (await run("audit", "export", number, "--format", "ocsf")).splitlines()
    ]
    prov = await run("audit", "export", number, "--format", "prov")
    out = str(tmp_path / "case.csv")
    await run("audit", "export", number, "--format", "csv", "--out", out)
    lines = (await run("audit", "export", number, "--format", "jsonl")).splitlines()

    assert [event["class_uid"] for event in events] == [6003] * 2
    assert ProvDocument.deserialize(content=prov, format="json").get_records()
    assert Path(out).read_text().splitlines()[0].startswith("at,stream,branch,sequence,kind")
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2]
    await run("audit", "export", number, "--format", "csv", "--out", out, code=1)


async def test_redactions_hold_for_every_format(desk: Desk, tmp_path: Path) -> None:
    """A file names what this reader may not see; one that cannot be read is a wrong use."""
    number = desk.answer.number
    await desk.grows()
    hidden: dict[str, Any] = {
        "fields": [
            {
                "stream": "door",
                "branch": "main",
                "sequence": 2,
                "path": "body.by",
                "ground": "privacy",
                "by": "dpo",
            }
        ]
    }
    (tmp_path / "hidden.json").write_bytes(canonical(hidden))
    (tmp_path / "broken.json").write_text('{"fields": 1, "fields": 2}')
    words = ("audit", "export", number, "--format", "jsonl", "--redactions")

    told = await run(*words, str(tmp_path / "hidden.json"))

    last = json.loads(told.splitlines()[-1])
    assert (last["held_back"], "by" in last["body"]) == (["body.by"], False)
    await run(*words, str(tmp_path / "broken.json"), code=2)


@pytest.mark.parametrize(
    "words, code",
    [
        (("1001",), 2),
        (("1001", "--format", "csv", "--tar"), 2),
        (("9999", "--format", "csv"), 1),
        (("1001", "--format", "xml"), 2),
    ],
)
async def test_what_makes_no_sense_is_refused(
    words: tuple[str, ...], code: int, desk: Desk
) -> None:
    """No place for a folder, two shapes at once, no such case, no such format."""
    assert desk.answer.number == "1001"
    await run("audit", "export", *words, code=code)
