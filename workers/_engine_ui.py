"""Temporal's own Web UI, beside an engine, if its binary was built (`make ui`)."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from workers._engine_build import WEB_UI
from workers._engine_process import GuardedProcess, free_ports
from workers.errors import EngineStartError, EngineUseError

_PATIENCE = 15.0
_POLL = 0.05


@asynccontextmanager
async def serve(address: str, *, cache: Path, port: int | None) -> AsyncIterator[str]:
    """The Web UI of the Temporal at the address runs at the URL given."""
    binary = WEB_UI.path(cache)
    if not binary.exists():
        raise EngineUseError("Temporal's Web UI is not built: `make ui` builds it once")
    listening = port or free_ports(1)[0]
    with tempfile.TemporaryDirectory(prefix="escalate-ui-") as folder:
        config = Path(folder) / "config" / "development.yaml"
        config.parent.mkdir()
        config.write_text(
            json.dumps(
                {
                    "temporalGrpcAddress": address,
                    "host": "127.0.0.1",
                    "port": listening,
                    "enableUi": True,
                    "cors": {"cookieInsecure": True, "allowOrigins": []},
                    "auth": {"enabled": False},
                }
            ),
            encoding="utf-8",
        )
        process = GuardedProcess(
            [str(binary), "--root", folder, "--config", "config", "--env", "development", "start"],
            log=Path(folder) / "ui.log",
        )
        await process.start()
        try:
            await _listening(process, port=listening)
            yield f"http://127.0.0.1:{listening}"
        finally:
            await process.stop(grace=1)


async def _listening(process: GuardedProcess, *, port: int) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError as error:
            if not process.running or loop.time() > deadline:
                raise EngineStartError(f"the Web UI did not start: {process.log_tail()}") from error
            await asyncio.sleep(_POLL)
        else:
            writer.close()
            await writer.wait_closed()
            return
