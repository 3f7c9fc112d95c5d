"""What people signed with their own keys, laid out so that openssl alone can check it.

    webauthn/<act>/statement.json           exactly what the person was asked to sign
    webauthn/<act>/client-data.json         the page's part: its challenge is the statement's hash
    webauthn/<act>/authenticator-data.bin   the authenticator's part
    webauthn/<act>/signed.bin               authenticator-data.bin, then SHA-256 of client-data.json
    webauthn/<act>/signature.bin            over signed.bin
    webauthn/<act>/key.pem                  the person's public key
    webauthn/<act>/enrolment.json           the door's signed word on whose key it is

ES256:   openssl dgst -sha256 -verify key.pem -signature signature.bin signed.bin
Ed25519: openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in signed.bin -sigfile signature.bin
"""

import base64
from collections.abc import Iterable, Mapping

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from cases.canonical import canonical
from cases.envelope import Act
from cases.personal import PersonalKey, PersonalSignature

FOLDER = "webauthn"


def personal_files(acts: Iterable[Act]) -> dict[str, bytes]:
    """The files, for every act among them that its person signed themselves."""
    files: dict[str, bytes] = {}
    for act in acts:
        if act.personal is not None:
            files |= {
                f"{FOLDER}/{act.act}/{name}": data for name, data in _parts(act.personal).items()
            }
    return files


def differing(files: Mapping[str, bytes], acts: Iterable[Act]) -> list[str]:
    """Where the folder and the acts in the history do not say the same."""
    wanted = personal_files(acts)
    found = {name: data for name, data in files.items() if name.startswith(f"{FOLDER}/")}
    return [
        f"{name}: not what the act in the history holds"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]


def _parts(personal: PersonalSignature) -> dict[str, bytes]:
    key = PersonalKey.model_validate_json(personal.enrolment.payload)
    public = load_der_public_key(base64.b64decode(key.public_key))
    return {
        "statement.json": personal.statement.encode(),
        "client-data.json": base64.b64decode(personal.client_data),
        "authenticator-data.bin": base64.b64decode(personal.authenticator_data),
        "signed.bin": personal.signed_bytes,
        "signature.bin": base64.b64decode(personal.signature),
        "key.pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "enrolment.json": canonical(personal.enrolment),
    }
