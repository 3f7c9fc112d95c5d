"""What an envelope must prove, one check after the other (I4, I5)."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cases.acts import Cancel
from cases.envelope import (
    Act,
    ActEnvelope,
    Actor,
    Certificate,
    Door,
    RefusedEnvelope,
    issue_certificate,
    key_id,
    sign_act,
    verify_envelope,
)
from cases.receipts import Reason
from runbooks.plan import Assurance
from tests.cases.house import CASE, CERTIFICATE, DOOR, OTHER, ROOT

AT = datetime(2026, 1, 1, tzinfo=UTC)
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(3, 35)))


def act(**fields: object) -> Act:
    """An act that is in order, but for these fields."""
    whole: dict[str, object] = {
        "act": "a",
        "case": CASE,
        "actor": Actor(
            person="ines",
            roles=("incident-manager",),
            directory_digest="0" * 64,
            directory_as_of=AT,
        ),
        "role": "incident-manager",
        "assurance": Assurance.L1,
        "door": Door.WEB,
        "signed_at": AT,
        "body": Cancel(reason="a test"),
    }
    return Act.model_validate({**whole, **fields})


def signed(
    *,
    key: Ed25519PrivateKey = DOOR,
    certificate: Certificate = CERTIFICATE,
    **fields: object,
) -> ActEnvelope:
    """An envelope that is in order, but for these things."""
    return sign_act(act(**fields), key=key, certificate=certificate)


def certified(*, root: Ed25519PrivateKey = ROOT, use: str = "door", days: int = 1) -> Certificate:
    """A certificate for the door's key."""
    return issue_certificate(
        root,
        DOOR.public_key(),
        use=use,
        not_before=AT - timedelta(days=1),
        not_after=AT + timedelta(days=days),
    )


def garbled(**changes: object) -> ActEnvelope:
    """A good envelope, changed afterwards."""
    return signed().model_copy(update=changes)


def raw(payload: bytes) -> ActEnvelope:
    """Bytes that are no act, signed by a door."""
    from cases.envelope import ACT_TYPE, pae  # noqa: PLC0415 -- only here

    signature = base64.b64encode(DOOR.sign(pae(ACT_TYPE, payload))).decode()
    return ActEnvelope(payload=payload.decode(), signature=signature, certificate=CERTIFICATE)


def stale(seconds: int) -> ActEnvelope:
    """An act whose directory answer is so old."""
    actor = act().actor.model_copy(update={"directory_as_of": AT - timedelta(seconds=seconds)})
    return signed(actor=actor)


TABLE: list[tuple[str, Callable[[], ActEnvelope], Reason]] = [
    ("no signature", lambda: garbled(signature=""), Reason.UNSIGNED),
    ("no certificate", lambda: garbled(certificate=None), Reason.UNSIGNED),
    ("signed by another key", lambda: signed(key=OTHER), Reason.BAD_SIGNATURE),
    ("changed after signing", lambda: garbled(payload="{}"), Reason.BAD_SIGNATURE),
    ("signature is no base64", lambda: garbled(signature="?"), Reason.BAD_SIGNATURE),
    ("another root", lambda: signed(certificate=certified(root=STRANGER)), Reason.UNKNOWN_KEY),
    ("no door's key", lambda: signed(certificate=certified(use="log")), Reason.UNKNOWN_KEY),
    ("key has expired", lambda: signed(certificate=certified(days=0)), Reason.EXPIRED_KEY),
    ("no act", lambda: raw(b"[]"), Reason.MALFORMED),
    ("too large", lambda: raw(b'"' + b"x" * 70_000 + b'"'), Reason.MALFORMED),
    ("unknown field", lambda: raw(b'{"v":1,"more":2}'), Reason.MALFORMED),
    ("another case", lambda: signed(case="case/other"), Reason.OTHER_CASE),
    ("directory too old", lambda: stale(61), Reason.STALE_DIRECTORY),
    ("directory of the future", lambda: stale(-1), Reason.STALE_DIRECTORY),
    ("a role the person has not", lambda: signed(role="legal"), Reason.ROLE),
]


@pytest.mark.parametrize("make,reason", [row[1:] for row in TABLE], ids=[r[0] for r in TABLE])
def test_an_envelope_that_proves_nothing_is_refused_with_its_reason(
    make: Callable[[], ActEnvelope], reason: Reason
) -> None:
    """Each check has its own reason, and none is skipped."""
    root = ROOT.public_key().public_bytes_raw()

    with pytest.raises(RefusedEnvelope) as refused:
        verify_envelope(make(), case=CASE, root=root)

    assert refused.value.reason is reason


def test_a_revoked_key_signs_nothing_any_more() -> None:
    """The same envelope is good before its key is revoked, and not after."""
    root = ROOT.public_key().public_bytes_raw()
    lost = frozenset({key_id(DOOR.public_key().public_bytes_raw())})

    assert verify_envelope(signed(), case=CASE, root=root).case == CASE
    with pytest.raises(RefusedEnvelope) as refused:
        verify_envelope(signed(), case=CASE, root=root, revoked=lost)
    assert refused.value.reason is Reason.REVOKED_KEY


def test_the_directory_may_be_sixty_seconds_old() -> None:
    """Sixty seconds is young enough; sixty-one is not (the table)."""
    root = ROOT.public_key().public_bytes_raw()

    assert verify_envelope(stale(60), case=CASE, root=root).case == CASE
