"""One way to post a signed webhook: Standard Webhooks v1 to a checked, pinned address.

The address is looked up once for every try, must be public with all it resolves to, and is the one
that is connected to; redirects are never followed.
"""

import httpx
from pydantic import SecretStr

from cases.values import Value
from integrations._http import MEGABYTE, Answer, VendorHttp
from integrations.egress import (
    Destination,
    ForbiddenDestinationError,
    Resolver,
    check_url,
    pin,
    system_resolver,
)
from integrations.errors import RefusedError, UnavailableError
from integrations.ports.clock import Clock
from integrations.standard_webhooks import decode_secret, sign_with_all

CLOUD_EVENT = "application/cloudevents+json"
LONGEST_BODY = 20_000


class Connector(Value):
    """One connected receiver, as the settings or a subscription name it."""

    name: str
    url: str
    secrets: tuple[SecretStr, ...]
    """The first is today's; the others let a receiver rotate at its own pace."""
    source: str = "urn:escalate"
    """Who we are, in the receiver's eyes (CloudEvents `source`)."""
    ports: frozenset[int] = frozenset({443})
    allow_loopback: bool = False
    """For the demo and tests only: plain http to this very machine."""


class SignedWebhook:
    """Posts to one receiver."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        connector: Connector,
        clock: Clock,
        resolver: Resolver = system_resolver,
    ) -> None:
        self._connector = connector
        self._clock = clock
        self._resolver = resolver
        self._secrets = [secret.get_secret_value() for secret in connector.secrets]
        # A receiver that could never be reached is found when it is named, not at the deadline.
        for secret in self._secrets:
            decode_secret(secret)
        try:
            check_url(connector.url, ports=connector.ports, allow_loopback=connector.allow_loopback)
        except ForbiddenDestinationError as error:
            raise self._forbidden(error) from error
        self._http = VendorHttp(client, vendor=connector.name, clock=clock, limit=MEGABYTE)

    async def post(self, operation: str, *, id_: str, body: bytes) -> Answer:
        """The 2xx answer to this body under this id, signed as of now."""
        destination = await self._destination(operation)
        headers = sign_with_all(self._secrets, id=id_, timestamp=await self._clock.now(), body=body)
        return await self._http.call(
            operation,
            "POST",
            destination.url,
            content=body,
            headers={**headers, "Host": destination.host_header, "Content-Type": CLOUD_EVENT},
            extensions={"sni_hostname": destination.server_name},
        )

    async def _destination(self, operation: str) -> Destination:
        try:
            return await pin(
                self._connector.url,
                resolver=self._resolver,
                ports=self._connector.ports,
                allow_loopback=self._connector.allow_loopback,
            )
        except ForbiddenDestinationError as error:
            raise self._forbidden(error, operation=operation) from error
        except OSError as error:
            raise UnavailableError(
                "the host's name does not resolve",
                vendor=self._connector.name,
                operation=operation,
                mend="Check the receiver's address and our DNS; it is tried again.",
            ) from error

    def _forbidden(
        self, error: ForbiddenDestinationError, *, operation: str = "connect"
    ) -> RefusedError:
        return RefusedError(
            str(error),
            vendor=self._connector.name,
            operation=operation,
            mend="Give the receiver a public https address, in the settings or by subscribing "
            "again.",
        )
