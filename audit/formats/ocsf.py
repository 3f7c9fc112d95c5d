"""OCSF 1.5.0 (https://schema.ocsf.io/1.5.0), class API Activity (6003): one event an entry.

What people and doors do to a case is an API activity: an actor, an operation, a resource. No prose
goes out: a SIEM keeps for years and has readers of its own.
"""

import json
from collections.abc import Iterable
from typing import Any

from audit.formats.seen import Seen

SCHEMA = "1.5.0"
_CATEGORY, _CLASS = 6, 6003
_CREATE, _READ, _UPDATE, _OTHER = 1, 2, 3, 99
_INFORMATIONAL = 1
_SEVERITY = {"SEV0": 5, "SEV1": 4, "SEV2": 3, "SEV3": 2, "SEV4": 1}
_SUCCESS, _FAILURE = 1, 2
_SYSTEM = "escalate"


def as_ocsf(rows: Iterable[Seen], *, number: str, version: str) -> str:
    """One event a line, in the order of the entries."""
    worst = _INFORMATIONAL
    lines: list[str] = []
    for row in rows:
        worst = _SEVERITY.get(str(row.entry.body.get("severity")), worst)
        event = _event(row, number=number, version=version, severity=worst)
        lines.append(json.dumps(event, ensure_ascii=False, sort_keys=True))
    return "".join(f"{line}\n" for line in lines)


def _event(row: Seen, *, number: str, version: str, severity: int) -> dict[str, Any]:
    entry = row.entry
    area, subject, action = entry.kind.value.split(":")
    activity, name = _activity(action)
    refused = "refused" in action or "failed" in action
    return {
        "activity_id": activity,
        "activity_name": name,
        "actor": _actor(row),
        "api": {"operation": entry.kind.value, "service": {"name": _SYSTEM}},
        "category_uid": _CATEGORY,
        "category_name": "Application Activity",
        "class_uid": _CLASS,
        "class_name": "API Activity",
        "metadata": {
            "version": SCHEMA,
            "product": {"name": _SYSTEM, "vendor_name": _SYSTEM, "version": version},
            "uid": row.hash,
            "sequence": entry.sequence,
            "log_name": f"{entry.stream}/{row.branch}",
        },
        "resources": [{"type": "case", "uid": entry.case, "name": number}],
        "severity_id": severity,
        "src_endpoint": {"name": str(entry.body.get("door", entry.stream))},
        "status_id": _FAILURE if refused else _SUCCESS,
        "time": int(entry.at.timestamp() * 1000),
        "type_uid": _CLASS * 100 + activity,
        "type_name": f"API Activity: {name}",
        "unmapped": {"area": area, "subject": subject, "action": action, **row.safe},
    }


def _activity(action: str) -> tuple[int, str]:
    if action in ("opened", "recorded", "ordered", "started", "begun", "by-report", "intended"):
        return _CREATE, "Create"
    if action in ("looked-at", "read", "shown"):
        return _READ, "Read"
    if action in ("refused", "refused-many", "failed"):
        return _OTHER, "Other"
    return _UPDATE, "Update"


def _actor(row: Seen) -> dict[str, Any]:
    if row.who and row.who != _SYSTEM:
        user: dict[str, Any] = {"name": row.who, "uid": row.who, "type_id": 1}
        role = row.entry.body.get("role")
        if isinstance(role, str):
            user["groups"] = [{"name": role}]
        return {"user": user}
    return {"app_name": _SYSTEM}
