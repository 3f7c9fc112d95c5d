"""A certified OpenID provider nobody here wrote: panva's oidc-provider, on node."""

import hashlib
import json
import shutil
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.servers.guarded import Guarded, ServerError, answers
from workers._engine_process import free_ports
from workers._settings_sources import default_cache

PASSWORD, CODE = "demo", "123456"

_HERE = Path(__file__).with_name("oidc_provider")
_PARTS = ("package.json", "package-lock.json")
_DONE = "installed"


def install_folder() -> Path:
    """Where the provider is installed for this user: one folder for each lock."""
    lock = hashlib.sha256((_HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    return default_cache() / f"oidc-provider-{lock}"


def missing() -> str | None:
    """Why the provider cannot be started here; None if it can."""
    if shutil.which("node") is None:
        return "no node on the PATH"
    return None if (install_folder() / _DONE).exists() else "oidc-provider is not in the cache"


def prepare() -> list[str]:
    """The folder holds what is to be installed; the command that installs it, hashes checked."""
    folder = install_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for name in _PARTS:
        shutil.copyfile(_HERE / name, folder / name)
    return ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]


def installed() -> None:
    """Whoever asks next finds it there, whole."""
    (install_folder() / _DONE).touch()


class OpenIdProvider:
    """Made-up people who log in with a password, and with a code where they like."""

    def __enter__(self) -> Self:
        """It answers."""
        why = missing()
        if why is not None:
            raise ServerError(f"no OpenID provider ({why}): `make servers` installs it")
        self._folder = tempfile.TemporaryDirectory(prefix="oidc-provider-")
        folder = Path(self._folder.name)
        # Node looks for packages beside the file it runs.
        shutil.copyfile(_HERE / "provider.mjs", folder / "provider.mjs")
        (folder / "node_modules").symlink_to(install_folder() / "node_modules")
        (port,) = free_ports(1)
        self.issuer = f"http://127.0.0.1:{port}"
        node = str(shutil.which("node"))
        self._server = Guarded(
            [node, "--preserve-symlinks", str(folder / "provider.mjs"), str(port)],
            log=folder / "log",
        )
        self._server.wait_until(lambda: answers(f"{self.issuer}/jwks"), seconds=120)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """It is gone with its people."""
        self._server.stop()
        self._folder.cleanup()

    def register(self, url: str, **more: Any) -> tuple[str, str]:
        """A client for the gateway at the URL: its id and secret (RFC 7591)."""
        wanted = {
            "redirect_uris": [f"{url}/login/callback"],
            "post_logout_redirect_uris": [f"{url}/login"],
            "backchannel_logout_uri": f"{url}/login/back-channel",
            "backchannel_logout_session_required": True,
            "grant_types": [
                "authorization_code",
                "urn:ietf:params:oauth:grant-type:device_code",
            ],
            "response_types": ["code"],
            "require_auth_time": True,
            **more,
        }
        asked = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.issuer}/reg",
            json.dumps(wanted).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 - our own server
            said = json.load(answer)
        return said["client_id"], said["client_secret"]

    def give_groups(self, account: str, *groups: str) -> None:
        """The account has these groups and no others."""
        fields = [("account", account), *(("group", group) for group in groups)]
        data = urllib.parse.urlencode(fields).encode()
        with urllib.request.urlopen(f"{self.issuer}/administer", data, timeout=30):  # noqa: S310 - our own server
            pass
