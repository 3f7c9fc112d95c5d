"""A Postgres cluster of the test run's own: own folder, own port, gone afterwards."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from tests.servers.guarded import Guarded, ServerError
from workers._engine_process import free_ports
from workers.engine import Postgres

_UNPRIVILEGED = ("postgres", "nobody")


def find_postgres() -> Path | None:
    """The folder of the newest Postgres programs, on the PATH or where Debian puts them."""
    places = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: _number(path.parent.name)
    )
    if on_path := shutil.which("initdb"):
        places.append(Path(on_path).resolve().parent)
    return next((place for place in reversed(places) if (place / "initdb").exists()), None)


def _number(name: str) -> int:
    return int(name) if name.isdigit() else 0


class PostgresCluster:
    """A running cluster, with fresh databases for the asking. Nothing is synced to disk."""

    host = "127.0.0.1"
    user = "escalate"

    def __enter__(self) -> Self:
        """The cluster takes connections."""
        programs = find_postgres()
        if programs is None:
            raise ServerError("no Postgres: `make servers` installs it")
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._programs = programs
        self.port = free_ports(1)[0]
        self.password = secrets.token_urlsafe(12)
        self._as_other = _other_user(self._folder)
        secret = self._folder / "password"
        secret.write_text(self.password, encoding="utf-8")
        secret.chmod(0o644)
        data = self._folder / "data"
        self._run("initdb", "-D", str(data), "--no-sync", "--encoding=UTF8", "--locale=C", "-U",
                  self.user, "--auth=scram-sha-256", f"--pwfile={secret}")  # fmt: skip
        settings = {
            "listen_addresses": self.host,
            "port": self.port,
            "unix_socket_directories": self._folder,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": 200,
        }
        options = [f"-c{name}={value}" for name, value in settings.items()]
        self._server = Guarded(
            [*self._as_other, str(programs / "postgres"), "-D", str(data), *options],
            log=self._folder / "postgres.log",
        )
        self._server.wait_until(self._accepts, seconds=30)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """The cluster is gone with its data."""
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")
        self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def fresh_database(self) -> str:
        """The SQLAlchemy URL of an empty database nobody else uses."""
        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://{self.user}:{self.password}@{self.host}:{self.port}/{name}"

    def dsn(self, database: str) -> str:
        """The libpq URL of a database."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{database}"

    def for_engine(self) -> Postgres:
        """Two databases of their own for a Temporal server."""
        name = f"temporal_{secrets.token_hex(4)}"
        return Postgres(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            database=name,
            visibility=f"{name}_visibility",
        )

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self._as_other, str(self._programs / program), *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self._folder,
        )
        if done.returncode != 0:
            raise ServerError(f"{program} failed: {done.stderr[-1000:]}")


def _other_user(folder: Path) -> list[str]:
    """The words that make a command run as somebody else: Postgres refuses to run as root."""
    if os.geteuid() != 0:
        return []
    user = next((name for name in _UNPRIVILEGED if _exists(name)), None)
    setpriv = shutil.which("setpriv")
    if user is None or setpriv is None:
        raise ServerError("as root, Postgres needs `setpriv` and a user `postgres` or `nobody`")
    entry = pwd.getpwnam(user)
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    who = [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    # A change of user clears the signal that ends the server with its guard: keep it.
    return [setpriv, *who, "--pdeathsig=keep", "--"]


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
