"""The preparation makes both databases ready, and may run again at every start."""

import psycopg
import pytest
from pydantic import SecretStr

from tests.servers.postgres import PostgresCluster
from workers.prepare import prepare
from workers.settings import EngineSettings, Settings


@pytest.mark.postgres
async def test_a_second_preparation_changes_nothing(postgres_cluster: PostgresCluster) -> None:
    """Temporal's schema and the store's are there after the first run, and after the second."""
    temporal = postgres_cluster.for_engine()
    url = postgres_cluster.fresh_database()
    settings = Settings(
        store_url=SecretStr(url),
        engine=EngineSettings(postgres_url=SecretStr(postgres_cluster.dsn(temporal.database))),
    )

    for _ in range(2):
        await prepare(settings)

    with psycopg.connect(postgres_cluster.dsn(temporal.database)) as connection:
        version = connection.execute("SELECT curr_version FROM schema_version").fetchone()
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        tables = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
    assert version is not None
    assert version[0] != "0.0"
    assert tables is not None
    assert tables[0] > 5
