"""Every `escalate` command in README and docs is one that the command line takes."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "SECURITY.md", *(ROOT / "docs").glob("*.md")])
FENCE = re.compile(r"^```(\S*)([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(escalate [^`]+)`")
CALL = re.compile(r"(?:^|\s)(?:\.venv/bin/)?escalate (.*)")


def calls() -> list[tuple[str, str]]:
    """(page, what follows the word escalate) of every command in a block or a line of text."""
    found: list[tuple[str, str]] = []
    for page in PAGES:
        text = page.read_text()
        for language, _, block in FENCE.findall(text):
            if language == "sh":
                found += [
                    (page.name, match[1])
                    for line in block.splitlines()
                    if (match := CALL.search(line.split("  #")[0]))
                ]
        prose = FENCE.sub("", text)
        found += [
            (page.name, inline.removeprefix("escalate ").replace("…", ""))
            for inline in INLINE.findall(prose)
        ]
    return found


@pytest.mark.parametrize("page,call", calls())
def test_a_command_of_the_documentation_exists(page: str, call: str) -> None:
    """Its words lead to a command, and its options are that command's."""
    words = shlex.split(re.split(r" [|>&]", call)[0])
    command = typer.main.get_command(app)
    context = command.make_context("escalate", [], resilient_parsing=True)
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        _, found, words = command.resolve_command(context, words)
        assert found is not None, f"{page}: escalate {call}"
        command = found

    # Unknown options and words too many raise; what is only shown in part is not asked for.
    command.make_parser(context).parse_args(list(words))


def test_runnable_blocks_are_marked() -> None:
    """`make newcomer` runs what is marked `run`; the marks are of two kinds."""
    marks = {
        (language, mark.strip())
        for page in PAGES
        for language, mark, _ in FENCE.findall(page.read_text())
        if language == "sh"
    }

    assert marks <= {("sh", "run"), ("sh", "no-run"), ("sh", "")}
