"""People's own keys: enrolled with a second factor, confirmed by a second person, revoked.

Enrolling a key is an attacker's cheapest path to signing as somebody else: whoever has a stolen
session could do it. So a key signs nothing before somebody who runs cases has confirmed it, and
both steps are in the door's own record.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field

from cases.personal import Enrolment, PersonalKey
from cases.values import Inbound, Value
from gateway.acting import assurance_of
from gateway.covering import standing_of
from gateway.doors import Doors
from gateway.sight import ALWAYS
from gateway.web import Viewer
from gateway.wording import Wording
from integrations.passkeys import (
    NewPasskey,
    UnusablePasskeyError,
    creation_options,
    read_registration,
)
from runbooks.plan import Assurance
from store import NotTaken, PasskeyRow, PasskeyState

_PURPOSE = "passkey"
_BEGUN_FOR = timedelta(minutes=10)

PASSKEY_WORDS: dict[str, Wording] = {
    "passkey-second-factor": Wording(
        "A key is enrolled and confirmed only with a fresh second factor.",
        "Prove yourself again: `escalate login --second-factor`, or the link on the page.",
    ),
    "passkey-unusable": Wording(
        "What was sent is no new passkey for this site.",
        "Begin again: the key must verify you, and its algorithm be ES256 or Ed25519.",
    ),
    "passkey-known": Wording("This key is enrolled already.", "`escalate passkey list` shows it."),
    "no-such-passkey": Wording(
        "There is no such key, or it does not wait any more.", "`escalate passkey list` shows all."
    ),
    "passkey-own": Wording(
        "Nobody confirms a key of their own.", "Ask another incident manager or duty manager."
    ),
    "passkey-not-yours": Wording(
        "This is for who runs cases, or for the key's owner.", "Ask an incident manager."
    ),
}
"""By the name that `docs/errors.md` and the API give."""


class PasskeyRefusedError(Exception):
    """Nothing was done; `name` says why."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.wording = PASSKEY_WORDS[name]


class NewKey(Inbound):
    """A passkey that a browser has made."""

    state: str
    label: Annotated[str, Field(min_length=1, max_length=60)]
    credential: dict[str, Any]


class SeenKey(Value):
    """A key as people look at it."""

    id: str
    person: str
    label: str
    state: str
    device_bound: bool
    model: str
    """The listed model whose maker attested it; empty: none did."""
    enrolled_at: str
    confirmed_by: str | None
    revoked_by: str | None


def rp_id_of(doors: Doors) -> str:
    """The site that keys belong to: the host people reach the gateway at."""
    return urlsplit(doors.settings.public_url).hostname or ""


async def begin(doors: Doors, viewer: Viewer) -> dict[str, Any]:
    """What a browser makes a key with: `state` comes back with the key."""
    await _with_second_factor(doors, viewer)
    at, challenge = await doors.clock.now(), secrets.token_bytes(32)
    state = await doors.store.sign_ins.begin(
        purpose=_PURPOSE,
        secret=viewer.session.id,
        content=challenge,
        at=at,
        expires_at=at + _BEGUN_FOR,
    )
    mine = await doors.store.passkeys.of_person(viewer.id)
    options = creation_options(
        rp_id=rp_id_of(doors),
        name="escalate",
        person=viewer.id,
        display=viewer.name,
        handle=hashlib.sha256(b"escalate user handle 1|" + viewer.id.encode()).digest(),
        challenge=challenge,
        known=[row.id for row in mine if row.state is not PasskeyState.REVOKED],
        attested=doors.authenticators is not None,
    )
    return {"state": state, "publicKey": options}


