"""Gets the real servers and programs the tests need, where this machine allows it.

Run as `python -m tests.servers.install`. What cannot be had is said, with how to get it. With CI
set, that is a failure.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.servers import openid
from tests.servers.browser import find_chromium
from tests.servers.mail import ARTIFACT, VERSION, jar_path
from tests.servers.postgres import find_postgres
from tests.servers.request_tracker import find_server, setup_program
from workers._settings_sources import default_cache
from workers.engine import SCHEMA_TOOL, SERVER, WEB_UI, build
from workers.errors import EngineError


@dataclass(frozen=True)
class Suite:
    """Tests that need one real server or program, and how to get it."""

    marker: str
    name: str
    missing: Callable[[], str | None]
    """Why it cannot be started here; None if it can."""
    packages: tuple[str, ...]
    """Debian packages that bring it."""
    how: str


def _no_tracker() -> str | None:
    there = find_server() and setup_program()
    return None if there else "Request Tracker 5 is not installed"


def _no_mail() -> str | None:
    if shutil.which("java") is None:
        return "no Java on the PATH"
    return None if jar_path().exists() else f"GreenMail {VERSION} is not in the cache"


def _no_postgres() -> str | None:
    return None if find_postgres() else "no Postgres programs on this machine"


def _no_web_ui() -> str | None:
    return None if WEB_UI.path(default_cache()).exists() else "Temporal's Web UI is not built"


def _no_browser() -> str | None:
    return None if find_chromium() else "no Chromium on the PATH"


def _no_strace() -> str | None:
    return None if shutil.which("strace") else "no strace on the PATH"


BUILT = "Temporal Web UI"
"""What comes with the engine, by its name."""
_TRACKER = ("request-tracker5", "rt5-db-sqlite", "libdbd-sqlite3-perl")
SUITES = (
    Suite("rt", "Request Tracker", _no_tracker, _TRACKER, f"apt-get install {' '.join(_TRACKER)}"),
    Suite(
        "mail",
        "mail",
        _no_mail,
        ("default-jre-headless", "maven"),
        "install Java and Maven, then `make servers`",
    ),
    Suite("postgres", "Postgres", _no_postgres, ("postgresql",), "apt-get install postgresql"),
    Suite("ui", BUILT, _no_web_ui, (), "make ui"),
    Suite("oidc", "OpenID provider", openid.missing, ("npm",), "install npm, then `make servers`"),
    Suite("browser", "browser", _no_browser, ("chromium",), "apt-get install chromium"),
    Suite("strace", "strace", _no_strace, ("strace",), "apt-get install strace"),
)


def main() -> int:
    """Everything that can be had is there; the exit code says whether the rest matters."""
    asyncio.run(_all())
    still = [suite for suite in SUITES if suite.missing() is not None]
    for suite in still:
        print(f"servers: no {suite.name} here ({suite.missing()}); {suite.how}", flush=True)
    if not still:
        print("servers: all there", flush=True)
    return 1 if still and os.environ.get("CI") else 0


async def _all() -> None:
    """What is built and what is fetched beside one another: one needs the cores, one the line."""
    await asyncio.gather(_engine(), asyncio.to_thread(_others))


def _others() -> None:
    wanted = [suite for suite in SUITES if suite.name != BUILT]
    lacking = [suite for suite in wanted if suite.missing() is not None]
    if lacking:
        _fetch()
        lacking = [suite for suite in wanted if suite.missing() is not None]
    if lacking:
        _install(package for suite in lacking for package in suite.packages)
        _fetch()


async def _engine() -> None:
    await build(SERVER, cache=default_cache())
    for extra in (SCHEMA_TOOL, WEB_UI):
        try:
            await build(extra, cache=default_cache())
        except EngineError as error:
            print(f"servers: {extra.name} was not built: {error}", flush=True)


def _fetch() -> None:
    """What is no system package comes by its own ecosystem's client, pinned."""
    if _no_mail() and shutil.which("mvn"):
        _fetch_jar()
    if (
        openid.missing()
        and shutil.which("npm")
        and _run("installing the OpenID provider", openid.prepare())
    ):
        openid.installed()


def _fetch_jar() -> None:
    jar = jar_path()
    jar.parent.mkdir(parents=True, exist_ok=True)
    _run(
        "fetching GreenMail",
        ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}",
         f"-DoutputDirectory={jar.parent}"],
    )  # fmt: skip


def _install(packages: Iterable[str]) -> None:
    root = _as_root()
    if root is None or shutil.which("apt-get") is None:
        print("servers: system packages cannot be installed here", flush=True)
        return
    _run("reading the package lists", [*root, "apt-get", "-q", "update"])
    # One at a time: a package that this system lacks must not keep the others away.
    for package in dict.fromkeys(packages):
        install = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
        install += ["-o", "DPkg::Lock::Timeout=300", "install", "--no-install-recommends"]
        _run(f"installing {package}", [*root, *install, package])


def _as_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if (
        sudo
        and subprocess.run([sudo, "-n", "true"], check=False, capture_output=True).returncode == 0
    ):
        return [sudo, "-n"]
    return None


def _run(what: str, command: list[str]) -> bool:
    """True if the command succeeded; what it said is shown only if not."""
    print(f"servers: {what} …", flush=True)
    started = time.monotonic()
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        print(f"servers: {what} failed:\n{done.stdout[-1500:]}", flush=True)
        return False
    print(f"servers: {what}: {time.monotonic() - started:.0f} s", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
