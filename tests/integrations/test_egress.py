"""Where an outgoing webhook may go."""

import ipaddress

import pytest

from integrations.egress import ForbiddenDestinationError, Resolver, is_public, pin, system_resolver

PUBLIC = "93.184.216.34"
PORTS = frozenset({443})


def resolving(*addresses: str) -> Resolver:
    """A resolver that knows these addresses for every name."""

    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


@pytest.mark.hostile(59)
@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.1",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "2001:db8::1",
        "2002:0a00:0001::1",
        "fc00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_private_address_is_never_public(address: str) -> None:
    """Private, local, shared, documentation and disguised addresses are not public."""
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1::1", f"64:ff9b::{PUBLIC}"])
def test_public_address_is_public(address: str) -> None:
    """Addresses of the internet are."""
    assert is_public(ipaddress.ip_address(address))


async def test_destination_is_pinned_to_the_address() -> None:
    """The connection goes to the checked address; host and certificate stay the name's."""
    destination = await pin(
        "https://hooks.example.test/a?b=c",
        resolver=resolving(PUBLIC),
        ports=PORTS,
        allow_loopback=False,
    )

    assert destination.url == f"https://{PUBLIC}/a?b=c"
    assert destination.host_header == "hooks.example.test"
    assert destination.server_name == "hooks.example.test"


async def test_ipv6_destination_is_pinned_too() -> None:
    """An IPv6 address takes the host's place in brackets; the port stays."""
    destination = await pin(
        "https://hooks.example.test:8443/a",
        resolver=resolving("2606:2800:220:1::1"),
        ports=frozenset({8443}),
        allow_loopback=False,
    )

    assert destination.url == "https://[2606:2800:220:1::1]:8443/a"
    assert destination.host_header == "hooks.example.test:8443"


@pytest.mark.hostile(59)
@pytest.mark.parametrize(
    "addresses", [("10.0.0.1",), (PUBLIC, "127.0.0.1"), ("::ffff:192.168.0.1",), ("fe80::1%eth0",)]
)
async def test_one_private_address_is_enough_to_refuse(addresses: tuple[str, ...]) -> None:
    """Every address of the name must be public, not only the one that would be used."""
    with pytest.raises(ForbiddenDestinationError):
        await pin(
            "https://hooks.example.test/",
            resolver=resolving(*addresses),
            ports=PORTS,
            allow_loopback=False,
        )


@pytest.mark.hostile(59)
@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.test/",
        "ftp://hooks.example.test/",
        "https://user:pw@hooks.example.test/",
        "https://hooks.example.test:8443/",
        "https://hooks.example.test/#x",
        "https:///path",
        "//hooks.example.test",
        "https://exa mple.test/",
        "https://localhost/",
        "http://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:a00:7]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[fe80::1%25eth0]/",
        "https://127.1/",
        "https://169.254.169.254/latest",
    ],
)
async def test_unfit_url_is_refused(url: str) -> None:
    """Only https, a known port, no user; and this machine by no spelling."""
    with pytest.raises(ForbiddenDestinationError):
        await pin(url, resolver=system_resolver, ports=PORTS, allow_loopback=False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/x", "http://localhost:8080/x"])
async def test_this_machine_passes_when_allowed(url: str) -> None:
    """The demo's connector lives on this machine, and only there plain http passes."""
    destination = await pin(url, resolver=system_resolver, ports=PORTS, allow_loopback=True)

    assert destination.url.endswith(":8080/x")


async def test_allowing_this_machine_allows_no_other() -> None:
    """A name that is called localhost but leads elsewhere is refused, and so is private space."""
    with pytest.raises(ForbiddenDestinationError):
        await pin(
            "http://localhost/", resolver=resolving("10.0.0.1"), ports=PORTS, allow_loopback=True
        )
    with pytest.raises(ForbiddenDestinationError):
        await pin(
            "https://hooks.example.test/",
            resolver=resolving("127.0.0.1"),
            ports=PORTS,
            allow_loopback=True,
        )
