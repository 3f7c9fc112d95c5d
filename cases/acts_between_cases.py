"""What people do with two cases at once: move, attach, split, link, merge, and part them again."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import StringConstraints

from cases.values import Inbound, Line, Name, Prose

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Move(Inbound):
    """The case closes and goes on as a linked case under another runbook."""

    verb: Literal["move"] = "move"
    runbook: Name
    reason: Prose


class Attach(Inbound):
    """The case's report is given to another case about the same subject, or kept apart."""

    verb: Literal["attach"] = "attach"
    to: str
    """The other case's number."""
    keep_apart: bool = False
    reason: Prose = ""


class Split(Inbound):
    """A report that a rule put into the case gets a case of its own again."""

    verb: Literal["split"] = "split"
    delivery: Line
    """The delivery that brought it."""
    reason: Prose


class LinkKind(StrEnum):
    """What another case is to this one."""

    RELATED = "related"
    DUPLICATE = "duplicate"
    CAUSED_BY = "caused-by"
    CAUSES = "causes"
    SUB_CASE = "sub-case"
    PART_OF = "part-of"
    """This one is a sub-case of it."""


OTHER_WAY: dict[LinkKind, LinkKind] = {
    LinkKind.RELATED: LinkKind.RELATED,
    LinkKind.DUPLICATE: LinkKind.DUPLICATE,
    LinkKind.CAUSED_BY: LinkKind.CAUSES,
    LinkKind.CAUSES: LinkKind.CAUSED_BY,
    LinkKind.SUB_CASE: LinkKind.PART_OF,
    LinkKind.PART_OF: LinkKind.SUB_CASE,
}
"""How the same link reads from the other case."""


class LinkTo(Inbound):
    """Another case belongs with this one, or no longer does."""

    verb: Literal["link"] = "link"
    number: Line
    kind: LinkKind = LinkKind.RELATED
    remove: bool = False
    reason: Prose = ""
    case: str = ""
    """Its id, put in by the door."""


class Merge(Inbound):
    """Another case becomes part of this one; the other is then a pointer to it."""

    verb: Literal["merge"] = "merge"
    number: Line
    """The other case's number."""
    reason: Prose
    case: str = ""
    """Its id, put in by the door: the other case takes the act for its own by it."""


class Unmerge(Inbound):
    """A case that became part of another one is a case of its own again."""

    verb: Literal["unmerge"] = "unmerge"
    reason: Prose
    head: Digest | None = None
    """The hash of the journal's last entry, put in by the door."""
