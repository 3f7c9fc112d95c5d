"""From the provider's claims to a person and their roles: data out of the settings, and pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue, TypeAdapter, ValidationError

from integrations.errors import IdentityError, IdentityReason
from integrations.ports.directory import PersonId
from integrations.ports.identity import Claimed, Proof

_ID: TypeAdapter[str] = TypeAdapter(PersonId)
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
_LONGEST_NAME = 200
_LONGEST_EMAIL = 254
_MOST_VALUES = 2000


@dataclass(frozen=True)
class RoleMap:
    """Which claim names the person, which one their groups, and which roles those give."""

    person_claim: str = "preferred_username"
    roles_claim: str = "groups"
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """A role, and the values of the claim that give it. Empty: the directory's file gives roles."""

    @property
    def from_claims(self) -> bool:
        """Whether the provider says who holds which role."""
        return bool(self.roles)

    @property
    def wanted(self) -> frozenset[str]:
        """The claims that are asked for."""
        ours = {"name", "email", "email_verified", _first(self.person_claim)}
        if self.from_claims:
            ours.add(_first(self.roles_claim))
        return frozenset(ours)

    def read(self, proof: Proof) -> Claimed:
        """The person of a proof; IdentityError when the claims do not name one.

        An address stands for a person only where the provider says that it is theirs.
        """
        text = _text(proof.claims, self.person_claim)
        if self.person_claim == "email" and proof.claims.get("email_verified") is not True:
            raise IdentityError(
                IdentityReason.CLAIM_MISSING, "the provider has not verified the e-mail address"
            )
        email = _text(proof.claims, "email")
        name = _text(proof.claims, "name") or text
        return Claimed(
            person=person_id(text),
            issuer=proof.issuer,
            subject=proof.subject,
            name=name[:_LONGEST_NAME],
            email=email if _EMAIL.fullmatch(email) and len(email) <= _LONGEST_EMAIL else "",
            roles=self.roles_of(proof.claims),
            told_at=proof.at,
        )

    def roles_of(self, claims: Mapping[str, JsonValue]) -> tuple[str, ...]:
        """The roles that the claim's values give, by name; a value nobody mapped gives none."""
        value = _at(claims, self.roles_claim)
        values = value[:_MOST_VALUES] if isinstance(value, list) else [value]
        held = {each for each in values if isinstance(each, str)}
        return tuple(sorted(role for role, given in self.roles.items() if given & held))


def person_id(text: str) -> str:
    """The id that a claim's value stands for: itself, or an address with its @ written out."""
    written = text.strip().casefold().replace("@", "-at-")
    try:
        return _ID.validate_python(written)
    except ValidationError:
        raise IdentityError(
            IdentityReason.CLAIM_MISSING, "the provider's claim cannot name a person here"
        ) from None


def _text(claims: Mapping[str, JsonValue], path: str) -> str:
    value = _at(claims, path)
    return value.strip() if isinstance(value, str) else ""


def _at(claims: Mapping[str, JsonValue], path: str) -> JsonValue:
    """The claim of that name, else what lies at the path: `realm_access.roles`."""
    if path in claims:
        return claims[path]
    value: JsonValue = dict(claims)
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _first(path: str) -> str:
    # A claim may have dots, and slashes, in its own name: `https://example.org/roles`.
    return path if "://" in path else path.split(".", 1)[0]
