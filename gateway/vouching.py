"""Who vouches for the log from outside: witnesses, and an authority of time."""

from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from audit.log.policy import Policy, Witness
from audit.log.timestamp import Roots


@dataclass(frozen=True)
class Witnessing:
    """Who is asked, and how."""

    policy: Policy
    http: httpx.AsyncClient = field(repr=False)
    within: timedelta = timedelta(seconds=10)

    @property
    def asked(self) -> tuple[Witness, ...]:
        """The witnesses that the policy says an address of."""
        return tuple(each for each in self.policy.witnesses if each.url)


@dataclass(frozen=True)
class Stamping:
    """Who stamps, and how often."""

    url: str
    http: httpx.AsyncClient = field(repr=False)
    roots: Roots | None = None
    """Whom we believe time from; None: the token is kept as it comes, and verifiers decide."""
    every: timedelta = timedelta(days=1)
    """A log that grew has a token at least so often."""
    apart: timedelta = timedelta(minutes=1)
    """Closures and actions within this time share one."""
    witnesses: int = 0
    """So many cosignatures are waited for."""
    patience: timedelta = timedelta(seconds=30)
    """How long they are."""
    within: timedelta = timedelta(seconds=15)
