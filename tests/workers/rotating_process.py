"""A process that wraps keys anew one by one and says so after each: `python -m … URL KEK`."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from store import Store
from workers.key_files import KeyFiles


def tell(done: int, of: int) -> None:
    """A line for whoever is about to kill this."""
    sys.stdout.write(f"{done} {of}\n")
    sys.stdout.flush()


async def rotate(url: str, kek: Path) -> None:
    """Every key is wrapped anew, unless this is killed."""
    async with await Store.open(url, kek=KeyFiles(kek, make=False)) as store:
        await store.rotation.rotate(at=datetime.now(tz=UTC), batch=1, tell=tell)


if __name__ == "__main__":
    asyncio.run(rotate(sys.argv[1], Path(sys.argv[2])))
