"""W3C PROV-JSON (https://www.w3.org/submissions/prov-json/): how a case came to be what it is.

An entry is an activity. A round of a gate and the case itself after each entry are entities, people
and escalate are agents. Whoever acted in another's place acted on their behalf. No prose goes out.
"""

import json
from collections.abc import Iterable
from typing import Any

from audit.formats.seen import Seen
from cases.journal import Kind

PREFIX = "https://escalate.example/prov#"
_SYSTEM = "e:escalate"


class _Document:
    """The parts of a PROV-JSON document, each relation under a name of its own."""

    def __init__(self) -> None:
        self.parts: dict[str, Any] = {"prefix": {"e": PREFIX}}

    def put(self, part: str, name: str, **attributes: str) -> None:
        """The element is there; attributes that say nothing are left out."""
        said = {_attribute(key): value for key, value in attributes.items() if value}
        self.parts.setdefault(part, {}).setdefault(name, {}).update(said)

    def relate(self, part: str, **ends: str) -> None:
        """The relation is there."""
        found = self.parts.setdefault(part, {})
        found[f"_:{part}{len(found) + 1}"] = {f"prov:{key}": value for key, value in ends.items()}


def as_prov(rows: Iterable[Seen], *, number: str) -> str:
    """The document."""
    document = _Document()
    document.put("agent", _SYSTEM, type="prov:SoftwareAgent")
    before = ""
    for row in rows:
        before = _entry(document, row, number=number, before=before)
    return json.dumps(document.parts, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _entry(document: _Document, row: Seen, *, number: str, before: str) -> str:
    """The entry is in the document; the name of the activity is returned."""
    entry, body = row.entry, row.entry.body
    place = f"{entry.stream}-{row.branch}-{entry.sequence}".replace("/", "-")
    at = entry.at.isoformat()
    activity, case = f"e:entry-{place}", f"e:case-after-{place}"
    document.put(
        "activity", activity, startTime=at, endTime=at, kind=entry.kind.value, hash=row.hash
    )
    document.put("entity", case, kind="case", number=number)
    document.relate("wasGeneratedBy", entity=case, activity=activity, time=at)
    if before:
        document.relate("wasInformedBy", informed=activity, informant=before)
    agent = _agent(document, row)
    document.relate("wasAssociatedWith", activity=activity, agent=agent)
    gate, number_of_round = body.get("gate"), body.get("round")
    if isinstance(gate, str) and isinstance(number_of_round, int):
        asked = f"e:round-{gate}-{number_of_round}"
        if entry.kind is Kind.ROUND_OPENED:
            document.put("entity", asked, kind="round", content=str(body.get("content", "")))
            document.relate("wasGeneratedBy", entity=asked, activity=activity, time=at)
        elif asked in document.parts["entity"]:
            document.relate("used", activity=activity, entity=asked, time=at)
    return activity


def _agent(document: _Document, row: Seen) -> str:
    if not row.who or row.who == "escalate":
        return _SYSTEM
    agent = f"e:person-{row.who}"
    role = row.entry.body.get("role")
    document.put("agent", agent, type="prov:Person", role=role if isinstance(role, str) else "")
    behind = row.entry.body.get("acting_for")
    if isinstance(behind, str):
        document.put("agent", f"e:person-{behind}", type="prov:Person")
        document.relate("actedOnBehalfOf", delegate=agent, responsible=f"e:person-{behind}")
    return agent


def _attribute(key: str) -> str:
    return f"prov:{key}" if key in ("type", "startTime", "endTime") else f"e:{key}"
