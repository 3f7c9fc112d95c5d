"""The newcomer's path runs what a document tells its reader to type."""

import os
from pathlib import Path

from bench.newcomer import Block, blocks_of, clean, run

DOCUMENT = """\
# A sample

```sh
echo first > made
```

Some prose, and what is seen:

```console
$ cat made
first
$ test -f made
```

```yaml
runbook: not-a-command
```

1. A list
   ```sh
   echo indented
   ```

```sh no-run
rm -rf everything
```

```sh background
sleep 300
```

```sh
exit 3
```
"""


def test_commands_are_found_and_everything_else_is_left_alone() -> None:
    """`sh` whole, `console` after its prompt; other languages are not commands."""
    found = blocks_of(DOCUMENT, document="sample.md")

    assert [(block.line, block.script) for block in found] == [
        (3, "echo first > made"),
        (9, "cat made\ntest -f made"),
        (20, "echo indented"),
        (24, "rm -rf everything"),
        (28, "sleep 300"),
        (32, "exit 3"),
    ]
    assert found[3].marks == {"no-run"}


def test_blocks_run_in_order_and_failures_are_told(tmp_path: Path) -> None:
    """What is marked is listed or left running, what fails is shown."""
    blocks = blocks_of(DOCUMENT, document="sample.md")

    ran = list(run(blocks, folder=tmp_path, environ=dict(os.environ)))

    assert [each.ended for each in ran] == [
        "ran",
        "ran",
        "ran",
        "not run",
        "started",
        "failed",
    ]
    assert (tmp_path / "made").read_text() == "first\n"


def test_the_newcomer_brings_no_settings(tmp_path: Path) -> None:
    """A clean clone is not helped by what its author has set up."""
    environ = {"ESCALATE_HOME": "x", "VIRTUAL_ENV": "y", "PATH": "/a/.venv/bin:/usr/bin"}

    seen = clean(environ, folder=tmp_path / "clone")

    assert "ESCALATE_HOME" not in seen
    assert seen["PATH"] == f"{tmp_path}/clone/.venv/bin:/usr/bin"


def test_a_failing_command_in_the_middle_fails_its_block(tmp_path: Path) -> None:
    """A reader would stop there."""
    blocks = [Block("sample.md", 1, "false\necho never")]

    (ran,) = run(blocks, folder=tmp_path, environ=dict(os.environ))

    assert ran.ended == "failed"
