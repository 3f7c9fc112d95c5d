"""What an envelope must prove, one check after the other (I4, I5)."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cases.acts import Cancel
from cases.envelope import (
    ACT_TYPE,
    CERTIFICATE_TYPE,
    Act,
    ActEnvelope,
    ActingFor,
    Actor,
    Certificate,
    CertifiedKey,
    Door,
    RefusedEnvelope,
    issue_certificate,
    key_id,
    pae,
    read_certificate,
    sign_act,
    signing_key,
    verify_envelope,
)
from cases.receipts import Reason
from cases.signing import read_signed
from runbooks.plan import Assurance
from tests.cases.house import CASE, CERTIFICATE, DOOR, OTHER, ROOT

AT = datetime(2026, 1, 1, tzinfo=UTC)
TRUSTED = ROOT.public_key().public_bytes_raw()
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


def certified(
    *, root: Ed25519PrivateKey = ROOT, use: str = "door", before: int = 1, days: int = 1
) -> Certificate:
    """A certificate for the door's key."""
    return issue_certificate(
        root,
        DOOR.public_key(),
        use=use,
        not_before=AT - timedelta(days=before),
        not_after=AT + timedelta(days=days),
    )


def garbled(**changes: object) -> ActEnvelope:
    """A good envelope, changed afterwards."""
    return signed().model_copy(update=changes)


def raw(payload: bytes) -> ActEnvelope:
    """Bytes that are no act, signed by a door."""
    signature = base64.b64encode(DOOR.sign(pae(ACT_TYPE, payload))).decode()
    return ActEnvelope(payload=payload.decode(), signature=signature, certificate=CERTIFICATE)


def stale(seconds: int) -> ActEnvelope:
    """An act whose directory answer is so old."""
    actor = act().actor.model_copy(update={"directory_as_of": AT - timedelta(seconds=seconds)})
    return signed(actor=actor)


def delegate(since: int = 0, until: int = 1) -> Actor:
    """Ines in lena's place, from so many seconds after the act on and up to so many."""
    away = ActingFor(
        person="lena",
        roles=("legal",),
        since=AT + timedelta(seconds=since),
        until=AT + timedelta(seconds=until),
        delegation="d-1",
        accounts=("lena2",),
    )
    return act().actor.model_copy(update={"acting_for": away, "accounts": ("ines2",)})


def other_certificate(payload: bytes) -> Certificate:
    """The root's signature over something that certifies no key."""
    signature = ROOT.sign(pae(CERTIFICATE_TYPE, payload))
    return Certificate(payload=payload.decode(), signature=base64.b64encode(signature).decode())


def text(size: int) -> bytes:
    """So many bytes that are JSON, and no act."""
    return b'"' + b"x" * (size - 2) + b'"'


def extended(*place: str) -> ActEnvelope:
    """An act with something in it, at that place, that no act has."""
    whole: dict[str, Any] = act().model_dump(mode="json")
    part = whole
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = "x"
    return raw(json.dumps(whole).encode())


DOORS_KEY = key_id(DOOR.public_key().public_bytes_raw())
TABLE: list[tuple[str, Callable[[], ActEnvelope], Reason, str]] = [
    ("no signature", lambda: garbled(signature=""), Reason.UNSIGNED, ""),
    ("no certificate", lambda: garbled(certificate=None), Reason.UNSIGNED, ""),
    ("signed by another key", lambda: signed(key=OTHER), Reason.BAD_SIGNATURE, ""),
    ("changed after signing", lambda: garbled(payload="{}"), Reason.BAD_SIGNATURE, ""),
    ("no base64", lambda: garbled(signature="?"), Reason.BAD_SIGNATURE, "not base64"),
    (
        "not all of it base64",
        lambda: garbled(signature=signed().signature + "*"),
        Reason.BAD_SIGNATURE,
        "not base64",
    ),
    ("another root", lambda: signed(certificate=certified(root=STRANGER)), Reason.UNKNOWN_KEY, ""),
    (
        "no door's key",
        lambda: signed(certificate=certified(use="log")),
        Reason.UNKNOWN_KEY,
        "not a door's key",
    ),
    (
        "no certificate at all",
        lambda: signed(certificate=other_certificate(b"{}")),
        Reason.MALFORMED,
        "certificate",
    ),
    (
        "key has expired",
        lambda: signed(certificate=certified(days=0)),
        Reason.EXPIRED_KEY,
        DOORS_KEY,
    ),
    (
        "key is not valid yet",
        lambda: signed(certificate=certified(before=-1)),
        Reason.EXPIRED_KEY,
        DOORS_KEY,
    ),
    ("too large", lambda: raw(text(64 * 1024 + 1)), Reason.MALFORMED, "too large"),
    ("as large as can be", lambda: raw(text(64 * 1024)), Reason.MALFORMED, ""),
    ("an unknown field", lambda: extended("more"), Reason.MALFORMED, "more"),
    ("an unknown field inside", lambda: extended("actor", "more"), Reason.MALFORMED, "actor.more"),
    (
        "nothing of an act",
        lambda: raw(b"{}"),
        Reason.MALFORMED,
        "act, case, actor, role, assurance",
    ),
    ("another case", lambda: signed(case="case/other"), Reason.OTHER_CASE, ""),
    ("directory too old", lambda: stale(61), Reason.STALE_DIRECTORY, ""),
    ("directory of the future", lambda: stale(-1), Reason.STALE_DIRECTORY, ""),
    ("a role the person has not", lambda: signed(role="legal"), Reason.ROLE, "legal"),
    (
        "a role that was not lent",
        lambda: signed(actor=delegate()),
        Reason.ROLE,
        "incident-manager",
    ),
    (
        "before the delegation",
        lambda: signed(actor=delegate(since=1), role="legal"),
        Reason.NO_DELEGATION,
        "d-1",
    ),
    (
        "when the delegation is over",
        lambda: signed(actor=delegate(since=-9, until=0), role="legal"),
        Reason.NO_DELEGATION,
        "d-1",
    ),
    (
        "the door alone at the highest level",
        lambda: signed(assurance=Assurance.L3),
        Reason.NOT_SIGNED_BY_PERSON,
        "",
    ),
]


