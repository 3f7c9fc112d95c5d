"""From claims to a person, their roles, and the directory that knows both."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.claims_directory import ClaimsDirectory
from integrations.errors import IdentityError, IdentityReason, UnknownPersonError
from integrations.file_directory import DEMO_FILE, FileDirectory
from integrations.oidc.role_map import RoleMap, person_id
from integrations.ports.directory import SecondFactor
from integrations.ports.identity import Claimed, Proof
from tests.fakes.clock import START, FixedClock

ROLES = {"legal": frozenset({"CN=Legal, OU=Teams"}), "policy": frozenset({"p", "q"})}


def proof(**claims: Any) -> Proof:
    """What the provider said."""
    usual = {"preferred_username": "Ada", "name": "Ada Example", "email": "ada@example.org"}
    return Proof(issuer="https://id.example", subject="7", claims={**usual, **claims}, at=START)


@pytest.mark.parametrize(
    "groups, roles",
    [
        (["CN=Legal, OU=Teams"], ("legal",)),
        (["q", "p", "CN=Legal, OU=Teams"], ("legal", "policy")),
        ("p", ("policy",)),
        (["P", "legal", "policy"], ()),
        ([["p"], {"p": 1}, None, 7], ()),
        ({"p": True}, ()),
        (None, ()),
    ],
)
def test_only_mapped_groups_give_roles(groups: Any, roles: tuple[str, ...]) -> None:
    """Exactly as written; a group that is called like a role gives nothing by its name."""
    assert RoleMap(roles=ROLES).read(proof(groups=groups)).roles == roles


def test_groups_may_lie_deep_or_under_an_address() -> None:
    """As Keycloak and Auth0 write them."""
    deep = RoleMap(roles=ROLES, roles_claim="realm_access.roles")
    assert deep.roles_of({"realm_access": {"roles": ["p"]}}) == ("policy",)
    assert "realm_access" in deep.wanted
    address = RoleMap(roles=ROLES, roles_claim="https://example.org/roles")
    assert address.roles_of({"https://example.org/roles": ["p"]}) == ("policy",)
    assert "https://example.org/roles" in address.wanted


def test_an_address_names_a_person_only_when_it_is_verified() -> None:
    """Whoever may write any address into their profile is not that person."""
    by_email = RoleMap(person_claim="email")
    assert by_email.read(proof(email_verified=True)).person == "ada-at-example.org"
    for said in (False, None, "true", 1):
        with pytest.raises(IdentityError) as refused:
            by_email.read(proof(email_verified=said))
        assert refused.value.reason is IdentityReason.CLAIM_MISSING


@pytest.mark.parametrize("text", ["", " ", "../x", "a b", "ä", "x" * 65, "-a", "a\n"])
def test_a_claim_that_is_no_name_is_refused(text: str) -> None:
    """Ids are short and plain."""
    if text.strip() == "a":
        assert person_id(text) == "a"
        return
    with pytest.raises(IdentityError):
        person_id(text)


@given(st.text(max_size=80))
def test_any_claim_is_an_id_or_a_typed_refusal(text: str) -> None:
    """And the same text is always the same person, however its capitals."""
    try:
        found = person_id(text)
    except IdentityError:
        return
    assert person_id(found) == found


class Told:
    """What the provider said of people."""

    def __init__(self, *people: Claimed) -> None:
        self.people = people

    async def all(self) -> tuple[Claimed, ...]:
        """Everybody."""
        return self.people


def claimed(person: str, *roles: str) -> Claimed:
    """A person by claims."""
    return Claimed(
        person=person,
        issuer="https://id.example",
        subject=person,
        name="As the provider says",
        email="p@id.example",
        roles=roles,
        told_at=START,
    )


def directory(*people: Claimed, roles: Any = None, file: Path | None = DEMO_FILE) -> Any:
    """The two as one."""
    clock = FixedClock(START)
    return ClaimsDirectory(
        FileDirectory(file, clock=clock) if file is not None else None,
        claimed=Told(*people),
        roles=RoleMap(roles=ROLES if roles is None else roles),
        clock=clock,
    )


async def test_claims_rule_over_the_file_s_roles() -> None:
    """Of who logged in the provider says the roles; of others the file, so that they are told."""
    both = directory(claimed("lena", "policy"), claimed("new", "legal"))
    snapshot = await both.snapshot()

    lena = snapshot.find("lena")
    assert lena.roles == {"policy"}
    assert lena.email != "p@id.example"
    assert lena.second_factor is SecondFactor.PROVIDER
    assert "lena" not in {person.id for person in snapshot.holders("legal")}
    assert (await both.person("new")).email == "p@id.example"
    assert snapshot.find("paula").roles
    assert await both.check_password("paula", "demo")
    with pytest.raises(UnknownPersonError):
        await both.person("nobody")


async def test_without_a_map_the_file_says_who_is_one_of_us() -> None:
    """Who was taken out of it is gone, whatever the provider said once."""
    plain = directory(claimed("lena"), claimed("gone"), roles={})
    assert "legal" in (await plain.person("lena")).roles
    assert (await plain.snapshot()).find("gone") is None


async def test_the_digest_covers_file_claims_and_map() -> None:
    """Any of the three changed is another answer; the same three are the same."""
    answers = [
        directory(claimed("a", "legal")),
        directory(claimed("a", "policy")),
        directory(claimed("a", "legal").model_copy(update={"told_at": START.replace(year=2027)})),
        directory(claimed("a", "legal"), roles={"legal": frozenset({"x"})}),
        directory(claimed("a", "legal"), file=None),
    ]
    digests = {(await each.snapshot()).digest for each in answers}
    assert len(digests) == len(answers)
    assert (await answers[0].snapshot()).digest in digests
