"""A copy of the tree in which mutmut may write: the checkout is never mutated."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.mutation.areas import Area

ROOT = Path(__file__).resolve().parents[2]
PROFILE = "mutants"
"""The profile of Hypothesis under which mutants are judged, see `tests/conftest.py`."""


@contextmanager
def scratch(area: Area) -> Iterator[Path]:
    """Every file that git knows, as it is now, with mutmut set up for the area; gone afterwards."""
    with TemporaryDirectory(prefix="mutants-") as made:
        folder = Path(made)
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, names.split("\0")):
            source = ROOT / name
            if not source.is_file():
                continue
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
        with (folder / "pyproject.toml").open("a", encoding="utf-8") as written:
            written.write(settings(area, tops=sorted(each.name for each in folder.iterdir())))
        yield folder


def settings(area: Area, *, tops: list[str]) -> str:
    """The table that mutmut reads; `tops` is everything at the top of the tree."""
    mutated = sorted({module.partition("/")[0] for module in area.modules})
    return table(
        source_paths=mutated,
        only_mutate=list(area.modules),
        also_copy=[name for name in tops if name not in (*mutated, ".git")],
        pytest_add_cli_args=["-p", "no:cacheprovider", f"--hypothesis-profile={PROFILE}"],
        pytest_add_cli_args_test_selection=list(area.tests),
        process_isolation="forkserver" if area.apart else "fork",
        use_git_change_detection=False,
        # Seconds of the clock on the wall: on a busy machine a test is slow and no mutant endless.
        timeout_constant=6.0,
        timeout_multiplier=10.0,
    )


def table(**values: object) -> str:
    """The values as TOML, of which JSON's strings, lists, numbers and booleans are a part."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    return "\n".join(["", "[tool.mutmut]", *lines, ""])
