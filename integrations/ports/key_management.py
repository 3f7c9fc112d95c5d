"""A system that keeps one key to itself, and seals and opens small things with it."""

from typing import Protocol


class KeyManagement(Protocol):
    """Seals the key of an epoch with a key that never leaves; raises `VendorError`."""

    async def seal(self, secret: bytes, *, bound_to: str) -> bytes:
        """The secret, sealed by the newest version of the key; it opens with the same words."""
        ...

    async def open(self, sealed: bytes, *, bound_to: str) -> bytes:
        """The secret; RefusedError if it was sealed by something else or for something else."""
        ...

    async def rotate(self) -> None:
        """What is sealed from now on is sealed by a new version of the key."""
        ...

    async def destroy_before(self, sealed: bytes) -> None:
        """Nothing sealed by a version older than this one opens any more."""
        ...
