"""An installation moves from key files to another source: until then both are needed."""

from store import Epoch, KeyEncryptionKey, KeyRing
from workers.key_files import KeyFiles


class MovingKeys:
    """Keys of one source, and of the files before it, until a rotation has wrapped all anew."""

    def __init__(self, ring: KeyRing, files: KeyFiles) -> None:
        self.source = ring.source
        self._ring = ring
        self._files = files

    async def first(self) -> KeyEncryptionKey | None:
        """The file's, as long as nothing else has begun."""
        return await self._files.first()

    def at_hand(self, name: str) -> KeyEncryptionKey | None:
        """Whichever of the two has it."""
        return self._ring.at_hand(name) or self._files.at_hand(name)

    async def of(self, epoch: Epoch) -> KeyEncryptionKey:
        """The key, from where its epoch kept it."""
        if epoch.sealed is None and epoch.name in self._files.files():
            return await self._files.of(epoch)
        return await self._ring.of(epoch)

    async def draft(self, newest: str | None) -> tuple[KeyEncryptionKey, bytes | None]:
        """Of the new source."""
        return await self._ring.draft(newest)

    async def begun(self, key: KeyEncryptionKey) -> None:
        """Of the new source; the files stay until their epochs are retired."""
        await self._ring.begun(key)

    async def forget(self, epoch: Epoch, *, kept: tuple[Epoch, ...]) -> None:
        """Wherever it was kept."""
        if epoch.name in self._files.files():
            await self._files.forget(epoch, kept=kept)
        else:
            await self._ring.forget(epoch, kept=kept)
