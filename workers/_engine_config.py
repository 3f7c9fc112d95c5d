"""The files that tell the pinned server what to be: four services in one local process."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

_SERVICES = ("frontend", "history", "matching", "worker")
PORTS_NEEDED = 2 * len(_SERVICES)


@dataclass(frozen=True)
class Postgres:
    """A Postgres that the server keeps its state in; its two databases are made if missing."""

    host: str
    port: int
    user: str
    password: str
    database: str = "temporal"
    visibility: str = "temporal_visibility"
    shards: int = 4
    """Fixed when the database is made: another number later is refused by the server."""

    @classmethod
    def from_url(cls, url: str) -> Self:
        """The Postgres of a `postgresql://user:password@host:port/database` URL."""
        parts = urlsplit(url)
        database = parts.path.lstrip("/") or "temporal"
        return cls(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 5432,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=database,
            visibility=f"{database}_visibility",
        )


Storage = Path | Postgres | None
"""A SQLite file, a Postgres, or memory."""


@dataclass(frozen=True)
class ServerFiles:
    """What the server is started with."""

    config: Path
    frontend: int


def write_files(
    folder: Path,
    *,
    ports: list[int],
    storage: Storage,
    simulation: bool = False,
    listed: bool = True,
) -> ServerFiles:
    """The configuration lies in the folder. It is written as JSON, which is YAML."""
    dynamic = folder / "dynamic.yaml"
    values = _dynamic(simulation=simulation, listed=listed)
    dynamic.write_text(json.dumps(values, indent=1), encoding="utf-8")
    config = folder / "server.yaml"
    # The file may hold the database's password: nobody else may read it.
    config.touch(mode=0o600)
    config.write_text(
        json.dumps(_config(ports=ports, storage=storage, dynamic=dynamic), indent=1),
        encoding="utf-8",
    )
    return ServerFiles(config=config, frontend=ports[0])


def _config(*, ports: list[int], storage: Storage, dynamic: Path) -> dict[str, Any]:
    stores = _stores(storage)
    grpc, membership = ports[: len(_SERVICES)], ports[len(_SERVICES) :]
    return {
        "log": {"stdout": True, "level": "warn"},
        "persistence": {
            "defaultStore": "state",
            "visibilityStore": "visibility",
            "numHistoryShards": storage.shards if isinstance(storage, Postgres) else 1,
            "datastores": {name: {"sql": sql} for name, sql in stores.items()},
        },
        "global": {"membership": {"maxJoinDuration": "30s", "broadcastAddress": "127.0.0.1"}},
        "services": {
            name: {
                "rpc": {
                    "grpcPort": grpc[index],
                    "membershipPort": membership[index],
                    "bindOnLocalHost": True,
                }
            }
            for index, name in enumerate(_SERVICES)
        },
        "clusterMetadata": {
            "enableGlobalNamespace": False,
            "failoverVersionIncrement": 10,
            "masterClusterName": "active",
            "currentClusterName": "active",
            "clusterInformation": {
                "active": {
                    "enabled": True,
                    "initialFailoverVersion": 1,
                    "rpcName": "frontend",
                    "rpcAddress": f"127.0.0.1:{grpc[0]}",
                }
            },
        },
        "dcRedirectionPolicy": {"policy": "noop"},
        "dynamicConfigClient": {"filepath": str(dynamic), "pollInterval": "60s"},
    }


def _stores(storage: Storage) -> dict[str, dict[str, Any]]:
    if isinstance(storage, Postgres):
        return {
            name: {
                "pluginName": "postgres12",
                "databaseName": database,
                "connectAddr": f"{storage.host}:{storage.port}",
                "connectProtocol": "tcp",
                "user": storage.user,
                "password": storage.password,
                "maxConns": connections,
                "maxIdleConns": connections,
                "maxConnLifetime": "1h",
            }
            for name, database, connections in (
                ("state", storage.database, 20),
                ("visibility", storage.visibility, 4),
            )
        }
    attributes: dict[str, Any] = {"mode": "memory", "cache": "private"}
    if storage is not None:
        # Committed writes survive a kill of the server and of the machine.
        attributes = {"cache": "private", "setup": True, "journal_mode": "wal", "synchronous": 2}
    sqlite = {
        "pluginName": "sqlite",
        "databaseName": "default" if storage is None else str(storage),
        "connectAddr": "localhost",
        "connectProtocol": "tcp",
        "connectAttributes": attributes,
        # No `maxConnLifetime`: a database in memory is gone with its one connection.
        "maxConns": 1,
        "maxIdleConns": 1,
    }
    return {"state": sqlite, "visibility": sqlite}


def _dynamic(*, simulation: bool, listed: bool) -> dict[str, Any]:
    values: dict[str, Any] = {
        # A search attribute is usable the moment it is registered.
        "system.forceSearchAttributesCacheRefreshOnRead": True,
        # One process serves all: limits meant for shared clusters would only slow a burst of cases.
        "frontend.namespaceRPS": 20_000,
        "frontend.namespaceRPS.visibility": 2_000,
        # Among tasks of one priority each case has its share; the server's own default is not to.
        "matching.enableFairness": True,
        # Order and share hold within one partition. Old ones are read until nothing is in them.
        "matching.numTaskqueueWritePartitions": 1,
    }
    if simulation:
        values["frontend.WorkflowTimeSkippingEnabled"] = True
        values["frontend.WorkflowTimeSkippingMaxSkipPerSession"] = 100_000
        # A skip ends with a timer, and a timer otherwise waits a second for clocks of other hosts
        # that might be behind, and for its turn among twenty a second.
        values["history.timerProcessorMaxTimeShift"] = "10ms"
        values["history.timerProcessorMaxPollRPS"] = 5_000
        values["history.transferProcessorMaxPollRPS"] = 5_000
        # A run that goes on as another in the middle of a skip may lose what was due on the way:
        # the server then skips to the end before the new run has set its timer. So the server
        # suggests it later than usual, and well before it ends a run that is too long.
        values["limit.historyCount.suggestContinueAsNew"] = 40_000
        values["limit.historySize.suggestContinueAsNew"] = 40 * 1024 * 1024
    if not listed:
        # One record a second: the server has no switch for none.
        values["history.visibilityProcessorMaxPollRPS"] = 1
        values["history.visibilityTaskBatchSize"] = 1
    return {name: [{"value": value}] for name, value in values.items()}
