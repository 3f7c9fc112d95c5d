"""A person's own signature: what it proves, and everything that must not pass for it (I4, I5)."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from webauthn import verify_authentication_response
from webauthn.helpers.cose import COSEAlgorithmIdentifier

from cases.acts import Decide, Memo, Verdict
from cases.canonical import canonical
from cases.envelope import (
    Act,
    ActEnvelope,
    ActingFor,
    Actor,
    CertifiedKey,
    Door,
    RefusedEnvelope,
    RoundBinding,
    pae,
    sign_act,
    verify_envelope,
)
from cases.personal import (
    ENROLMENT_TYPE,
    Enrolment,
    PersonalKey,
    PersonalSignature,
    Statement,
    challenge_of,
    written,
)
from cases.receipts import Outcome, Reason
from cases.stages import enter
from runbooks.library import library
from runbooks.plan import Assurance
from tests.cases.house import BEGIN, CASE, CERTIFICATE, DOOR, ROOT, House
from tests.fakes.authenticator import BE, BS, UP, UV, Authenticator, b64url

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
SITE, PAGE = "escalate.example", "https://escalate.example"
TRUSTED = ROOT.public_key().public_bytes_raw()
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(3, 35)))
APPROVES = Decide(gate="legal-review", verdict=Verdict.APPROVE)
SHOWN = RoundBinding(
    gate="legal-review", round=1, revision=1, content_hash="ab" * 32, nonce="cd" * 16
)


def enrolled(key: Authenticator, *, door: Ed25519PrivateKey = DOOR, **change: Any) -> Enrolment:
    """The door's word on whose key it is."""
    said: dict[str, Any] = {
        "credential": key.credential,
        "person": "lena",
        "public_key": key.public_key,
        "rp_id": SITE,
        "origins": (PAGE,),
        "device_bound": not key.synced,
        "aaguid": "00000000-0000-0000-0000-000000000000",
        "enrolled_by": "lena",
        "enrolled_at": AT - timedelta(days=2),
        "confirmed_by": "ines",
        "confirmed_at": AT - timedelta(days=1),
        **change,
    }
    payload = canonical(PersonalKey.model_validate(said))
    signature = door.sign(pae(ENROLMENT_TYPE, payload))
    return Enrolment(
        payload=payload.decode(),
        signature=base64.b64encode(signature).decode(),
        certificate=CERTIFICATE,
    )


def statement(**change: Any) -> Statement:
    """What lena signs, but for these things."""
    said: dict[str, Any] = {
        "act": "00000000-0000-4000-8000-000000000001",
        "case": CASE,
        "person": "lena",
        "role": "legal",
        "body": APPROVES,
        "binding": SHOWN,
        "issued_at": AT - timedelta(minutes=1),
        **change,
    }
    return Statement.model_validate(said)


def signature(
    key: Authenticator,
    *,
    says: Statement | None = None,
    enrolment: Enrolment | None = None,
    **change: Any,
) -> PersonalSignature:
    """The assertion over the statement, changed as a hostile browser would."""
    text = written(says or statement())
    proof = key.sign({"challenge": challenge_of(text)}, **change)
    del proof["credential"]
    return PersonalSignature(statement=text.decode(), enrolment=enrolment or enrolled(key), **proof)


def envelope(personal: PersonalSignature | None, **change: Any) -> ActEnvelope:
    """The act that the door signs around it."""
    said: dict[str, Any] = {
        "act": "00000000-0000-4000-8000-000000000001",
        "case": CASE,
        "actor": Actor(
            person="lena", roles=("legal",), directory_digest="0" * 64, directory_as_of=AT
        ),
        "role": "legal",
        "assurance": Assurance.L3,
        "door": Door.API,
        "signed_at": AT,
        "body": APPROVES,
        "binding": SHOWN,
        "personal": personal,
        **change,
    }
    return sign_act(Act.model_validate(said), key=DOOR, certificate=CERTIFICATE)


def refusal(sent: ActEnvelope, **options: Any) -> tuple[Reason, str]:
    """Why it is refused."""
    with pytest.raises(RefusedEnvelope) as caught:
        verify_envelope(sent, case=CASE, root=TRUSTED, **options)
    return caught.value.reason, caught.value.detail


def authenticator(**options: Any) -> Authenticator:
    """A key of lena's on our site."""
    return Authenticator(rp_id=SITE, origin=PAGE, **options)


KEYS = [
    pytest.param({}, id="ES256"),
    pytest.param({"key": Ed25519PrivateKey.generate()}, id="Ed25519"),
    pytest.param({"synced": True}, id="synced"),
    pytest.param({"counts": False}, id="does not count"),
]


@pytest.mark.parametrize("options", KEYS)
def test_what_the_person_signed_is_an_act_at_the_highest_level(options: dict[str, Any]) -> None:
    """Signature, statement, page, site, user and enrolment hold: the act is at L3."""
    key = authenticator(**options)

    act = verify_envelope(envelope(signature(key)), case=CASE, root=TRUSTED)

    assert act.assurance is Assurance.L3
    assert act.personal is not None
    assert act.personal.key.device_bound is not key.synced


