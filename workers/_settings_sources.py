"""Where settings come from: the environment, files it names, a folder, Temporal's own names."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

PREFIX = "ESCALATE_"
_DELIMITER = "__"
_FILE = "_FILE"

# Temporal's names (those of its CLI and its other SDKs) and the setting each one fills.
TEMPORAL_NAMES = {
    "TEMPORAL_ADDRESS": "engine__address",
    "TEMPORAL_NAMESPACE": "engine__namespace",
    "TEMPORAL_API_KEY": "engine__api_key",
    "TEMPORAL_TLS": "engine__tls",
    "TEMPORAL_TLS_SERVER_NAME": "engine__tls_server_name",
    "TEMPORAL_TLS_SERVER_CA_CERT_PATH": "engine__tls_ca_file",
    "TEMPORAL_TLS_CLIENT_CERT_PATH": "engine__tls_cert_file",
    "TEMPORAL_TLS_CLIENT_KEY_PATH": "engine__tls_key_file",
}

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"(\d+)([smhd])")

_environment: ContextVar[Mapping[str, str] | None] = ContextVar("_environment", default=None)


class UnknownSettingError(ValueError):
    """A name looks like one of ours and is none: probably misspelt."""


class ConflictingSettingError(ValueError):
    """A value is given twice, once in place and once in a file."""


def _span(value: object) -> object:
    if isinstance(value, str) and (found := _SPAN.fullmatch(value.strip())):
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    return value


def _several(value: object) -> object:
    if isinstance(value, str):
        return tuple(part for part in re.split(r"[\s,]+", value) if part)
    return value


Span = Annotated[timedelta, BeforeValidator(_span)]
"""A length of time: `30s`, `15m`, `4h`, `7d`, or ISO 8601."""


def _listed(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""Several names, separated by commas; a name may hold blanks."""

Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_several)]
"""Several secrets, separated by commas or white space."""


def default_home() -> Path:
    """The user's data folder of this platform."""
    environ = current()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "escalate"
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "escalate"
    return Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "escalate"


def default_cache() -> Path:
    """The user's cache folder of this platform."""
    environ = current()
    if environ.get(f"{PREFIX}CACHE"):
        return Path(environ[f"{PREFIX}CACHE"])
    if environ.get("XDG_CACHE_HOME"):
        return Path(environ["XDG_CACHE_HOME"]) / "escalate"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "escalate"
    return Path.home() / ".cache" / "escalate"


def default_editor() -> str:
    """The user's editor, as every command line tool knows it."""
    environ = current()
    fallback = "notepad" if sys.platform == "win32" else "vi"
    return environ.get("VISUAL") or environ.get("EDITOR") or fallback


def current() -> Mapping[str, str]:
    """The environment being read: the process's own, unless a caller gave another."""
    given = _environment.get()
    return os.environ if given is None else given


@contextmanager
def reading(environ: Mapping[str, str] | None) -> Iterator[None]:
    """Settings made inside are read from `environ`."""
    token = _environment.set(environ)
    try:
        yield
    finally:
        _environment.reset(token)


class EnvironmentSource(PydanticBaseSettingsSource):
    """Reads the environment strictly: every `ESCALATE_` name is a setting, or an error."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Nothing by itself: values are read all at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The values found, as the tree that the model is validated from."""
        environ = current()
        found = {
            ours: environ[theirs] for theirs, ours in TEMPORAL_NAMES.items() if environ.get(theirs)
        }
        values = self._own(environ)
        folder = values.get("secrets_dir")
        if folder:
            found |= self._folder(Path(folder))
        found |= values
        tree: dict[str, Any] = {}
        for name, value in sorted(found.items()):
            *groups, last = name.split(_DELIMITER)
            branch = tree
            for group in groups:
                branch = branch.setdefault(group, {})
            branch[last] = value
        return tree

    def _own(self, environ: Mapping[str, str]) -> dict[str, str]:
        values: dict[str, str] = {}
        for raw, text in environ.items():
            if not raw.startswith(PREFIX) or not text:
                continue
            name, value = raw.removeprefix(PREFIX).lower(), text
            if not self._known(name) and raw.endswith(_FILE):
                name, value = name.removesuffix(_FILE.lower()), _read(Path(text), setting=raw)
            if not self._known(name):
                raise UnknownSettingError(
                    f"{raw} is not a setting; `escalate config reference` lists them"
                )
            if name in values:
                raise ConflictingSettingError(
                    f"{PREFIX}{name.upper()} is given twice, once as a file"
                )
            values[name] = value
        return values

    def _folder(self, folder: Path) -> dict[str, str]:
        values: dict[str, str] = {}
        for path in sorted(folder.iterdir()):
            if not path.name.lower().startswith(PREFIX.lower()) or not path.is_file():
                continue
            name = path.name.lower().removeprefix(PREFIX.lower())
            if not self._known(name):
                raise UnknownSettingError(f"secret file {path.name} is not a setting")
            values[name] = _read(path, setting=path.name)
        return values

    def _known(self, name: str) -> bool:
        return is_setting(self.settings_cls, name)


def is_setting(model: type[BaseModel], name: str) -> bool:
    """True if the lower-case name, groups and all, leads to a field of the model."""
    head, _, rest = name.partition(_DELIMITER)
    field = model.model_fields.get(head)
    if field is None:
        return False
    annotation = field.annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return bool(rest) and is_setting(annotation, rest)
    if get_origin(annotation) is dict:
        of = get_args(annotation)[1]
        key, _, inner = rest.partition(_DELIMITER)
        if not issubclass(of, BaseModel):
            return bool(key) and not inner
        return bool(inner) and is_setting(of, inner)
    return not rest


def _read(path: Path, *, setting: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UnknownSettingError(
            f"{setting} names a file that cannot be read: {error.strerror}"
        ) from error
