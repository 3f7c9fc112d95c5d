"""Commands that ask the running engine and the store at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from workers.settings import Settings

if TYPE_CHECKING:
    from temporalio.client import Client

    from workers.house import House

Address = Annotated[
    str | None, typer.Option(help="host:port of the running engine; default: the settings'.")
]


@asynccontextmanager
async def at_work(address: str | None) -> "AsyncIterator[tuple[House, Client]]":
    """What is installed here, and a client of its engine; NotSetUpError where none is known."""
    from workers.errors import NotSetUpError
    from workers.house import house
    from workers.worker import client_of

    settings = Settings.load()
    port = settings.engine.port
    where = address or settings.engine.address or (f"127.0.0.1:{port}" if port else None)
    if where is None:
        raise NotSetUpError(
            "the running engine's address is not known",
            mend="Give --address as `escalate up` printed it, or set ESCALATE_ENGINE__PORT.",
        )
    async with house(settings) as home:
        yield home, await client_of(home, address=where)
