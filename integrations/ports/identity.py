"""What the doors ask of the provider that people log in at, and what it proves to them."""

from datetime import datetime
from typing import Protocol

from pydantic import JsonValue

from cases.values import Instant, Value
from integrations.ports.directory import PersonId


class Proof(Value):
    """What the provider proved of somebody, once every check has passed."""

    issuer: str
    subject: str
    """The provider's own name for the account; it never changes and is never given away again."""
    claims: dict[str, JsonValue] = {}
    at: Instant
    """When we were told."""
    proved_at: Instant | None = None
    """When the person last gave a password, code or key there (`auth_time`)."""
    second_factor: bool = False
    """Whether that was more than one factor, by what the settings take for it (`acr`, `amr`)."""
    session: str = ""
    """The provider's own session (`sid`), by which it can end ours."""


class Claimed(Value):
    """A person as the provider's claims describe them."""

    person: PersonId
    issuer: str
    subject: str
    name: str
    email: str
    roles: tuple[str, ...] = ()
    told_at: Instant


class ClaimedPeople(Protocol):
    """What the provider last said of everybody who ever logged in."""

    async def all(self) -> tuple[Claimed, ...]:
        """Everybody, by id."""
        ...


class LogOut(Value):
    """The provider says that a session there has ended."""

    id: str
    """Works once."""
    issuer: str
    subject: str | None = None
    session: str | None = None


class Bearer(Value):
    """Whose access token it is."""

    issuer: str
    subject: str


class Device(Value):
    """A log-in that somebody finishes on another device (RFC 8628)."""

    code: str
    """What we ask with; nobody else sees it."""
    user_code: str
    """What the person types there."""
    url: str
    complete_url: str | None = None
    every: int
    """Seconds between two questions."""
    expires_at: Instant


class Pending(Value):
    """The person has not finished yet."""

    slow_down: bool = False


class Identity(Protocol):
    """One OpenID provider."""

    @property
    def issuer(self) -> str:
        """Its name in every token."""
        ...

    async def ready(self) -> None:
        """The provider's endpoints are known; an error that says what to do otherwise."""
        ...

    async def log_in_url(self, *, state: str, nonce: str, challenge: str, fresh: bool) -> str:
        """Where the browser is sent; with `fresh` the person proves themselves again there."""
        ...

    async def redeem(
        self, *, code: str, verifier: str, nonce: str, issuer: str | None, asked_at: datetime
    ) -> Proof:
        """The proof behind a code; `issuer` is who the callback says it came from."""
        ...

    async def log_out_url(self) -> str | None:
        """Where somebody ends their session at the provider, if it has such a page."""
        ...

    async def read_log_out(self, token: str) -> LogOut:
        """What a back-channel log-out says, once it is proved to be the provider's."""
        ...

    async def read_access_token(self, token: str, *, audience: str) -> Bearer:
        """Whose token it is, once the provider made it for that audience and no other."""
        ...

    async def begin_device(self) -> Device | None:
        """A log-in on another device; None where the provider offers none."""
        ...

    async def redeem_device(self, code: str, *, asked_at: datetime) -> Proof | Pending:
        """The proof, once the person has finished there."""
        ...
