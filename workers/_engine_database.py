"""A SQLite file is one run's alone, and knows no hosts of the run before."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from workers.errors import EngineStartError

FORGET_HOSTS = "DELETE FROM cluster_membership"
"""The hosts of the last run are gone. A server that still finds them in its table spends minutes
asking for them, and its own four services do not find each other meanwhile."""


@contextmanager
def alone(database: Path) -> Iterator[None]:
    """No other engine works on the file: two servers on one file would each believe to own it."""
    database.parent.mkdir(parents=True, exist_ok=True)
    with database.with_name(f"{database.name}.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EngineStartError(
                f"another escalate runs its engine on {database}: stop it, or set another file"
            ) from error
        yield


def forget_hosts(database: Path) -> None:
    """The file names no hosts of an earlier run."""
    if not database.exists():
        return
    try:
        with closing(sqlite3.connect(database, timeout=10)) as connection:
            found = "SELECT 1 FROM sqlite_master WHERE name = 'cluster_membership'"
            if connection.execute(found).fetchone():
                connection.execute(FORGET_HOSTS)
                connection.commit()
    except sqlite3.DatabaseError as error:
        raise EngineStartError(f"{database} cannot be used for the engine: {error}") from error
