"""A team's own policies beside those that ship: read, and refused with file and line when wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cedarpy

from cases.receipts import Reason
from integrations.cedar import CedarAccess, policies_of
from runbooks.errors import RunbookProblems
from runbooks.library import access_policies, access_schema, restricted_classes
from runbooks.restricting import Classes, load_classes

CLASSES = "classes.yaml"
_LARGEST = 1024 * 1024
_REASONS = frozenset(reason.value for reason in Reason) - {""}


@dataclass(frozen=True)
class PolicyProblem:
    """One thing that is wrong with the policies, where it is, and how to mend it."""

    file: str
    line: int
    found: str
    mend: str
    policy: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.found}"


class PoliciesRefusedError(Exception):
    """The policies cannot be used, and nothing of them is."""

    def __init__(self, problems: tuple[PolicyProblem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Statement:
    """One policy as it stands in its file."""

    file: str
    line: int
    text: str


def installed(folder: Path | None) -> CedarAccess:
    """The policies that ship, and the folder's; PoliciesRefusedError with every place.

    The folder's files have names of their own, so that none is replaced without anybody seeing it.
    """
    texts, classes = read_folder(folder)
    problems = tuple(checked(texts))
    if problems:
        raise PoliciesRefusedError(problems)
    return CedarAccess(policies=texts, schema=access_schema(), classes=classes)


def read_folder(folder: Path | None) -> tuple[dict[str, bytes], Classes]:
    """Every policy text by file, and the classes; PoliciesRefusedError where one is unreadable."""
    texts = access_policies()
    classes, named = restricted_classes(), CLASSES
    if folder is not None:
        if not folder.is_dir():
            _refuse(str(folder), "is no folder", "Set ESCALATE_ACCESS_DIR to one.")
        for path in sorted(folder.glob("*.cedar")):
            if path.name in texts:
                _refuse(path.name, "has the name of a file that ships", "Give it another name.")
            texts[path.name] = _read(path)
        own = folder / CLASSES
        classes = _read(own) if own.is_file() else classes
    try:
        return texts, load_classes(classes, file=named)
    except RunbookProblems as refused:
        raise PoliciesRefusedError(
            tuple(
                PolicyProblem(
                    file=each.file,
                    line=each.line,
                    found=f"{each.rule} found {each.found}, expected {each.expected}",
                    mend=each.mend,
                )
                for each in refused.problems
            )
        ) from None


def checked(texts: Mapping[str, bytes]) -> Iterator[PolicyProblem]:
    """Everything that stands against using them: syntax, schema, and names that are missing."""
    schema = cedarpy.Schema.from_str(access_schema().decode())
    known: dict[str, Statement] = {}
    for file in sorted(texts):
        try:
            text = texts[file].decode()
        except UnicodeDecodeError:
            yield PolicyProblem(file, 1, "is not UTF-8", "Save it as UTF-8.")
            continue
        for statement in statements(text, file=file):
            found = list(_of(statement, schema, known))
            yield from found


def statements(text: str, *, file: str) -> Iterator[Statement]:
    """The policies of a file, each with the line it begins in; comments before it are not its."""
    begun, line, first = 0, 1, 0
    quoted = comment = escaped = False
    depth = 0
    for at, character in enumerate(text):
        if character == "\n":
            line, comment = line + 1, False
        if comment:
            continue
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
            continue
        if text.startswith("//", at):
            comment = True
        elif not character.isspace():
            first = first or line
            quoted = character == '"'
            depth += (character in "{([") - (character in "})]")
            if character == ";" and depth <= 0:
                yield Statement(file=file, line=first, text=text[begun : at + 1])
                begun, first, depth = at + 1, 0, 0
    if first:
        yield Statement(file=file, line=first, text=text[begun:])


def _of(
    statement: Statement, schema: cedarpy.Schema, known: dict[str, Statement]
) -> Iterator[PolicyProblem]:
    file, line = statement.file, statement.line
    try:
        (written,) = policies_of(statement.text).values()
    except ValueError as error:
        # Also a template, which lets nobody in until somebody links it.
        said = str(error).split("\n", 1)[0]
        yield PolicyProblem(file, line, f"cannot be read: {said}", "Correct this policy.")
        return
    for wrong in cedarpy.validate_policies(statement.text, schema).errors:
        said = wrong.error.replace("for policy `policy0`, ", "")
        yield PolicyProblem(
            file, line, said, "`escalate access schema` shows what there is.", written.id
        )
    if written.id == "policy0":
        yield PolicyProblem(file, line, "has no @id", 'Name it: @id("who-may-what").')
    elif written.id in known:
        before = known[written.id]
        yield PolicyProblem(
            file,
            line,
            f"has the id of the policy at {before.file}:{before.line}",
            "Give it another id.",
            written.id,
        )
    known.setdefault(written.id, statement)
    if not written.says:
        mend = 'Say what it means: @says("…"); for a forbid also who can help.'
        yield PolicyProblem(file, line, "has no @says", mend, written.id)
    if written.reason and written.reason not in _REASONS:
        yield PolicyProblem(
            file,
            line,
            f'the reason "{written.reason}" is not one that people know',
            "Take one of docs/errors.md.",
            written.id,
        )


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST:
            _refuse(path.name, f"is larger than {_LARGEST} bytes", "Split it.")
        return path.read_bytes()
    except OSError as error:
        raise PoliciesRefusedError(
            (PolicyProblem(path.name, 1, f"cannot be read ({error.strerror})", "Let us read it."),)
        ) from error


def _refuse(file: str, found: str, mend: str) -> None:
    raise PoliciesRefusedError((PolicyProblem(file, 1, found, mend),))
