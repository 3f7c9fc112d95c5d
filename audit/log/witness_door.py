"""The witness over HTTP: one thing to ask, and the key to check the answers with."""

import asyncio

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from audit.log.cosignature import WitnessKey
from audit.log.witness import LONGEST_REQUEST, Witness
from integrations.ports.clock import Clock

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_TOO_LARGE = 413


def witness_app(witness: Witness, *, key: WitnessKey, clock: Clock) -> Starlette:
    """The application that a witness serves."""

    async def add_checkpoint(request: Request) -> Response:
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > LONGEST_REQUEST:
                    return PlainTextResponse(
                        "too large\n", status_code=_TOO_LARGE, headers=_HEADERS
                    )
        except ClientDisconnect:
            return PlainTextResponse("gone\n", status_code=400, headers=_HEADERS)
        at = await clock.now()
        # A sync of the disk must not hold up who asks next.
        answer = await asyncio.to_thread(witness.add_checkpoint, bytes(body), at=at)
        return Response(
            answer.text,
            status_code=answer.status,
            headers={**_HEADERS, "Content-Type": answer.media_type},
        )

    async def about(_request: Request) -> Response:
        return PlainTextResponse(f"{key}\n", headers=_HEADERS)

    return Starlette(
        routes=[
            Route("/", about, methods=["GET"]),
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
        ]
    )