@pytest.mark.parametrize("options", KEYS)
def test_the_library_agrees(options: dict[str, Any]) -> None:
    """An implementation that is not ours accepts the same assertion."""
    key = authenticator(**options)
    text = written(statement())
    proof = key.sign({"challenge": challenge_of(text)})
    cose = key.cose()
    verified = verify_authentication_response(
        credential={
            "id": key.credential,
            "rawId": key.credential,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "authenticatorData": b64url(base64.b64decode(proof["authenticator_data"])),
                "clientDataJSON": b64url(base64.b64decode(proof["client_data"])),
                "signature": b64url(base64.b64decode(proof["signature"])),
            },
        },
        expected_challenge=hashlib.sha256(text).digest(),
        expected_rp_id=SITE,
        expected_origin=PAGE,
        credential_public_key=cbor2.dumps(cose),
        credential_current_sign_count=0,
        require_user_verification=True,
    )

    assert verified.user_verified
    assert COSEAlgorithmIdentifier(cose[3]) in (-7, -8)


HOSTILE: dict[str, dict[str, Any]] = {
    "no user verification": {"flags": UP},
    "no user presence": {"flags": UV},
    "another page": {"origin": "https://escalate.example.evil.test"},
    "the page under another scheme": {"origin": "http://escalate.example"},
    "another port": {"origin": "https://escalate.example:8443"},
    "another site": {"rp_id": "example"},
    "a registration": {"type": "webauthn.create"},
    "inside another site's page": {"cross_origin": True},
    "another challenge": {"challenge": b64url(hashlib.sha256(b"{}").digest())},
    "the challenge with padding": {"challenge": b64url(bytes(32)) + "="},
    "says that it is synced": {"flags": UP | UV | BE},
    "says that it was backed up and cannot be": {"flags": UP | UV | BS},
}


@pytest.mark.hostile(17)
@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_an_assertion_that_proves_something_else_is_refused(change: dict[str, Any]) -> None:
    """Each is signed by the person's own key, and none of them is this act (hostile case 17)."""
    sent = envelope(signature(authenticator(), **change))

    assert refusal(sent)[0] is Reason.PERSONAL_SIGNATURE


OTHERS: dict[str, dict[str, Any]] = {
    "decision": {"body": Decide(gate="legal-review", verdict=Verdict.REJECT, reason="no")},
    "gate": {"body": Decide(gate="policy-sign-off", verdict=Verdict.APPROVE)},
    "reason": {"body": Decide(gate="legal-review", verdict=Verdict.APPROVE, reason="so")},
    "round": {"binding": SHOWN.model_copy(update={"round": 2})},
    "facts": {"binding": SHOWN.model_copy(update={"content_hash": "ef" * 32})},
    "nonce": {"binding": SHOWN.model_copy(update={"nonce": "ef" * 16})},
    "no round": {"binding": None},
    "case": {"case": "case/other"},
    "act": {"act": "00000000-0000-4000-8000-000000000002"},
    "role": {"role": "policy"},
    "person": {"person": "luca"},
    "too early": {"issued_at": AT - timedelta(minutes=6)},
    "too late": {"issued_at": AT + timedelta(seconds=1)},
}


@pytest.mark.hostile(18)
@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS.keys())
def test_a_signature_over_something_else_is_refused(change: dict[str, Any]) -> None:
    """The door cannot put a person's signature under another act than the one they signed."""
    sent = envelope(signature(authenticator(), says=statement(**change)))

    assert refusal(sent)[0] is Reason.PERSONAL_SIGNATURE


ENROLMENTS: dict[str, dict[str, Any]] = {
    "one person alone": {"confirmed_by": "lena"},
    "whoever enrolled it confirmed it": {"enrolled_by": "ines"},
    "of another person": {"person": "luca"},
    "confirmed after the act": {"confirmed_at": AT + timedelta(seconds=1)},
    "confirmed before it was enrolled": {"confirmed_at": AT - timedelta(days=3)},
    "confirmed before the door's key was valid": {
        "enrolled_at": AT - timedelta(days=4000),
        "confirmed_at": AT - timedelta(days=3999),
    },
}


@pytest.mark.hostile(19)
@pytest.mark.parametrize("change", ENROLMENTS.values(), ids=ENROLMENTS.keys())
def test_a_key_that_two_people_did_not_enrol_signs_nothing(change: dict[str, Any]) -> None:
    """Enrolling a key is the cheapest way to sign as somebody else (hostile case 19)."""
    key = authenticator()
    sent = envelope(signature(key, enrolment=enrolled(key, **change)))

    assert refusal(sent)[0] is Reason.PERSONAL_KEY


