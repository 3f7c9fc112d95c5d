"""A Temporal is met: it answers, says its version, and knows the namespace of the cases."""

import asyncio
from datetime import timedelta
from pathlib import Path

from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError, TLSConfig

from workers._engine_choice import SERVER_AT_LEAST, recent_enough
from workers._engine_namespace import ensure_namespace
from workers._engine_process import GuardedProcess
from workers.errors import EngineNotFoundError, EngineStartError
from workers.settings import EngineSettings

START_PATIENCE = timedelta(seconds=40)
"""How long a server of our own may take until it answers."""

_POLL = 0.05


async def meet(settings: EngineSettings, *, namespace: str, retention: timedelta) -> str:
    """The version of somebody else's Temporal, which is recent enough and has the namespace."""
    address = settings.address or ""
    key = settings.api_key
    try:
        client = await Client.connect(
            address,
            namespace=namespace,
            api_key=key.get_secret_value() if key else None,
            tls=tls_of(settings) if settings.uses_tls else False,
        )
    except RuntimeError as error:
        raise EngineNotFoundError(
            f"no Temporal answers at {address}: {error}. Start it, or unset the address "
            "and escalate runs its own"
        ) from error
    version = await version_of(client)
    if not recent_enough(version):
        raise EngineNotFoundError(too_old(version))
    await ensure_namespace(
        client, namespace=namespace, retention=retention, patience=timedelta(seconds=15)
    )
    return version


async def answering(process: GuardedProcess, address: str, *, namespace: str) -> Client:
    """A client of the server of our own that has just been started."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + START_PATIENCE.total_seconds()
    while True:
        if not process.running:
            raise EngineStartError(f"the Temporal server ended:\n{process.log_tail()}")
        try:
            return await Client.connect(address, namespace=namespace)
        except RuntimeError as error:
            if loop.time() > deadline:
                await process.stop(grace=0)
                raise EngineStartError(
                    f"the Temporal server does not answer ({error}):\n{process.log_tail()}"
                ) from error
            await asyncio.sleep(_POLL)


def tls_of(settings: EngineSettings) -> TLSConfig:
    """The TLS options that the settings name."""

    def read(path: Path | None) -> bytes | None:
        return path.read_bytes() if path else None

    return TLSConfig(
        server_root_ca_cert=read(settings.tls_ca_file),
        domain=settings.tls_server_name,
        client_cert=read(settings.tls_cert_file),
        client_private_key=read(settings.tls_key_file),
    )


async def version_of(client: Client) -> str:
    """The version that the server says it has."""
    try:
        said = await client.workflow_service.get_system_info(GetSystemInfoRequest())
    except RPCError as error:
        raise EngineStartError(f"Temporal does not say its version: {error.message}") from error
    return said.server_version


def too_old(version: str) -> str:
    """Why a server of that version will not do."""
    wanted = ".".join(str(number) for number in SERVER_AT_LEAST)
    return f"server {version} is older than {wanted}"
