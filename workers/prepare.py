"""The databases are ready for this version: Temporal's, if it is ours, and the store's.

`python -m workers.prepare` is the job that docker-compose.yml runs before anything else; a second
run changes nothing.
"""

import asyncio
import sys

from store.errors import StoreError
from store.schema import upgrade
from workers import _engine_postgres
from workers._engine_build import announce
from workers._engine_config import Postgres
from workers.errors import EngineError
from workers.settings import Settings


async def prepare(settings: Settings) -> None:
    """Both databases have the schema of this version."""
    url = settings.engine.postgres_url
    if url is not None:
        temporal = Postgres.from_url(url.get_secret_value())
        await _engine_postgres.prepare(temporal, cache=settings.cache, progress=announce)
        announce(f"Temporal's databases on {temporal.host} are ready")
    revision = await upgrade(settings.store)
    announce(f"the store is at schema {revision}")


def main() -> int:
    """Zero if everything is ready; the reason is said if not."""
    try:
        asyncio.run(prepare(Settings.load()))
    except (EngineError, StoreError) as error:
        announce(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
