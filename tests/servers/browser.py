"""Finds the Chromium of this machine."""

import shutil
from pathlib import Path

from tests.servers.guarded import ServerError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_chromium() -> Path | None:
    """The browser's executable, if there is one."""
    return next((Path(path) for name in _NAMES if (path := shutil.which(name))), None)


def chromium_path() -> Path:
    """The browser's executable."""
    found = find_chromium()
    if found is None:
        raise ServerError("no Chromium: `make servers` installs it")
    return found
