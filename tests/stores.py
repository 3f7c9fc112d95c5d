"""Empty stores for tests: migrated once in a process, then copied."""

import tempfile
from pathlib import Path

from sqlalchemy.engine import make_url

from store import upgrade

_TEMPLATE: list[bytes] = []


async def empty_store(url: str) -> None:
    """The SQLite store at `url` is as `store.upgrade` leaves a new one: empty, today's schema."""
    if not _TEMPLATE:
        with tempfile.TemporaryDirectory(prefix="template-") as folder:
            template = Path(folder, "escalate.db")
            await upgrade(f"sqlite:///{template}")
            _TEMPLATE.append(template.read_bytes())
    path = Path(make_url(url).database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_TEMPLATE[0])
