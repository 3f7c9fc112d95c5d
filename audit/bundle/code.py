"""Which code wrote an export, as far as it can be known here; and which the case says it ran on.

The digest is over our own source files as they are installed, so it is known in a container that
has neither git nor lock file: who has the same release computes the same number.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from pathlib import Path

from audit.errors import ExportUnreadableError
from audit.reading import read_model
from cases.canonical import canonical, sha256
from cases.values import Inbound

FILE = "code/build.json"
PACKAGES = ("runbooks", "cases", "workflows", "activities", "audit")
"""What a case's behaviour and its record depend on."""
_LIBRARIES = ("cryptography", "protobuf", "pydantic", "rfc8785", "temporalio")
_LOCK = "requirements.lock"
_COMMIT = 40
_TREE = Path(__file__).parents[2]


class RanOn(Inbound):
    """A worker that did workflow tasks of the case, as the history names it."""

    identity: str
    build: str = ""
    """Deployment and build id; empty where workers are not versioned."""
    sdk: str = ""


class Build(Inbound):
    """The code digests of an export."""

    v: int = 1
    escalate: str
    commit: str = ""
    """The git commit, where the code is a checkout; empty where nobody knows."""
    lock: str = ""
    """SHA-256 of the lock file; empty where it is not installed."""
    source: str
    """SHA-256 over the source files of `PACKAGES`: a line `digest  path` each, sorted."""
    libraries: dict[str, str] = {}
    runbooks: tuple[str, ...] = ()
    """Digests of the documents the case was bound to."""
    ran_on: tuple[RanOn, ...] = ()


def build_file(*, version: str, runbooks: Sequence[str], ran_on: Sequence[RanOn]) -> bytes:
    """The file, written by the code that runs here."""
    lock = _TREE / _LOCK
    return canonical(
        Build(
            escalate=version,
            commit=commit_of(_TREE),
            lock=sha256(lock.read_bytes()) if lock.is_file() else "",
            source=source_digest(),
            libraries={name: metadata.version(name) for name in _LIBRARIES},
            runbooks=tuple(runbooks),
            ran_on=tuple(ran_on),
        )
    )


def read_build(data: bytes) -> Build:
    """What the file says; ExportUnreadableError for every spelling but its one."""
    found = read_model(FILE, data, Build)
    if canonical(found) != data:
        raise ExportUnreadableError(FILE, "is not written canonically")
    return found


@cache
def source_digest(tree: Path = _TREE) -> str:
    """The digest over our own source files."""
    lines = [
        f"{sha256(path.read_bytes())}  {path.relative_to(tree).as_posix()}\n"
        for package in PACKAGES
        for path in (tree / package).rglob("*.py")
    ]
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def commit_of(tree: Path) -> str:
    """The commit that is checked out there; empty where there is none."""
    git = tree / ".git"
    try:
        if git.is_file():
            # A worktree: its own folder says where the repository is.
            git = (tree / git.read_text().partition("gitdir: ")[2].strip()).resolve()
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return _commit(head)
        common = git / "commondir"
        shared = (git / common.read_text().strip()).resolve() if common.is_file() else git
        ref = head.removeprefix("ref: ")
        if (shared / ref).is_file():
            return _commit((shared / ref).read_text().strip())
        packed = (shared / "packed-refs").read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return next((_commit(line[:_COMMIT]) for line in packed if line.endswith(f" {ref}")), "")


def _commit(text: str) -> str:
    hexadecimal = len(text) == _COMMIT and all(digit in "0123456789abcdef" for digit in text)
    return text if hexadecimal else ""
