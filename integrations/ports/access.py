"""May this person do this to that, now? One question, asked at every door and before every effect.

Whoever asks gathers the facts; the engine behind the port decides by policies alone, so the same
facts always have the same answer, and the answer names the policies it comes from.
"""

from enum import StrEnum
from typing import Protocol

from cases.values import Value


class Look(StrEnum):
    """What a person may do with a case without changing it."""

    LIST = "list"
    READ = "read"
    DECODE = "decode"
    """To see its payloads in Temporal in clear."""
    EXPORT = "export"
    READ_FIELD = "read-field"


EMERGENCY = "read-in-emergency"
"""The policy that lets somebody read who has nothing to do with the case."""

GRANTED = "read-when-granted"
"""The policy that lets somebody read whom the case's owner lets, for a time."""

POLICIES = "access-policies"
"""The kind of kept text that answers name by its digest."""

PERFORM = "perform"
OPEN_IN_EMERGENCY = "open-in-emergency"
REVIEW_EMERGENCY = "review-emergency"
GRANT = "grant-access"
RELEASE = "release"


class Apart(StrEnum):
    """What is kept apart inside a case: each is a resource of its own."""

    EVIDENCE = "evidence"
    REPORTER = "reporter"
    AUTHORITY_CONTACT = "authority-contact"
    VICTIM = "victim"


class Kind(StrEnum):
    """What something is done to."""

    CASE = "Case"
    FIELD = "Field"
    EFFECT = "Effect"
    GLASS = "Glass"
    RELEASE = "Release"


class Principal(Value):
    """Who asks, as the directory knows them, or as the envelope they signed says."""

    id: str
    roles: frozenset[str] = frozenset()
    clearances: frozenset[str] = frozenset()


class Resource(Value):
    """What it is done to, with everything a policy may ask about it."""

    kind: Kind = Kind.CASE
    id: str
    case_class: str = ""
    """The restricted class; empty for an ordinary case."""
    need_to_know: bool = False
    stage: str = ""
    ended: bool = False
    name: str = ""
    """Which field, effect or kind of release."""
    irreversible: bool = False
    discloses: bool = False

    @property
    def restricted(self) -> bool:
        """Whether a clearance is needed, and every look at it is on record."""
        return bool(self.case_class)


class Circumstances(Value):
    """What holds between the two at this moment."""

    relations: frozenset[str] = frozenset()
    bars: frozenset[str] = frozenset()
    assurance: int = 1
    glass: bool = False
    delegate: bool = False
    principal_cleared: bool = True
    people: int = 0


class Decision(Value):
    """The answer, and what it rests on."""

    allowed: bool
    policies: tuple[str, ...] = ()
    """The ids of the policies that decided. None, and not allowed: no policy permits it."""
    digest: str = ""
    """Of the policies, their schema and the classes, as they were asked."""
    reason: str = ""
    """Of a denial, in the words of receipts; empty where no policy says more than no."""
    says: tuple[str, ...] = ()
    """What each of those policies means, in a person's words: for a denial also who can help."""
    restricted: bool = False
    """Whether it was about something that needs a clearance: then the answer goes on record."""


class Access(Protocol):
    """The engine."""

    @property
    def digest(self) -> str:
        """SHA-256 of `written_down`, in hex."""
        ...

    @property
    def written_down(self) -> bytes:
        """Everything an answer depends on besides the question: policies, schema and classes."""
        ...

    def may(
        self, person: Principal, action: str, resource: Resource, context: Circumstances
    ) -> Decision:
        """The decision; anything that no policy permits is denied."""
        ...

    def case_class(self, runbook: str, answers: dict[str, str]) -> str:
        """The restricted class of a case; empty for an ordinary one."""
        ...

    def answers_of(self, apart: Apart) -> tuple[str, ...]:
        """The questions whose answers belong to what is kept apart."""
        ...

    def clearances(self, roles: frozenset[str]) -> frozenset[str]:
        """The classes that these roles are cleared for."""
        ...