async def enrol(doors: Doors, viewer: Viewer, new: NewKey) -> SeenKey:
    """The key waits for a second person."""
    await _with_second_factor(doors, viewer)
    at = await doors.clock.now()
    challenge = await doors.store.sign_ins.take(
        new.state, purpose=_PURPOSE, secret=viewer.session.id, at=at
    )
    if isinstance(challenge, NotTaken):
        raise PasskeyRefusedError("passkey-unusable")
    try:
        found = read_registration(
            new.credential,
            challenge=challenge,
            rp_id=rp_id_of(doors),
            origin=doors.settings.origin,
            listed=doors.authenticators,
        )
    except UnusablePasskeyError:
        raise PasskeyRefusedError("passkey-unusable") from None
    if not await doors.store.passkeys.enrol(
        key=found.credential,
        person=viewer.id,
        label=new.label,
        note=found.model_dump_json().encode(),
        counter=found.counter,
        at=at,
    ):
        raise PasskeyRefusedError("passkey-known")
    return seen(await _row(doors, found.credential))


async def confirm(doors: Doors, viewer: Viewer, key: str) -> SeenKey:
    """The key signs from now on: the door says whose it is, and who has confirmed that."""
    row = await _row(doors, key)
    if not viewer.roles & ALWAYS:
        raise PasskeyRefusedError("passkey-not-yours")
    at = await doors.clock.now()
    accounts = (await standing_of(doors, viewer.id, at=at)).accounts
    if row.person in (viewer.id, *accounts):
        raise PasskeyRefusedError("passkey-own")
    await _with_second_factor(doors, viewer)
    if row.state is not PasskeyState.WAITING:
        raise PasskeyRefusedError("no-such-passkey")
    found = NewPasskey.model_validate_json(row.note)
    note = doors.signer.sign_enrolment(
        PersonalKey(
            credential=row.id,
            person=row.person,
            public_key=found.public_key,
            rp_id=rp_id_of(doors),
            origins=(doors.settings.origin,),
            device_bound=found.device_bound,
            aaguid=found.aaguid,
            enrolled_by=row.enrolled_by,
            enrolled_at=row.enrolled_at,
            confirmed_by=viewer.id,
            confirmed_at=at,
            model=found.model,
            listed=doors.authenticators is not None,
        )
    )
    written = note.model_dump_json().encode()
    if not await doors.store.passkeys.confirm(key, by=viewer.id, note=written, at=at):
        raise PasskeyRefusedError("no-such-passkey")
    return seen(await _row(doors, key))


async def revoke(doors: Doors, viewer: Viewer, key: str) -> SeenKey:
    """The key signs nothing more: its owner may, and who runs cases."""
    row = await _row(doors, key)
    if row.person != viewer.id and not viewer.roles & ALWAYS:
        raise PasskeyRefusedError("passkey-not-yours")
    if not await doors.store.passkeys.revoke(key, by=viewer.id, at=await doors.clock.now()):
        raise PasskeyRefusedError("no-such-passkey")
    return seen(await _row(doors, key))


async def seen_by(doors: Doors, viewer: Viewer) -> tuple[list[SeenKey], list[SeenKey]]:
    """One's own keys; and for who runs cases those that wait for a second person."""
    mine = await doors.store.passkeys.of_person(viewer.id)
    waiting = await doors.store.passkeys.waiting() if viewer.roles & ALWAYS else []
    others = [row for row in waiting if row.person != viewer.id]
    return [seen(row) for row in mine], [seen(row) for row in others]


def seen(row: PasskeyRow) -> SeenKey:
    """The row as people look at it."""
    return SeenKey(
        id=row.id,
        person=row.person,
        label=row.label,
        state=row.state.value,
        device_bound=_told(row).device_bound,
        model=_told(row).model,
        enrolled_at=row.enrolled_at.isoformat(),
        confirmed_by=row.confirmed_by,
        revoked_by=row.revoked_by,
    )


def _told(row: PasskeyRow) -> NewPasskey | PersonalKey:
    if row.confirmed_at is None:
        return NewPasskey.model_validate_json(row.note)
    enrolment = Enrolment.model_validate_json(row.note)
    return PersonalKey.model_validate_json(enrolment.payload)


async def _row(doors: Doors, key: str) -> PasskeyRow:
    row = await doors.store.passkeys.find(key)
    if row is None:
        raise PasskeyRefusedError("no-such-passkey")
    return row


async def _with_second_factor(doors: Doors, viewer: Viewer) -> None:
    if await assurance_of(doors, viewer.session) is Assurance.L1:
        raise PasskeyRefusedError("passkey-second-factor")
