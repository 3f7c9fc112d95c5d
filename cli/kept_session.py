"""The log-in of this user on this machine: one file that only they can read."""

import json
import os
import stat
from pathlib import Path

import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from cli.output import stop


class KeptSession(BaseModel):
    """Where somebody is logged in, as whom, and the token that proves it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    url: str
    person: str
    token: str
    expires_at: str


def session_file() -> Path:
    """Where the session is kept."""
    return Path(typer.get_app_dir("escalate")) / "session.json"


def kept_session() -> KeptSession | None:
    """The session, if somebody is logged in; a file that others can read is refused."""
    file = session_file()
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077 and os.name == "posix":
            stop(
                f"{file} can be read by others, so it is not used.",
                mend=f"Remove it (rm '{file}'), then log in again: escalate login PERSON",
            )
        return KeptSession.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        stop(f"{file} is not a session.", mend="Log in again: escalate login PERSON")


def keep_session(session: KeptSession) -> None:
    """The session is in its file, mode 0600 from its first byte on."""
    file = session_file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(session.model_dump(), out)
    draft.replace(file)


def forget_session() -> None:
    """Nobody is logged in on this machine."""
    session_file().unlink(missing_ok=True)
