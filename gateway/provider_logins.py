"""Log-ins at the provider: begun in a browser, finished in the same one, for a person we know.

Three things bind the answer to the question: the state (known once, opened only with the browser's
own cookie), the nonce inside the signed token, and the PKCE verifier that never left this house.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

import structlog

from cases.journal import Kind
from cases.values import Instant, Value
from gateway.doors import Doors, ProviderDoor
from integrations.errors import IdentityError, IdentityReason
from integrations.ports.directory import Person
from integrations.ports.identity import Claimed, Identity, Proof
from runbooks.plan import Assurance
from store import Account, ClaimedRow, NewSession, NotTaken

log = structlog.get_logger(__name__)

SIGN_IN = "sign-in"
STEP_UP = "step-up"
UNDER_WAY = timedelta(minutes=10)
_NOT_TAKEN = {
    NotTaken.UNKNOWN: IdentityReason.STATE_UNKNOWN,
    NotTaken.USED: IdentityReason.STATE_USED,
    NotTaken.OTHER_SECRET: IdentityReason.OTHER_BROWSER,
}


class Begun(Value):
    """What is kept of a log-in while the person is at the provider."""

    nonce: str
    verifier: str
    onward: str
    asked_at: Instant
    carried: tuple[tuple[str, str], ...] = ()
    """What the person had written when the proof was asked for."""


@dataclass(frozen=True)
class Finished:
    """A log-in that came back and was believed."""

    begun: Begun
    step_up: bool
    person: Person
    proof: Proof


class ProviderLogIns:
    """Sends people to the provider and says who came back."""

    def __init__(self, doors: Doors, door: ProviderDoor) -> None:
        self._doors = doors
        self._door = door

    @property
    def name(self) -> str:
        """What the provider is called on pages."""
        return self._door.name

    @property
    def identity(self) -> Identity:
        """The provider itself."""
        return self._door.identity

    async def begin(self, visit: str, *, onward: str) -> str:
        """Where the browser with this visit cookie is sent to log in."""
        return await self._begin(SIGN_IN, visit, onward=onward, carried=())

    async def begin_again(
        self, session: str, *, onward: str, carried: tuple[tuple[str, str], ...] = ()
    ) -> str:
        """Where the holder of this session is sent to prove themselves again."""
        return await self._begin(STEP_UP, session, onward=onward, carried=carried)

    async def finish(
        self, *, visit: str, session: str, state: str, code: str, issuer: str | None, error: str
    ) -> Finished:
        """Who it is; IdentityError says why nobody is."""
        now = await self._doors.clock.now()
        sign_ins = self._doors.store.sign_ins
        step_up = True
        kept = await sign_ins.take(state, purpose=STEP_UP, secret=session, at=now)
        if kept is NotTaken.UNKNOWN:
            step_up = False
            kept = await sign_ins.take(state, purpose=SIGN_IN, secret=visit, at=now)
        if isinstance(kept, NotTaken):
            raise IdentityError(_NOT_TAKEN[kept], "the log-in was not begun here")
        begun = Begun.model_validate_json(kept)
        if error or not code:
            log.info("the provider refused a log-in", error=error[:40] if error.isascii() else "")
            raise IdentityError(IdentityReason.PROVIDER_REFUSED, "the provider refused")
        proof = await self._door.identity.redeem(
            code=code,
            verifier=begun.verifier,
            nonce=begun.nonce,
            issuer=issuer,
            asked_at=begun.asked_at,
        )
        person = await self.person_of(proof)
        return Finished(begun=begun, step_up=step_up, person=person, proof=proof)

    async def person_of(self, proof: Proof) -> Person:
        """The person whose account it is; what the claims say of them counts from now on.

        An account stays bound to its first person: whoever is given an old name at the provider is
        not given what its former holder could do here.
        """
        doors, roles = self._doors, self._door.roles
        bound = await doors.store.claimed.of_account(proof.issuer, proof.subject)
        claimed = roles.read(proof)
        if bound is not None:
            claimed = claimed.model_copy(update={"person": bound.person})
        else:
            listed = await self._listed(claimed)
            if listed is not None:
                claimed = claimed.model_copy(update={"person": listed})
            elif not roles.from_claims:
                await self._refused(claimed, IdentityReason.PERSON_UNKNOWN)
            # Who may do nothing here takes no name that is somebody else's.
            if roles.from_claims and not claimed.roles:
                await self._refused(claimed, IdentityReason.NO_ROLES)
        if not await doors.store.claimed.told(ClaimedRow.model_validate(claimed.model_dump())):
            await self._refused(claimed, IdentityReason.PERSON_TAKEN)
        person = (await doors.directory.snapshot()).find(claimed.person)
        if person is None:
            await self._refused(claimed, IdentityReason.PERSON_UNKNOWN)
        if roles.from_claims and not person.roles:
            await self._refused(claimed, IdentityReason.NO_ROLES)
        return person

    async def open(
        self, finished: Finished, *, instead_of: str = "", door: str = "page"
    ) -> NewSession:
        """A new session, and the one this browser had before is over."""
        return await self.open_for(
            finished.person, finished.proof, instead_of=instead_of, door=door
        )

    async def open_for(
        self, person: Person, proof: Proof, *, instead_of: str = "", door: str = "page"
    ) -> NewSession:
        """As `open`, for a proof that came without a browser."""
        doors = self._doors
        now = await doors.clock.now()
        strong = proof.second_factor and proof.proved_at is not None
        if instead_of:
            await doors.store.sessions.revoke(instead_of, at=now, why="logged-in-again")
        return await doors.store.sessions.create(
            person=person.id,
            assurance=Assurance.L2 if strong else Assurance.L1,
            at=now,
            expires_at=now + doors.settings.session_lifetime,
            proved_at=proof.proved_at,
            door=door,
            account=Account(issuer=proof.issuer, subject=proof.subject, session=proof.session),
        )

    async def prove(self, finished: Finished, *, token: str, person: str) -> None:
        """The session is at L2 from the instant of the proof on; IdentityError if it was none."""
        doors, proof = self._doors, finished.proof
        now = await doors.clock.now()
        if finished.person.id != person:
            await doors.store.door_record.append(
                Kind.DOOR_SESSION_REFUSED,
                person=person,
                at=now,
                why=IdentityReason.ANOTHER_PERSON.value,
                proved=finished.person.id,
            )
            raise IdentityError(IdentityReason.ANOTHER_PERSON, "somebody else proved themselves")
        proved_at = fresh_proof(proof, now=now, window=doors.settings.step_up_window)
        if await doors.store.sessions.step_up(token, at=proved_at) is None:
            raise IdentityError(IdentityReason.STATE_UNKNOWN, "the session is over")

    async def log_out_url(self) -> str | None:
        """Where the session at the provider can be ended."""
        return await self._door.identity.log_out_url()

    async def logged_out(self, token: str) -> list[str]:
        """The sessions that end because the provider says so; the same word twice ends none."""
        doors = self._doors
        said = await self._door.identity.read_log_out(token)
        now = await doors.clock.now()
        if not await doors.store.sessions.spend(
            said.id, kind="log-out", expires_at=now + timedelta(hours=1)
        ):
            return []
        return await doors.store.sessions.revoke_account(
            issuer=said.issuer, subject=said.subject, session=said.session, at=now
        )

    async def _begin(
        self, purpose: str, secret: str, *, onward: str, carried: tuple[tuple[str, str], ...]
    ) -> str:
        doors = self._doors
        now = await doors.clock.now()
        begun = Begun(
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            onward=onward,
            asked_at=now,
            carried=carried,
        )
        # Asked first: nothing is kept of a log-in that cannot begin.
        await self._door.identity.ready()
        state = await doors.store.sign_ins.begin(
            purpose=purpose,
            secret=secret,
            content=begun.model_dump_json().encode(),
            at=now,
            expires_at=now + UNDER_WAY,
        )
        return await self._door.identity.log_in_url(
            state=state,
            nonce=begun.nonce,
            challenge=challenge_of(begun.verifier),
            fresh=purpose == STEP_UP,
        )

    async def _listed(self, claimed: Claimed) -> str | None:
        """The person of the file whose id, or whose address, the claim is."""
        for person in (await self._doors.directory.snapshot()).people:
            names = (person.id.casefold(), person.email.casefold().replace("@", "-at-"))
            if claimed.person in names:
                return person.id
        return None

    async def _refused(self, claimed: Claimed, reason: IdentityReason) -> NoReturn:
        """Who it was and why not is on record (I8): only what was proved gets this far."""
        await self._doors.store.door_record.append(
            Kind.DOOR_SESSION_REFUSED,
            person=claimed.person,
            at=await self._doors.clock.now(),
            why=reason.value,
            issuer=claimed.issuer,
        )
        raise IdentityError(reason, "the provider's account is nobody who may act here")


def fresh_proof(proof: Proof, *, now: datetime, window: timedelta) -> datetime:
    """When a second factor was given, within the window; IdentityError otherwise (design §7)."""
    if proof.proved_at is None:
        raise IdentityError(IdentityReason.NO_PROOF_TIME, "the provider does not say when")
    if now - proof.proved_at > window:
        raise IdentityError(IdentityReason.STALE_PROOF, "the proof is too old")
    if not proof.second_factor:
        raise IdentityError(IdentityReason.NO_SECOND_FACTOR, "one factor only")
    return proof.proved_at


def challenge_of(verifier: str) -> str:
    """What PKCE shows of a verifier (S256)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
