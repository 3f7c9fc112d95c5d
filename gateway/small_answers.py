"""Asks a server that is not ours, and takes no more of its answer than an answer can be."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import httpx

from gateway.errors import OutsideSilentError


@dataclass(frozen=True)
class SmallAnswer:
    """What it said."""

    status: int
    body: bytes
    media_type: str


async def post(
    http: httpx.AsyncClient,
    url: str,
    *,
    content: bytes,
    media_type: str,
    within: timedelta,
    longest: int,
) -> SmallAnswer:
    """The answer; OutsideSilentError when there is none in time, or one that is too long."""
    try:
        # httpx counts the time between two bytes: a server that drips would never be too late.
        async with (
            asyncio.timeout(within.total_seconds()),
            http.stream(
                "POST",
                url,
                content=content,
                headers={"Content-Type": media_type},
                timeout=within.total_seconds(),
            ) as answer,
        ):
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > longest:
                    raise OutsideSilentError("its answer is too long")
    except (httpx.HTTPError, TimeoutError) as error:
        raise OutsideSilentError(type(error).__name__) from error
    said = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return SmallAnswer(status=answer.status_code, body=bytes(body), media_type=said)
