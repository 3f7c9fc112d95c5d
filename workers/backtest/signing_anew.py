"""A person's own signature, made anew for another run of their case.

What a person signed names the case and the round they were shown, so their signature holds nowhere
else. That they signed is known: a key of the play, of the kind theirs was, says so again.
"""

import base64
import hashlib
import json
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cases.canonical import canonical
from cases.envelope import Act
from cases.personal import (
    ENROLMENT_TYPE,
    Enrolment,
    PersonalKey,
    PersonalSignature,
    Statement,
    challenge_of,
    written,
)
from cases.signing import pae
from workers.simulation.keys import DoorKeys

_PRESENT_AND_VERIFIED, _ELIGIBLE_FOR_BACKUP = 0x05, 0x08
_NEVER_COUNTED = bytes(4)


def signed_anew(act: Act, *, keys: DoorKeys, at: datetime) -> Act:
    """The act, with its person's signature over what it says now where they had signed it."""
    if act.personal is None:
        return act
    was = PersonalKey.model_validate_json(act.personal.enrolment.payload)
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    enrolled = canonical(was.model_copy(update={"public_key": _b64(public)}))
    statement = written(
        Statement(
            act=act.act,
            case=act.case,
            person=act.actor.person,
            role=act.role,
            body=act.body,
            binding=act.binding,
            issued_at=at,
        )
    )
    client_data = json.dumps(
        {
            "type": "webauthn.get",
            "challenge": challenge_of(statement),
            "origin": was.origins[0],
            "crossOrigin": False,
        }
    ).encode()
    flags = _PRESENT_AND_VERIFIED | (0 if was.device_bound else _ELIGIBLE_FOR_BACKUP)
    data = hashlib.sha256(was.rp_id.encode()).digest() + bytes([flags]) + _NEVER_COUNTED
    personal = PersonalSignature(
        statement=statement.decode(),
        authenticator_data=_b64(data),
        client_data=_b64(client_data),
        signature=_b64(key.sign(data + hashlib.sha256(client_data).digest())),
        enrolment=Enrolment(
            payload=enrolled.decode(),
            signature=_b64(keys.door.sign(pae(ENROLMENT_TYPE, enrolled))),
            certificate=keys.certificate,
        ),
    )
    return act.model_copy(update={"personal": personal})


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
