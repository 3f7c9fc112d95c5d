"""What every answer of the gateway carries, and what no answer does."""

from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
            b"frame-ancestors 'none'; base-uri 'none'"
        ),
    ),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_NO_STORE = (b"cache-control", b"no-store")
_STATIC = (b"cache-control", b"public, max-age=300")
_HSTS = (b"strict-transport-security", b"max-age=31536000")


class Headers:
    """Adds the security headers to every response, errors among them."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and dresses its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        static = scope["path"].startswith("/static/")
        # The log holds nothing of any case, and says itself what may be kept.
        public = scope["path"].startswith("/log/")

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                _dress(message, static=static, public=public, https=self._https)
            await send(message)

        await self._app(scope, receive, dressed)


def _dress(message: MutableMapping[str, Any], *, static: bool, public: bool, https: bool) -> None:
    ours = [*_ALWAYS]
    told = {name.lower() for name, _ in message.get("headers", [])}
    if not (public and _NO_STORE[0] in told):
        ours.append(_STATIC if static else _NO_STORE)
    if https:
        ours.append(_HSTS)
    names = {name for name, _ in ours}
    kept = [pair for pair in message.get("headers", []) if pair[0].lower() not in names]
    message["headers"] = [*kept, *ours]
