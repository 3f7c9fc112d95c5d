"""A real Request Tracker 5 on SQLite, as Debian packages it, with its REST 2 interface."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.guarded import Guarded, ServerError, answers
from workers._engine_process import free_ports

_SETUP = "rt-setup-database-5"
_PLACES = (
    Path("/usr/share/request-tracker5/libexec/rt-server"),
    Path("/usr/share/request-tracker5/sbin/rt-server"),
    Path("/opt/rt5/sbin/rt-server"),
)


def find_server() -> Path | None:
    """The server program, where Debian puts it."""
    return next((place for place in _PLACES if place.exists()), None)


def setup_program() -> str | None:
    """The program that makes the database; it lies where only root's PATH leads."""
    return shutil.which(_SETUP, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


class RequestTracker:
    """A fresh ticket system with one user that may do everything."""

    user = "root"
    password = "password"
    queue = "General"

    def __enter__(self) -> Self:
        """The ticket system answers."""
        server, setup = find_server(), setup_program()
        if server is None or setup is None:
            raise ServerError("no Request Tracker 5: `make servers` installs it")
        self._folder = tempfile.TemporaryDirectory(prefix="rt-")
        folder = Path(self._folder.name)
        (folder / "empty.d").mkdir()
        port = free_ports(1)[0]
        config = folder / "RT_SiteConfig.pm"
        config.write_text(
            "Set($rtname, 'example.test');"
            "Set($Organization, 'example.test');"
            "Set($WebDomain, '127.0.0.1');"
            f"Set($WebPort, {port});"
            "Set($DatabaseType, 'SQLite');"
            f"Set($DatabaseName, '{folder / 'rtdb'}');"
            "Set($MailCommand, 'mbox');"
            "Set($RestrictReferrer, 0);"
            "Set($LogToSTDERR, 'warning');"
            "1;\n",
            encoding="utf-8",
        )
        self._environ = dict(os.environ) | {
            "RT_SITE_CONFIG": str(config),
            # Without this Debian's own folder wins and points at another database.
            "RT_SITE_CONFIG_DIR": str(folder / "empty.d"),
            # Outgoing mail goes into a folder of the run's own.
            "TMPDIR": str(folder),
        }
        made = subprocess.run(
            [setup, "--action", "init", "--dba", "", "--dba-password", "", "--skip-create"],
            check=False,
            capture_output=True,
            text=True,
            env=self._environ,
            cwd=folder,
        )
        if made.returncode != 0:
            raise ServerError(
                f"RT's database was not made: {made.stdout[-500:]}{made.stderr[-500:]}"
            )
        self.url = f"http://127.0.0.1:{port}"
        self.rest = f"{self.url}/REST/2.0"
        self._server = Guarded(
            [str(server), "--host", "127.0.0.1", "--port", str(port)],
            log=folder / "rt.log",
            environ=self._environ,
        )
        self._server.wait_until(lambda: answers(f"{self.rest}/"), seconds=90)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """The ticket system is gone with its tickets."""
        self._server.stop()
        self._folder.cleanup()
