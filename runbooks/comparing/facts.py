"""A runbook taken apart: every single thing it says, under a name that survives reordering.

What is left out of a text and what is written as its default are the same fact. Keys this module
has never heard of become facts as well, so that nothing of the language can change unseen.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import Enum
from typing import Any

from runbooks.compile import compile_runbook
from runbooks.grammar.base import moment_of
from runbooks.grammar.stages import MORE_INFORMATION
from runbooks.grammar.times import OTHERWISE
from runbooks.plan import Severity
from runbooks.rendering.wording import duration
from runbooks.runbook import Runbook

Path = tuple[str, ...]
Fact = str | int | bool | timedelta | date | tuple[str, ...] | Mapping[str, int | timedelta]

_WHOLE = {"approve", "quorum", "allow", "within", "every", "hold-at-most"}
"""Mappings that are one fact: who must agree, how long by severity."""
_ACTIONS = ("remind", "page", "do", "go", "escalate")
_APART = {"version", "severity"}
"""The version names a text and the severity table is compared by what it answers."""


def facts(runbook: Runbook) -> dict[Path, Fact]:
    """Everything the runbook says, but for its version and its severity table."""
    document = _effective(runbook)
    return dict(_taken_apart({k: v for k, v in document.items() if k not in _APART}, ()))


def _effective(runbook: Runbook) -> dict[str, Any]:
    """The document with what it leaves to the engine written out."""
    document = runbook.document.model_dump(by_alias=True)
    pathway = compile_runbook(runbook)
    for stage in document["stages"]:
        gate = pathway.stage(stage["stage"]).gate
        if gate is not None:
            reason = "required" if gate.reject_reason else "optional"
            stage["approve"] = gate.approve
            stage["reject"] = {"quorum": gate.reject, "reason": reason}
            stage["votes"] = gate.votes
        _only_at_gates(stage, gate=gate is not None)
        stage["late"] = _late(stage["late"], stage["within"][OTHERWISE])
        stage["within"] = _times(stage["within"])
        for disposition in (stage["dispositions"] or {}).values():
            # One that requires nothing is there all the same.
            disposition["there"] = True
    for effect in document["effects"].values():
        if effect["bulk"] is not None:
            effect["bulk"]["steps"] = tuple(map(_step, effect["bulk"]["steps"]))
    for clock in pathway.clocks:
        written = document["clocks"][clock.id]
        written["owner"] = clock.owner
        counted = clock.starts_after is None and clock.starts_at is None
        written["starts"] = clock.starts if counted else None
        written["kind"], written["within"] = clock.kind, clock.within
        written["restart"] = clock.restart
        written["late"] = _late(written["late"], clock.within)
    if document["hold-at-most"] is not None:
        document["hold-at-most"] = _times(document["hold-at-most"])
    for policy in document["escalations"].values():
        # Their order is what they mean, so each step is a fact under its number.
        policy["steps"] = {str(n): _told(step) for n, step in enumerate(policy["steps"], 1)}
    for update in document["updates"].values():
        update["every"] = _times(update["every"])
    document["law"] = tuple(
        f"{' and '.join(sorted(row.looks_for)) or 'always'}: {' and '.join(sorted(row.means))}"
        for row in runbook.document.law
    )
    document["score"] = {
        line.said: {"points": line.points, "because": line.because}
        for line in runbook.document.score
    }
    for name, question in runbook.document.intake.items():
        document["intake"][name]["asked-if"] = question.condition or None
    document["first"] = pathway.first
    document["stages"] = {stage.pop("stage"): stage for stage in document["stages"]}
    document["after-closing"] = {
        item.name: {
            "owner": item.owner,
            "after": item.after,
            "title": item.title,
            "for": item.only,
            "only-at": item.only_at,
            "sample": item.sample,
            "kind": item.kind,
            "review": item.review,
            "every": item.every,
            "renewals": item.renewals,
            "minimum": item.minimum,
            "extend": item.extend,
        }
        for item in pathway.after_closing
        if not item.carries
    }
    return document


def _only_at_gates(stage: dict[str, Any], *, gate: bool) -> None:
    """What is said of gates alone is no fact of any other stage."""
    if not gate:
        stage["delegation"] = stage["passkeys"] = None
    for outcome, step in (stage["next"] or {}).items():
        if not gate or outcome != MORE_INFORMATION:
            step["clock"] = None


def _times(within: Mapping[str, timedelta]) -> timedelta | dict[str, timedelta]:
    """One time for all, or the time of each severity."""
    times: dict[str, timedelta] = {name: within.get(name, within[OTHERWISE]) for name in Severity}
    return times if len(set(times.values())) > 1 else times[Severity.SEV0]


def _step(step: Mapping[str, Any]) -> str:
    return f"{step['share']} watched {step['watch']}" if step["watch"] else step["share"]


def _told(step: Mapping[str, Any]) -> str:
    """One step of an escalation policy, in one line."""
    return ", ".join(f"{key} {_span(value)}" for key, value in step.items() if value is not None)


def _span(value: Any) -> str:
    return duration(value) if isinstance(value, timedelta) else _word(value)


def _late(steps: Any, within: timedelta) -> dict[str, tuple[str, ...]]:
    """What lateness does, and when: the share where the text says a share, else the time."""
    said: dict[str, list[str]] = {}
    for step in steps:
        action = next(f"{key} {step[key]}" for key in _ACTIONS if step[key])
        if step.get("instead-of"):
            action += f" instead of {step['instead-of']}"
        said.setdefault(action, []).append(_moment(step["at"], within))
    return {action: tuple(sorted(moments)) for action, moments in said.items()}


def _moment(at: str, within: timedelta) -> str:
    """The moment as a share of the time where it is a whole one: `45m` of an hour is `75%`."""
    share = moment_of(at, within=within) * 100 / within
    return f"{share:g}%" if share == int(share) else at


def _taken_apart(value: Any, path: Path) -> Iterator[tuple[Path, Fact]]:
    if isinstance(value, Mapping) and (not path or path[-1] not in _WHOLE):
        for key, each in value.items():
            yield from _taken_apart(each, (*path, str(key)))
    elif isinstance(value, Mapping):
        yield path, dict(value)
    elif isinstance(value, tuple | list):
        if value:
            yield path, tuple(sorted(_word(each) for each in value))
    elif isinstance(value, Enum):
        yield path, str(value.value)
    elif value is not None and value is not False:
        yield path, value


def _word(value: Any) -> str:
    return str(value.value) if isinstance(value, Enum) else str(value)
