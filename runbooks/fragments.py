"""What runbooks share: fragments with parameters, carried by the texts that use them.

A runbook's bytes carry the fragments it uses, each after a line that names it. So a fragment is
pinned with the runbook: a version means the same bytes for ever, and nothing is looked up later.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runbooks.errors import RunbookProblems
from runbooks.source import read_yaml
from runbooks.tree import Block, Listing, Node, Place, Scalar

FOLDER = "fragments"
USES = "fragments"
"""The key of a runbook that lists what it uses."""
USE = "fragment"
"""The key that names a fragment: where it is used, and where it begins."""

_MARK = re.compile(rb"^--- # fragment ([a-z][a-z0-9-]*)\n", re.MULTILINE)


def bundled(text: bytes, *, known: Mapping[str, bytes]) -> bytes:
    """The runbook with the text of every known fragment it uses, ready to be pinned.

    A text that carries its fragments already, uses none, or cannot be read stays as it is.
    """
    own, carried = parted(text)
    try:
        named = dict.fromkeys(use.name for use in uses(read_yaml(own, file="")))
    except RunbookProblems:
        return text
    needed = [name for name in named if name in known]
    if carried or not needed:
        return text
    return _whole(own) + b"".join(
        b"--- # fragment " + name.encode() + b"\n" + _whole(known[name]) for name in needed
    )


def parted(text: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The runbook's own text, and the fragments it carries by name."""
    own, *rest = _MARK.split(text)
    carried: dict[str, bytes] = {}
    for name, body in zip(rest[::2], rest[1::2], strict=True):
        # Of one that stands twice the second is left where it stands: in the first, which no
        # reader takes for one document.
        at = name.decode()
        carried[at] = carried[at] + b"---\n" + body if at in carried else body
    return own, carried


@dataclass(frozen=True)
class Use:
    """One use of a fragment, and what it is given."""

    name: str
    place: Place
    given: Node
    extra: dict[str, Place]
    """Keys beside the name and what it is given."""
    among_stages: bool
    """Whether it stands among the stages; then it brings some, else none."""


def uses(root: Node) -> Iterator[Use]:
    """Every use of a fragment, those among the stages first; unnamed ones have no name."""
    if not isinstance(root, Block):
        return
    stages, listed = root.values.get("stages"), root.values.get(USES)
    for item in stages.items if isinstance(stages, Listing) else []:
        if isinstance(item, Block) and USE in item.values:
            yield _use(item, item.values[USE], among_stages=True)
    for item in listed.items if isinstance(listed, Listing) else []:
        name = item.values.get(USE, item) if isinstance(item, Block) else item
        yield _use(item, name, among_stages=False)


def _use(item: Node, name: Node, *, among_stages: bool) -> Use:
    given = item.values.get("with") if isinstance(item, Block) else None
    return Use(
        name=str(name.value) if isinstance(name, Scalar) else "",
        place=item.place,
        given=given if given is not None else Block(item.place),
        extra={
            key: place
            for key, place in (item.keys if isinstance(item, Block) else {}).items()
            if key not in (USE, "with")
        },
        among_stages=among_stages,
    )


def _whole(text: bytes) -> bytes:
    return text if text.endswith(b"\n") else text + b"\n"
