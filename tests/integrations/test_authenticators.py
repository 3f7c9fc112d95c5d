"""A listed model counts with its maker's word, and with nothing less."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey

from integrations.authenticators import (
    Authenticators,
    AuthenticatorsUnreadableError,
    Model,
    read_authenticators,
)
from integrations.passkeys import NewPasskey, creation_options, read_registration
from tests.fakes.authenticator import MODEL, Authenticator, Maker

SITE, ORIGIN = "escalate.example", "https://escalate.example"
OTHER = "2fc0579f-8113-47ea-b116-bb5a8db9202a"
MAKER = Maker()
LISTED = Authenticators({MODEL: Model(aaguid=MODEL, name="Key 5", roots=(MAKER.root,))})


def made(
    key: Authenticator, *, listed: Authenticators | None = LISTED, **change: Any
) -> NewPasskey:
    """What the door takes a new key of it for."""
    challenge = bytes(range(32))
    options = creation_options(
        rp_id=SITE,
        name="escalate",
        person="lena",
        display="Lena",
        handle=bytes(32),
        challenge=challenge,
        known=(),
        attested=listed is not None,
    )
    return read_registration(
        key.register(options, **change),
        challenge=challenge,
        rp_id=SITE,
        origin=ORIGIN,
        listed=listed,
    )


def a_key(**how: Any) -> Authenticator:
    """A security key."""
    return Authenticator(rp_id=SITE, origin=ORIGIN, **how)


def test_a_model_that_its_maker_attests_is_named() -> None:
    """Asked for only where models are listed; a synced key is of a model as well."""
    assert made(a_key(model=MODEL, maker=MAKER)).model == "Key 5"
    assert made(a_key(model=MODEL, maker=MAKER), listed=None).model == ""
    synced = made(a_key(model=MODEL, maker=MAKER, synced=True))
    assert (synced.model, synced.device_bound) == ("Key 5", False)


class Itself(Maker):
    """Attests with the credential's own key, and no certificate."""

    def __init__(self, key: Authenticator) -> None:
        super().__init__()
        self.own = key

    def attests(self, data: bytes, *, names: str = MODEL) -> dict[str, Any]:
        """A packed statement without a certificate."""
        del names
        assert isinstance(self.own.key, EllipticCurvePrivateKey)
        return {"alg": -7, "sig": self.own.key.sign(data, ECDSA(hashes.SHA256()))}


@pytest.mark.parametrize(
    "how, change",
    [
        ({"model": MODEL}, {}),
        ({"model": MODEL, "maker": Maker()}, {}),
        ({"model": MODEL, "maker": MAKER}, {"names": OTHER}),
        ({"model": OTHER, "maker": MAKER}, {}),
    ],
    ids=["says so", "another root", "a certificate of another model", "not listed"],
)
def test_whatever_proves_less_names_no_model(how: dict[str, Any], change: dict[str, Any]) -> None:
    """It is a passkey all the same, and says of itself that it cannot leave its device."""
    found = made(a_key(**how), **change)

    assert (found.model, found.device_bound) == ("", True)


def test_a_key_that_attests_itself_names_no_model() -> None:
    """Its signature holds, and says nothing about who made it."""
    key = a_key(model=MODEL)
    key.maker = Itself(key)

    assert made(key).model == ""


def test_the_list_is_a_file_with_certificates_beside_it(tmp_path: Path) -> None:
    """Each model once, each with roots that can be read."""
    (tmp_path / "maker.pem").write_bytes(MAKER.root)
    line = f"  - {{aaguid: {MODEL}, name: Key 5, roots: [maker.pem]}}\n"
    file = tmp_path / "authenticators.yaml"
    file.write_text("authenticators:\n" + line)

    model = read_authenticators(file).of(MODEL)

    assert model is not None
    assert (model.name, model.roots) == ("Key 5", (MAKER.root,))
    for wrong in (
        "authenticators: []\n",
        "authenticators:\n" + line + line,
        "authenticators:\n" + line.replace(MODEL, MODEL.upper()),
        "authenticators:\n" + line.replace(MODEL, "00000000-0000-0000-0000-000000000000"),
        "authenticators:\n" + line.replace("maker.pem", "none.pem"),
        "authenticators:\n" + line.replace("maker.pem", "authenticators.yaml"),
        "authenticators:\n" + line.replace("name", "nam"),
        "a: [\n",
    ):
        file.write_text(wrong)
        with pytest.raises(AuthenticatorsUnreadableError):
            read_authenticators(file)
    with pytest.raises(AuthenticatorsUnreadableError):
        read_authenticators(tmp_path / "absent.yaml")
