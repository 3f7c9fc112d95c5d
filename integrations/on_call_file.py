"""Which roles have a rota, and where it stands: one YAML file, read again whenever it changes.

teams:
  deputy-counsel:
    pagerduty: PI7DH85
    else: [incident-manager]
  triage:
    calendar: triage.ics
    notices: all
  incident-manager:
    people: [imani, ivar]

A team is named by the role it answers for. Pages to that role then go to who is on call; with
`notices: all` everything does. `else` names the roles that are told, in order, when nobody is on
call; after them the duty manager is. Runbooks name roles only: rotas change, runbooks do not.
"""

from io import StringIO
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cases.values import Inbound, Name
from integrations.errors import DirectoryUnreadableError
from integrations.people_file import plain, refuse_anchors
from integrations.ports.directory import PersonId

Schedule = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{3,32}$")]
"""PagerDuty's id of a schedule, as in its address."""

CalendarFile = Annotated[
    str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*\.ics$")
]

_LARGEST = 1024 * 1024


class Rota(Inbound):
    """Where it stands who is on call for a role: exactly one place."""

    model_config = ConfigDict(hide_input_in_errors=True)

    pagerduty: Schedule | None = None
    calendar: CalendarFile | None = None
    people: Annotated[tuple[PersonId, ...], Field(min_length=1, max_length=50)] | None = None
    notices: Literal["pages", "all"] = "pages"
    instead: Annotated[tuple[Name, ...], Field(max_length=10, alias="else")] = ()

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        given = [self.pagerduty, self.calendar, self.people]
        if sum(each is not None for each in given) != 1:
            raise ValueError("says exactly one of pagerduty, calendar and people")
        if self.calendar is not None and ".." in self.calendar.split("/"):
            raise ValueError("a calendar stands beside this file or below it")
        return self


def read_rotas(path: Path) -> dict[str, Rota]:
    """The rotas by role; `DirectoryUnreadableError` with line and column for anything wrong."""
    file = path.name
    document = _document(path)
    if not isinstance(document, CommentedMap) or list(document) != ["teams"]:
        raise _wrong("the file holds one map, `teams:`", file=file)
    teams = document["teams"]
    if not isinstance(teams, CommentedMap):
        raise _wrong("`teams:` is not a map", file=file)
    found: dict[str, Rota] = {}
    for role, entry in teams.items():
        line, column = teams.lc.key(role)
        try:
            name = _Team.model_validate({"role": role}).role
            found[name] = Rota.model_validate(plain(entry))
        except ValidationError as error:
            problem = min(error.errors(), key=lambda each: each["type"] == "missing")
            where = [str(part) for part in problem["loc"]]
            if where and isinstance(entry, CommentedMap) and where[0] in entry:
                line, column = entry.lc.key(where[0])
            raise _wrong(
                ": ".join([".".join([str(role), *where]), problem["msg"]]),
                file=file,
                line=line + 1,
                column=column + 1,
            ) from None
    for role, rota in found.items():
        if role in rota.instead:
            line, column = teams.lc.key(role)
            raise _wrong(
                f"{role}: else: names the role itself", file=file, line=line + 1, column=column + 1
            )
    return found


class _Team(Inbound):
    role: Name


def _document(path: Path) -> object:
    file = path.name
    try:
        if path.stat().st_size > _LARGEST:
            raise _wrong(f"is larger than {_LARGEST} bytes", file=file)
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise _wrong(f"cannot be read ({error.strerror})", file=file) from error
    except UnicodeDecodeError as error:
        raise _wrong("is not UTF-8", file=file) from error
    try:
        refuse_anchors(text, file=file)
        return YAML(typ="rt").load(StringIO(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = (error.problem or "is not YAML").split("\n")[0]
        raise _wrong(what, file=file, line=line, column=column) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise _wrong("is not YAML", file=file) from error


def _wrong(what: str, *, file: str, line: int = 1, column: int = 1) -> DirectoryUnreadableError:
    return DirectoryUnreadableError(what, file=file, line=line, column=column)
