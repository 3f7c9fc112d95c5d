"""Vault's transit engine seals the keys of epochs, and every way it can fail is typed."""

from datetime import timedelta

import httpx
import pytest

from integrations.errors import (
    MisansweredError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    VendorError,
)
from integrations.vault_transit import VaultTransit
from tests.fakes.clock import FixedClock
from tests.fakes.vault import TOKEN, FakeVault

SECRET = bytes(range(32))


def transit(vault: FakeVault, *, token: str = TOKEN, key: str = "escalate") -> VaultTransit:
    """Our side of it."""
    return VaultTransit(
        vault.client(), address=vault.address, key=key, token=lambda: token, clock=FixedClock()
    )


async def test_what_is_sealed_opens_for_its_place_only() -> None:
    """The name of the epoch is bound in: a sealed key cannot take another's place."""
    vault = FakeVault()
    sealed = await transit(vault).seal(SECRET, bound_to="one")

    assert await transit(vault).open(sealed, bound_to="one") == SECRET
    with pytest.raises(RefusedError):
        await transit(vault).open(sealed, bound_to="two")


async def test_a_version_that_is_too_old_opens_nothing() -> None:
    """After destroying, a copy of what was sealed before is worth nothing."""
    vault = FakeVault()
    old = await transit(vault).seal(SECRET, bound_to="one")
    await transit(vault).rotate()
    new = await transit(vault).seal(SECRET, bound_to="two")
    assert (old[:9], new[:9]) == (b"vault:v1:", b"vault:v2:")

    await transit(vault).destroy_before(new)

    assert await transit(vault).open(new, bound_to="two") == SECRET
    with pytest.raises(RefusedError):
        await transit(vault).open(old, bound_to="one")


async def test_every_failure_is_typed_and_tells_no_secret() -> None:
    """429, 5xx, sealed, time-outs, a wrong token, a wrong key: each as what it means."""
    vault = FakeVault()

    vault.fail_next(429, headers={"Retry-After": "7"})
    with pytest.raises(ThrottledError) as throttled:
        await transit(vault).seal(SECRET, bound_to="one")
    assert throttled.value.retry_after == timedelta(seconds=7)
    for status in (500, 503):
        vault.fail_next(status)
        with pytest.raises(UnavailableError):
            await transit(vault).seal(SECRET, bound_to="one")
    vault.sealed = True
    with pytest.raises(UnavailableError) as away:
        await transit(vault).seal(SECRET, bound_to="one")
    assert away.value.status == 503
    vault.sealed = False
    vault.network.lose_answer("POST")
    with pytest.raises(OutcomeUnknownError):
        await transit(vault).seal(SECRET, bound_to="one")
    for broken in (transit(vault, token="hvs.wrong"), transit(vault, key="other")):
        with pytest.raises(RefusedError) as refused:
            await broken.seal(SECRET, bound_to="one")
        assert "hvs" not in str(refused.value)
    vault.answer_next({"data": {"ciphertext": "not Vault's"}})
    with pytest.raises(MisansweredError):
        await transit(vault).seal(SECRET, bound_to="one")
    vault.answer_next({"data": {"plaintext": "%%"}})
    with pytest.raises(MisansweredError):
        await transit(vault).open(await transit(vault).seal(SECRET, bound_to="x"), bound_to="x")


@pytest.mark.parametrize("sealed", [b"", b"vault:v0:AAAAAAAAAAAAAAAA", b"vault:v1:", b"kms:v1:AA"])
async def test_bytes_that_vault_never_sealed_are_not_sent(sealed: bytes) -> None:
    """What somebody wrote into the list of epochs goes nowhere."""
    vault = FakeVault()

    with pytest.raises(RefusedError):
        await transit(vault).open(sealed, bound_to="one")

    assert vault.asked == []


async def test_a_key_that_does_not_fit_is_told() -> None:
    """A key that can be exported, or cannot bind anything, protects less than it seems to."""
    vault = FakeVault()
    assert await transit(vault).look() == "aes256-gcm96, version 1"

    vault.exportable = True
    with pytest.raises(RefusedError, match="exported"):
        await transit(vault).look()
    vault.exportable, vault.kind = False, "rsa-2048"
    with pytest.raises(RefusedError, match="rsa-2048"):
        await transit(vault).look()


async def test_nobody_there_is_an_outage() -> None:
    """A refused connection: nothing was done."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    client = httpx.AsyncClient(transport=httpx.MockTransport(refuse))
    away = VaultTransit(
        client, address="https://vault.test", key="k", token=lambda: "t", clock=FixedClock()
    )

    with pytest.raises(VendorError) as caught:
        await away.seal(SECRET, bound_to="one")

    assert isinstance(caught.value, UnavailableError)
