"""What mutmut knows of the mutants of a scratch tree; run in it, by `python -m`.

`list` makes every mutant there is and names them. `tell` says of those named what became of them,
and where each stands: mutmut counts lines within the mutated function, people within the file.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from mutmut.__main__ import create_mutants_for_file
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import copy_src_dir, walk_mutatable_files
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

_HUNK = re.compile(r"@@ -(?P<line>\d+)")


def listed() -> Iterator[str]:
    """The names of all mutants, which mutmut finds made when it is run."""
    copy_src_dir()
    for path in sorted(walk_mutatable_files()):
        made = create_mutants_for_file(path, Path("mutants") / path)
        if made.error is not None:
            raise made.error
        data = SourceFileMutationData(path=path)
        data.load()
        yield from data.exit_code_by_key


def told(names: frozenset[str]) -> Iterator[dict[str, object]]:
    """What became of each of the mutants, and of one that lives what it is."""
    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        for name, code in data.exit_code_by_key.items():
            if name not in names:
                continue
            status = status_by_exit_code[code]
            found: dict[str, object] = {"name": name, "status": status}
            if status not in ("killed", "timeout"):
                diff = get_diff_for_mutant(name, path=path)
                found |= {"module": str(path), "line": line_of(name, path, diff)}
                found["diff"] = in_a_line(diff)
            yield found


def in_a_line(diff: str) -> str:
    """What stood there, and what the mutant has in its place."""
    lines = diff.splitlines()[2:]
    before, after = (
        " ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
    )
    return f"{before} → {after}"


def line_of(name: str, path: Path, diff: str) -> int:
    """The line of the file that the mutant changes."""
    lines = path.read_text(encoding="utf-8").splitlines()
    function, of = orig_function_and_class_names_from_key(name)
    first, last = span_of(ast.parse("\n".join(lines)), function, of)
    changed, at = "", 0
    for line in diff.splitlines()[2:]:
        hunk = _HUNK.match(line)
        if hunk is not None:
            at = int(hunk["line"]) - 1
        elif line.startswith("-"):
            changed = line[1:].strip()
            break
        else:
            at += 1
    # The function is told without its indentation, and may be told with the comment above it.
    near = [n for n in range(first, last + 1) if lines[n - 1].strip() == changed]
    return min(near, key=lambda n: abs(n - first - at), default=first)


def span_of(tree: ast.Module, function: str, of: str | None) -> tuple[int, int]:
    """The first and the last line of the function, which may be a method."""
    body = tree.body
    if of is not None:
        body = next(
            each.body for each in body if isinstance(each, ast.ClassDef) and each.name == of
        )
    for each in body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name == function:
            return each.lineno, each.end_lineno or each.lineno
    message = f"there is no {function} any more"
    raise LookupError(message)


if __name__ == "__main__":
    if sys.argv[1] == "list":
        print(json.dumps(list(listed())))
    else:
        print(json.dumps(list(told(frozenset(json.load(sys.stdin))))))
