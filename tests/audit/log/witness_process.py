"""A witness that says what it signs as it signs it, and dies by signal 9 around one write.

Arguments: its folder, and whether it dies before or after which tree is on the disk.
"""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.cosignature import WitnessSigner
from audit.log.note import Signature
from audit.log.witness import Status, Witness
from audit.log.witness_state import Seen, WitnessState
from tests.audit.log.growing import Growing


class Dying(WitnessState):
    """Kills its process around a write."""

    point = "before"
    last = 0

    def keep(self, origin: str, seen: Seen) -> None:
        """The tree is kept, unless the process dies first."""
        if seen.size == self.last and self.point == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().keep(origin, seen)
        if seen.size == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


class Telling(WitnessSigner):
    """Says which tree it signs, in the moment in which it does."""

    def cosign(self, text: str, *, at: datetime) -> Signature:
        """The cosignature, and its size on standard output."""
        sys.stdout.write(text.split("\n")[1] + "\n")
        sys.stdout.flush()
        return super().cosign(text, at=at)


def main(folder: Path, point: str, last: int) -> None:
    """Cosigns a log that grows leaf by leaf, until it is dead."""
    log = Growing(leaves=1)
    state = Dying.opened(folder, has_key=False)
    state.point, state.last = point, last
    signer = Telling(name="witness.example/w1", private=Ed25519PrivateKey.generate())
    witness = Witness(signer, logs=[log.signer.key], state=state)
    size = 0
    while True:
        answer = witness.add_checkpoint(
            log.request(old=size).data, at=datetime(2026, 11, 26, tzinfo=UTC)
        )
        if answer.status is not Status.COSIGNED:
            raise SystemExit(answer.text)
        size = len(log.leaves)
        log.grow()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
