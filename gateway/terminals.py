"""How a terminal is logged in by a browser: a code that only the terminal that asked can use.

The terminal shows the hash of a secret it keeps (as PKCE does); the person, logged in here, allows
it; the code goes to the terminal over the loopback address (RFC 8252) or is carried there by hand.
So the provider needs to know one redirect address, the gateway's, however many terminals there are.
"""

import hmac
import re
from datetime import timedelta

from cases.values import Instant, Value
from gateway.doors import Doors
from gateway.provider_logins import challenge_of
from gateway.web import Viewer
from runbooks.plan import Assurance
from store import Account, NewSession, NotTaken

TERMINAL = "terminal"
LIFETIME = timedelta(minutes=5)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_STATE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_PORTS = range(1024, 65_536)


class Allowed(Value):
    """Whom the terminal may act as, once it shows the secret."""

    challenge: str
    person: str
    session: str
    """The browser's session: a terminal is not let in by one that has ended meanwhile."""
    proved_at: Instant | None = None
    account: Account | None = None


class CodeUnknownError(Exception):
    """The code is wrong, too old, was used, or is another terminal's."""


def well_asked(challenge: str, state: str, port: str) -> bool:
    """Whether a terminal of ours could have asked this; port 0 = the code is carried by hand."""
    return bool(
        _CHALLENGE.fullmatch(challenge)
        and _STATE.fullmatch(state)
        and port.isascii()
        and port.isdigit()
        and (port == "0" or int(port[:6]) in _PORTS)
    )


async def allow(doors: Doors, viewer: Viewer, *, challenge: str) -> str:
    """The code for the terminal that asked with the challenge."""
    now = await doors.clock.now()
    session = viewer.session
    allowed = Allowed(
        challenge=challenge,
        person=viewer.id,
        session=session.id,
        proved_at=session.stepped_up_at,
        account=session.account,
    )
    return await doors.store.sign_ins.begin(
        purpose=TERMINAL,
        secret="",
        content=allowed.model_dump_json().encode(),
        at=now,
        expires_at=now + LIFETIME,
    )


async def enter(doors: Doors, *, code: str, verifier: str) -> NewSession:
    """The terminal is logged in, with the proof of the browser's session and its age."""
    now = await doors.clock.now()
    kept = await doors.store.sign_ins.take(code, purpose=TERMINAL, secret="", at=now)
    if isinstance(kept, NotTaken):
        raise CodeUnknownError
    allowed = Allowed.model_validate_json(kept)
    if not hmac.compare_digest(challenge_of(verifier), allowed.challenge):
        raise CodeUnknownError
    if not await doors.store.sessions.holds(allowed.person, allowed.session, at=now):
        raise CodeUnknownError
    return await doors.store.sessions.create(
        person=allowed.person,
        assurance=Assurance.L1 if allowed.proved_at is None else Assurance.L2,
        at=now,
        expires_at=now + doors.settings.session_lifetime,
        proved_at=allowed.proved_at,
        door="cli",
        account=allowed.account,
    )