def test_only_a_door_enrols_keys() -> None:
    """An enrolment that a stranger signed, or a door whose key was revoked, is worth nothing."""
    key = authenticator()
    forged = envelope(signature(key, enrolment=enrolled(key, door=STRANGER)))
    own = envelope(signature(key))

    assert refusal(forged)[0] is Reason.PERSONAL_KEY
    # The act itself is signed by the same door here: it is refused first.
    revoked = frozenset({CertifiedKey.model_validate_json(CERTIFICATE.payload).key_id})
    assert refusal(own, revoked=revoked)[0] is Reason.REVOKED_KEY


def test_another_key_does_not_sign_in_its_place() -> None:
    """The signature of a key that is not the enrolled one does not hold."""
    one, other = authenticator(), authenticator()
    sent = envelope(signature(other, enrolment=enrolled(one)))

    assert refusal(sent)[0] is Reason.PERSONAL_SIGNATURE


@pytest.mark.hostile(16)
def test_the_door_alone_never_reaches_the_highest_level() -> None:
    """A door that says L3 without the person's signature is refused, whoever has its key."""
    assert refusal(envelope(None))[0] is Reason.NOT_SIGNED_BY_PERSON


def test_a_wrong_signature_spoils_an_act_at_any_level() -> None:
    """What is there must hold, also where nothing was needed."""
    sent = envelope(signature(authenticator(), flags=UP), assurance=Assurance.L2)

    assert refusal(sent)[0] is Reason.PERSONAL_SIGNATURE


def test_nobody_signs_for_themselves_in_somebody_elses_place() -> None:
    """A delegate's own signature says nothing of whom they act for."""
    away = ActingFor(
        person="luca",
        roles=("legal",),
        since=AT - timedelta(days=1),
        until=AT + timedelta(days=1),
        delegation="d-1",
    )
    actor = Actor(
        person="lena", roles=(), directory_digest="0" * 64, directory_as_of=AT, acting_for=away
    )
    sent = envelope(signature(authenticator()), actor=actor)

    assert refusal(sent) == (Reason.PERSONAL_SIGNATURE, "in somebody else's place")


@pytest.mark.parametrize("name", ["statement", "authenticator_data", "client_data", "signature"])
def test_every_part_that_is_cut_or_changed_is_refused(name: str) -> None:
    """Parsers take anything and raise nothing but a refusal."""
    whole = signature(authenticator())
    text: str = getattr(whole, name)
    for broken in ("", text[:-4], text[: len(text) // 2], "é" + text, text + "AAAA", "{}", "[" * 9):
        sent = envelope(whole.model_copy(update={name: broken}))
        assert refusal(sent)[0] is Reason.PERSONAL_SIGNATURE


def disclosure() -> bytes:
    """The runbook of a threat to life, whose disclosure takes only keys bound to their device."""
    head, gate, rest = (
        library()["imminent-threat-to-life"].decode().partition("  - stage: legal-review\n")
    )
    rest = rest.replace("    assurance: L2\n", "    assurance: L3\n    passkeys: device-bound\n", 1)
    return (head + gate + rest).encode()


@pytest.mark.hostile(15)
@pytest.mark.parametrize("synced", [True, False], ids=["synced", "device-bound"])
def test_a_synced_passkey_discloses_nothing_in_an_emergency(*, synced: bool) -> None:
    """Whoever could copy the key out of a cloud account could disclose somebody's data."""
    house = House.of(text=disclosure())
    gate = house.file.pathway.stage("legal-review")
    enter(house.file, gate, at=house.now)
    assert gate.gate is not None
    memo = Memo(gate="legal-review", fields=dict.fromkeys(gate.gate.memo, "as recorded"))
    assert house.act(memo, person="dora", role="duty-counsel").outcome is Outcome.ACCEPTED
    key = authenticator(synced=synced)
    body = Decide(gate="legal-review", verdict=Verdict.MORE_INFORMATION, reason="which account?")
    plain = house.envelope(
        body, person="lena", role="duty-counsel", binding=house.binding("legal-review")
    )
    act = Act.model_validate_json(plain.payload)
    says = statement(
        act=act.act, role=act.role, body=body, binding=act.binding, issued_at=act.signed_at
    )
    long_ago: dict[str, Any] = {
        "enrolled_at": BEGIN - timedelta(days=9),
        "confirmed_at": BEGIN - timedelta(days=8),
    }
    own = signature(key, says=says, enrolment=enrolled(key, **long_ago))
    signed = act.model_copy(update={"personal": own, "assurance": Assurance.L3})

    receipt = house.desk.receive(sign_act(signed, key=DOOR, certificate=CERTIFICATE), at=house.now)

    expected = (Outcome.REFUSED, Reason.SYNCED_KEY) if synced else (Outcome.ACCEPTED, Reason.NONE)
    assert (receipt.outcome, receipt.reason) == expected
    assert house.state.rounds[-1].votes == ([] if synced else house.state.rounds[-1].votes[:1])
    assert (house.state.pending_outcome is None) is synced