@pytest.mark.parametrize(
    "make,reason,detail", [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_an_envelope_that_proves_nothing_is_refused_with_its_reason(
    make: Callable[[], ActEnvelope], reason: Reason, detail: str
) -> None:
    """Each check has its own reason, none is skipped, and nothing of the act is repeated."""
    with pytest.raises(RefusedEnvelope) as refused:
        verify_envelope(make(), case=CASE, root=TRUSTED)

    assert (refused.value.reason, refused.value.detail) == (reason, detail)
    assert str(refused.value) == (f"{reason}: {detail}" if detail else reason)


def test_a_revoked_key_signs_nothing_any_more() -> None:
    """The same envelope is good before its key is revoked, and not after."""
    lost = frozenset({DOORS_KEY})

    assert verify_envelope(signed(), case=CASE, root=TRUSTED).case == CASE
    with pytest.raises(RefusedEnvelope) as refused:
        verify_envelope(signed(), case=CASE, root=TRUSTED, revoked=lost)
    assert (refused.value.reason, refused.value.detail) == (Reason.REVOKED_KEY, DOORS_KEY)


def test_the_directory_may_be_sixty_seconds_old() -> None:
    """Sixty seconds is young enough; sixty-one is not (the table)."""
    assert verify_envelope(stale(60), case=CASE, root=TRUSTED).case == CASE
    assert verify_envelope(stale(0), case=CASE, root=TRUSTED).case == CASE


def test_whatever_begins_now_counts_now() -> None:
    """A key, and a delegation, from its first instant on; the act is bound to both names."""
    envelope = signed(
        certificate=certified(before=0), actor=delegate(), role="legal", assurance=Assurance.L2
    )
    found = verify_envelope(envelope, case=CASE, root=TRUSTED)

    assert found.actor.names == {"ines", "ines2", "lena", "lena2"}
    assert found.actor.own_names == {"ines", "ines2"}
    assert act().actor.names == {"ines"}


def test_what_is_signed_is_the_type_and_the_bytes_each_with_its_length() -> None:
    """DSSE's own example; lengths are of bytes, not of letters."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("\u00e9", b"") == "DSSEv1 2 \u00e9 0 ".encode()
    assert key_id(b"k") == hashlib.sha256(b"k").hexdigest()[:16]


def test_a_certificate_says_whose_key_for_what_and_how_long() -> None:
    """It is read as it was issued, under the root that issued it."""
    public = DOOR.public_key().public_bytes_raw()

    found = read_certificate(certified(use="log"), root=TRUSTED)

    assert found == CertifiedKey(
        key_id=DOORS_KEY,
        public_key=base64.b64encode(public).decode(),
        use="log",
        not_before=AT - timedelta(days=1),
        not_after=AT + timedelta(days=1),
    )
    assert signing_key(signed(certificate=certified())) == DOORS_KEY
    with pytest.raises(RefusedEnvelope) as refused:
        signing_key(garbled(certificate=None))
    assert refused.value.reason is Reason.UNSIGNED
    with pytest.raises(RefusedEnvelope) as refused:
        read_certificate(certified(), root=b"no key")
    assert refused.value.reason is Reason.UNKNOWN_KEY


def read(envelope: ActEnvelope, *, type_: str = ACT_TYPE, at: datetime = AT, **said: Any) -> Act:
    """The act, read as any other signed thing is."""
    assert envelope.certificate is not None
    return read_signed(
        Act,
        type_,
        payload=envelope.payload,
        signature=envelope.signature,
        certificate=envelope.certificate,
        root=TRUSTED,
        at=lambda _: at,
        **said,
    )


@pytest.mark.parametrize(
    "make,said,reason,detail",
    [
        (lambda: signed(key=OTHER), {}, Reason.BAD_SIGNATURE, ""),
        (signed, {"type_": "text/plain"}, Reason.BAD_SIGNATURE, ""),
        (lambda: garbled(signature="?"), {}, Reason.BAD_SIGNATURE, "not base64"),
        (lambda: raw(b"{}"), {}, Reason.MALFORMED, ""),
        (signed, {"use": "log"}, Reason.UNKNOWN_KEY, "not a door's key"),
        (signed, {"use": "log", "otherwise": "no log's"}, Reason.UNKNOWN_KEY, "no log's"),
        (
            lambda: signed(certificate=certified()),
            {"at": AT + timedelta(days=1)},
            Reason.EXPIRED_KEY,
            DOORS_KEY,
        ),
        (
            lambda: signed(certificate=certified()),
            {"at": AT - timedelta(days=1, seconds=1)},
            Reason.EXPIRED_KEY,
            DOORS_KEY,
        ),
        (
            lambda: signed(certificate=certified(root=STRANGER)),
            {},
            Reason.UNKNOWN_KEY,
            "",
        ),
    ],
)
def test_anything_signed_is_read_by_the_same_checks(
    make: Callable[[], ActEnvelope], said: dict[str, Any], reason: Reason, detail: str
) -> None:
    """Signature, form, use and time, each with its reason; what holds is what was signed."""
    assert read(signed(certificate=certified()), at=AT - timedelta(days=1)) == act()
    with pytest.raises(RefusedEnvelope) as refused:
        read(make(), **said)

    assert (refused.value.reason, refused.value.detail) == (reason, detail)
