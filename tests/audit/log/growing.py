"""A log in memory that grows, forks and lies, for whoever has to notice."""

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.checkpoint import Checkpoint
from audit.log.note import NoteSigner
from audit.log.witness import Request
from tests.audit.log import naive


def fixed_key(name: str) -> Ed25519PrivateKey:
    """The same key in every process: what a test is called by may hold it."""
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


class Growing:
    """Signs whatever it is made to hold."""

    def __init__(
        self, name: str = "example.org/log", *, leaves: int = 0, mark: str = "leaf"
    ) -> None:
        self.signer = NoteSigner(name=name, private=Ed25519PrivateKey.generate())
        self.leaves = [f"{mark} {number}".encode() for number in range(leaves)]

    def grow(self, number: int = 1, *, mark: str = "more") -> "Growing":
        """So many more leaves."""
        start = len(self.leaves)
        self.leaves += [f"{mark} {start + at}".encode() for at in range(number)]
        return self

    def head(self, size: int | None = None) -> Checkpoint:
        """The tree's head, at some size."""
        leaves = self.leaves if size is None else self.leaves[:size]
        return Checkpoint(origin=self.signer.name, size=len(leaves), root=naive.root(leaves))

    def checkpoint(self, size: int | None = None) -> str:
        """The same, signed."""
        return self.head(size).signed(self.signer)

    def request(self, *, old: int, size: int | None = None) -> Request:
        """What an honest log asks a witness."""
        wanted = len(self.leaves) if size is None else size
        proof = naive.proof(old, self.leaves[:wanted]) if old else []
        return Request(old=old, proof=tuple(proof), checkpoint=self.checkpoint(wanted).encode())

    def twin(self) -> "Growing":
        """Another log under the same key that begins alike: what a fork is made of."""
        other = Growing(self.signer.name)
        other.signer = self.signer
        other.leaves = list(self.leaves)
        return other
