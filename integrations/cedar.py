"""Cedar behind the access port: policies in files, a schema, deny by default, forbid outweighs.

A native engine, so it is never asked inside a workflow: doors ask it, and activities.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import cedarpy

from cases.canonical import canonical, sha256
from integrations.ports.access import Apart, Circumstances, Decision, Kind, Principal, Resource
from runbooks.library import access_policies, access_schema, restricted_classes
from runbooks.restricting import Classes, load_classes

OTHER = "other"
"""The action an act stands for that the schema does not name."""

_ACTIONS = re.compile(r"^action\s+(?P<names>[^{};]*?)\s*(?:\sin\s|\sappliesTo\s|;)", re.MULTILINE)
_NAMED = {
    "principal": (re.compile(r'\bPerson::"'), ""),
    "id": (re.compile(r'\b(?:Case|Field|Effect|Glass|Release)::"'), "one"),
    "stage": (re.compile(r"\.stage\b"), ""),
    "ended": (re.compile(r"\.ended\b"), False),
    "name": (re.compile(r"\.(?:name|kind)\b"), ""),
}
"""How a policy would have to speak of it for it to matter, and what stands there when none does."""

_MOST_REMEMBERED = 20_000


@dataclass(frozen=True)
class PolicyText:
    """One policy as it was written."""

    id: str
    effect: str
    says: str
    reason: str


class CedarAccess:
    """The policies of one installation, parsed once."""

    def __init__(self, *, policies: Mapping[str, bytes], schema: bytes, classes: Classes) -> None:
        text = "\n".join(policies[name].decode() for name in sorted(policies))
        self._policies = cedarpy.PolicySet.from_str(text)
        self._schema = cedarpy.Schema.from_str(schema.decode())
        self._known = actions_of(schema.decode())
        self._classes = classes
        self.written: dict[str, PolicyText] = policies_of(text)
        """Every policy, by the engine's own name of it."""
        self.written_down: bytes = written_down(policies, schema=schema, classes=classes)
        self.digest: str = sha256(self.written_down)
        self._blind = _blind_to(text)
        self._remembered = lru_cache(maxsize=_MOST_REMEMBERED)(self._decide)

    def may(
        self, person: Principal, action: str, resource: Resource, context: Circumstances
    ) -> Decision:
        """The decision; anything that no policy permits is denied.

        The same question has the same answer, so an answer is remembered for as long as these
        policies are.
        """
        if "principal" in self._blind:
            person = person.model_copy(update={"id": "somebody"})
        unasked = {name: value for name, value in self._blind.items() if name != "principal"}
        return self._remembered(person, action, resource.model_copy(update=unasked), context)

    def case_class(self, runbook: str, answers: dict[str, str]) -> str:
        """The restricted class of a case; empty for an ordinary one."""
        return self._classes.of(runbook, answers)

    def answers_of(self, apart: Apart) -> tuple[str, ...]:
        """The questions whose answers belong to what is kept apart."""
        return self._classes.apart.get(apart.value, ())

    def clearances(self, roles: frozenset[str]) -> frozenset[str]:
        """The classes that these roles are cleared for."""
        return self._classes.cleared(roles)

    def _decide(
        self, person: Principal, action: str, resource: Resource, context: Circumstances
    ) -> Decision:
        result = cedarpy.is_authorized(
            {
                "principal": {"type": "Person", "id": person.id},
                "action": {"type": "Action", "id": action if action in self._known else OTHER},
                "resource": {"type": resource.kind.value, "id": resource.id},
                "context": _context(context),
            },
            self._policies,
            [_person(person), _resource(resource)],
            self._schema,
        )
        decided = [self.written[name] for name in result.diagnostics.reasons]
        # A policy that cannot be evaluated has said nothing: what it would forbid must not happen.
        broken = bool(result.diagnostics.errors)
        allowed = result.allowed and not broken
        return Decision(
            allowed=allowed,
            policies=tuple(sorted(each.id for each in decided)),
            digest=self.digest,
            reason=next((each.reason for each in decided if each.reason), ""),
            says=tuple(each.says for each in decided),
            restricted=resource.restricted,
        )


@cache
def shipped() -> CedarAccess:
    """The policies that come with escalate: the same for as long as it runs, so read once."""
    return CedarAccess(
        policies=access_policies(),
        schema=access_schema(),
        classes=load_classes(restricted_classes(), file="classes.yaml"),
    )


def written_down(policies: Mapping[str, bytes], *, schema: bytes, classes: Classes) -> bytes:
    """Everything an answer depends on besides the question, as one text that can be kept."""
    return canonical(
        {
            "policies": {name: text.decode() for name, text in policies.items()},
            "schema": schema.decode(),
            "classes": classes.source.decode(),
        }
    )


def actions_of(schema: str) -> frozenset[str]:
    """The actions a schema names."""
    found: set[str] = set()
    for match in _ACTIONS.finditer(schema):
        found |= {name.strip().strip('"') for name in match["names"].split(",")}
    return frozenset(found)


def policies_of(text: str) -> dict[str, PolicyText]:
    """Every policy of the text, by the engine's own name of it."""
    read: dict[str, Any] = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    written = {}
    for name, policy in read.items():
        said = policy.get("annotations", {})
        written[name] = PolicyText(
            id=said.get("id") or name,
            effect=policy["effect"],
            says=said.get("says") or "",
            reason=said.get("reason") or "",
        )
    return written


def _blind_to(text: str) -> dict[str, Any]:
    """What no policy of the text asks about, which therefore cannot change an answer."""
    return {name: unsaid for name, (asked, unsaid) in _NAMED.items() if not asked.search(text)}


def _person(person: Principal) -> dict[str, Any]:
    return {
        "uid": {"type": "Person", "id": person.id},
        "attrs": {"roles": sorted(person.roles), "clearances": sorted(person.clearances)},
        "parents": [],
    }


def _resource(resource: Resource) -> dict[str, Any]:
    attrs: dict[str, Any] = {"class": resource.case_class, "restricted": resource.restricted}
    match resource.kind:
        case Kind.CASE:
            attrs |= {
                "needToKnow": resource.need_to_know,
                "stage": resource.stage,
                "ended": resource.ended,
            }
        case Kind.FIELD:
            attrs |= {"name": resource.name, "needToKnow": resource.need_to_know}
        case Kind.EFFECT:
            attrs |= {
                "name": resource.name,
                "irreversible": resource.irreversible,
                "discloses": resource.discloses,
            }
        case Kind.RELEASE:
            attrs = {"kind": resource.name}
        case Kind.GLASS:
            attrs = {}
    return {
        "uid": {"type": resource.kind.value, "id": resource.id},
        "attrs": attrs,
        "parents": [],
    }


def _context(context: Circumstances) -> dict[str, Any]:
    return {
        "relations": sorted(context.relations),
        "bars": sorted(context.bars),
        "assurance": context.assurance,
        "glass": context.glass,
        "delegate": context.delegate,
        "principalCleared": context.principal_cleared,
        "people": context.people,
    }
