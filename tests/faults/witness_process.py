"""A witness as `escalate log witness` runs it, which also writes down every tree that it signs.

`FAULT_WITNESS` is its folder, `FAULT_LOG` the key of the log it vouches for, `FAULT_PORT` where it
listens. Each line of the folder's `signed` is a size and a root, written before the signature is.
"""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import uvicorn

from audit.log.cosignature import WitnessSigner
from audit.log.note import NoteKey, Signature
from audit.log.witness import Witness
from audit.log.witness_door import witness_app
from cli.log_witness import open_witness
from gateway.serve import listen
from workers.clock import SystemClock

NAME = "witness.example/kills"
SIGNED = "signed"


class Telling(WitnessSigner):
    """Writes down which tree it is about to sign; what was written outlives the process."""

    def cosign(self, text: str, *, at: datetime) -> Signature:
        """The cosignature; its tree is in the file, whenever the process dies."""
        size, root = text.split("\n")[1:3]
        folder = Path(os.environ["FAULT_WITNESS"])
        handle = os.open(folder / SIGNED, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, f"{size} {root}\n".encode())
        finally:
            os.close(handle)
        return super().cosign(text, at=at)


async def main(up: Callable[[], None]) -> None:
    """Vouches until it is killed; `up` is called when it listens."""
    folder = Path(os.environ["FAULT_WITNESS"])
    log = NoteKey.parse(os.environ["FAULT_LOG"])
    signer, state = open_witness(folder, name=NAME)
    with state:
        telling = Telling(name=signer.name, private=signer.private)
        witness = Witness(telling, logs=[log], state=state)
        app = witness_app(witness, key=telling.key, clock=SystemClock())
        listening = listen("127.0.0.1", int(os.environ["FAULT_PORT"]))
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        up()
        await server.serve(sockets=[listening])
