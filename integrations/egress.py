"""Where an outgoing webhook may go: a named connector's address, checked and pinned.

The name is resolved once; every address it has must be public; the connection is made to one of
those very addresses, so that a second look-up cannot send it elsewhere (DNS rebinding).
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence

import httpx

from cases.values import Value

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a host name."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_HOST = re.compile(rb"[a-z0-9_.-]{1,253}|\[?[0-9a-f:.]{2,45}\]?")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")


class Destination(Value):
    """One connection to be made: to this address, as this host."""

    url: str
    """The URL with the address in the host's place."""
    host_header: str
    server_name: str
    """Whose certificate is asked for."""


class ForbiddenDestinationError(Exception):
    """The address must not be called; says why, without the URL's path or query."""


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """The addresses the operating system knows for the host."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )
    return [str(entry[4][0]) for entry in found]


def check_url(url: str, *, ports: frozenset[int], allow_loopback: bool) -> httpx.URL:
    """The parsed URL, when its form alone allows it: https, a known port, no user, no fragment.

    With `allow_loopback` plain http to this very machine passes too: for the demo and for tests.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ForbiddenDestinationError("the URL is malformed") from error
    if not _HOST.fullmatch(parsed.raw_host) or parsed.userinfo or parsed.fragment:
        raise ForbiddenDestinationError("the URL needs a host name, and no user or fragment")
    if allow_loopback and _is_loopback_name(parsed.host):
        if parsed.scheme not in {"http", "https"}:
            raise ForbiddenDestinationError("the URL is neither http nor https")
        return parsed
    if parsed.scheme != "https":
        raise ForbiddenDestinationError("the URL is not https")
    if (parsed.port or 443) not in ports:
        raise ForbiddenDestinationError(f"port {parsed.port} is not allowed")
    return parsed


async def pin(
    url: str, *, resolver: Resolver, ports: frozenset[int], allow_loopback: bool
) -> Destination:
    """The one destination this URL may lead to, or `ForbiddenDestinationError`.

    A name that does not resolve is an `OSError`, which may mend itself.
    """
    parsed = check_url(url, ports=ports, allow_loopback=allow_loopback)
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    addresses = await resolver(parsed.host, port)
    if not addresses:
        raise OSError("the host has no address")
    loopback = allow_loopback and _is_loopback_name(parsed.host)
    for text in addresses:
        address = ipaddress.ip_address(text.partition("%")[0])
        if not (address.is_loopback if loopback else is_public(address)):
            raise ForbiddenDestinationError("the host leads to an address that is not public")
    chosen = ipaddress.ip_address(addresses[0].partition("%")[0])
    return Destination(
        url=str(parsed.copy_with(host=str(chosen), port=parsed.port)),
        host_header=parsed.netloc.decode("ascii"),
        server_name=parsed.raw_host.decode("ascii").strip("[]"),
    )


def is_public(address: Address) -> bool:
    """True for an address of the public internet, also when IPv4 hides inside IPv6."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    if address in _NAT64_LOCAL:
        return False
    inner = _inside(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_site_local


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    # Deprecated "IPv4-compatible" ::a.b.c.d; `::` and `::1` are not public on their own.
    if int(address) >> 32 == 0:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _is_loopback_name(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
