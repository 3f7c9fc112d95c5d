"""The keys of a simulation: made for it, certified as an installation's are, and gone with it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cases.envelope import Certificate, issue_certificate

KEYS_LIVE = timedelta(days=3650)


@dataclass(frozen=True)
class DoorKeys:
    """The root of a simulation, and its one door."""

    root: Ed25519PrivateKey
    door: Ed25519PrivateKey
    certificate: Certificate

    @classmethod
    def made(cls, *, at: datetime) -> "DoorKeys":
        """New keys, valid around that instant."""
        root, door = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        certificate = issue_certificate(
            root,
            door.public_key(),
            use="door",
            not_before=at - KEYS_LIVE,
            not_after=at + KEYS_LIVE,
        )
        return cls(root, door, certificate)


class OneKeyring:
    """One data key for all cases of a simulation: they are nobody's."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate().private_bytes_raw()

    async def key(self, case: str) -> tuple[str, bytes]:
        """The same key for every case."""
        del case
        return "simulation", self._key
