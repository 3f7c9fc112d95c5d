"""`escalate audit export` writes what it was asked for, once, and says what it cannot do."""

import json
from pathlib import Path

import pytest
from prov.model import ProvDocument

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
    # That the journal was handed out three times before stands in it.
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2, 3, 4, 5]
    await run("audit", "export", number, "--format", "csv", "--out", out, code=1)


async def test_what_a_reader_may_not_see_is_in_no_format(desk: Desk) -> None:
    """A role gets what its row of the readers' table says; a stranger gets nothing."""
    number = desk.answer.number
    await desk.grows()
    words = ("audit", "export", number, "--format", "jsonl", "--for")

    told = [json.loads(line) for line in (await run(*words, "regulator")).splitlines()]
    again = [
        json.loads(line)
        for line in (await run("audit", "export", number, "--format", "jsonl")).splitlines()
    ]

    assert any(item["held_back"] for item in told)
    assert not any(item["held_back"] for item in again)
    assert [item["kind"] for item in again][-1] == "door:export:made"
    await run(*words, "nobody-here", code=1)


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
