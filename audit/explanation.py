"""The answer to why a case is where it is, what it waits for, and what happens next."""

from cases.values import Instant, Value


class Transition(Value):
    """Something that brought the case where it is."""

    at: Instant
    what: str
    who: str = ""
    rule: str = ""
    """What the runbook says about it."""


class Owed(Value):
    """Who owes what by when."""

    role: str
    person: str | None = None
    what: str
    due_at: Instant | None = None
    late: bool = False


class Coming(Value):
    """What the case will do by itself."""

    at: Instant
    clock: str
    what: str
    silence: str = ""
    """What it means that nobody will have acted by then."""


class OpenEffect(Value):
    """An outside action that is not settled."""

    title: str
    name: str
    state: str
    owner: str
    due_at: Instant | None = None
    detail: str = ""
    mend: str


class LetIn(Value):
    """Something that policies allowed, or kept from happening."""

    at: Instant
    what: str
    who: str = ""
    policies: tuple[str, ...] = ()
    digest: str = ""
    """Of all the policies, as they were asked."""


class ForATime(Value):
    """Somebody who reads the case though they have nothing to do with it."""

    who: str
    until: Instant
    by: str = ""
    """Who lets them; empty: they opened it in an emergency."""


class Trouble(Value):
    """Something that keeps the case from going on, and the command that mends it."""

    what: str
    since: Instant | None = None
    detail: str = ""
    mend: str


class Explanation(Value):
    """The whole answer."""

    case: str
    number: str
    as_of: Instant
    status: str
    stage: str | None
    severity: str
    next_step: str
    because: tuple[Transition, ...] = ()
    owed: tuple[Owed, ...] = ()
    coming: tuple[Coming, ...] = ()
    effects: tuple[OpenEffect, ...] = ()
    notices_failed: int = 0
    troubles: tuple[Trouble, ...] = ()
    let_in: tuple[LetIn, ...] = ()
    """By which policies its decisions and irreversible effects were let happen."""
    readers: tuple[ForATime, ...] = ()
    """Who reads it for a time, by a grant or in an emergency."""
    looked_at_engine: bool = False
    shadow: bool = False
    """It runs beside today's process: nothing of it leaves the house."""

    @property
    def stuck(self) -> bool:
        """Whether something other than people keeps the case from going on."""
        return bool(self.troubles)
