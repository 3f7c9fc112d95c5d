"""Every fact of a question reaches the policies, and an answer says what it rests on."""

import hashlib
import json

import pytest

from integrations.cedar import CedarAccess, actions_of
from integrations.ports.access import Apart, Circumstances, Principal, Resource
from runbooks.errors import RunbookProblems
from runbooks.library import access_schema
from runbooks.restricting import load_classes

FACTS = {
    "Person": (
        ('principal == Person::"imani"', {"person": {"id": "imani"}}),
        ('principal.roles.contains("legal")', {"person": {"roles": {"legal", "policy"}}}),
        ('principal.clearances.contains("staff")', {"person": {"clearances": {"staff"}}}),
    ),
    "Case": (
        ('resource == Case::"case/b"', {"resource": {"id": "case/b"}}),
        ('resource.class == "staff"', {"resource": {"case_class": "staff"}}),
        ("resource.restricted", {"resource": {"case_class": "staff"}}),
        ("resource.needToKnow", {"resource": {"need_to_know": True}}),
        ('resource.stage == "review"', {"resource": {"stage": "review"}}),
        ("resource.ended", {"resource": {"ended": True}}),
        ('context.relations.contains("works")', {"context": {"relations": {"works", "a"}}}),
        ('context.bars.contains("same-person")', {"context": {"bars": {"same-person"}}}),
        ("context.assurance == 3", {"context": {"assurance": 3}}),
        ("context.glass", {"context": {"glass": True}}),
        ("context.delegate", {"context": {"delegate": True}}),
        ("!context.principalCleared", {"context": {"principal_cleared": False}}),
        ("context.people == 2", {"context": {"people": 2}}),
    ),
    "Field": (
        ('resource.name == "victim"', {"resource": {"name": "victim"}}),
        ('resource.class == "staff"', {"resource": {"case_class": "staff"}}),
        ("resource.restricted", {"resource": {"case_class": "staff"}}),
        ("resource.needToKnow", {"resource": {"need_to_know": True}}),
    ),
    "Effect": (
        ('resource.name == "disclose"', {"resource": {"name": "disclose"}}),
        ('resource.class == "staff"', {"resource": {"case_class": "staff"}}),
        ("resource.restricted", {"resource": {"case_class": "staff"}}),
        ("resource.irreversible", {"resource": {"irreversible": True}}),
        ("resource.discloses", {"resource": {"discloses": True}}),
    ),
    "Release": (('resource.kind == "runbook"', {"resource": {"name": "runbook"}}),),
    "Glass": (('resource == Glass::"g"', {"resource": {"id": "g"}}),),
}
"""What a policy can speak of, by what it is said of, with a question of which it holds."""
ACTION = {
    "Person": "read",
    "Case": "read",
    "Field": "read-field",
    "Effect": "perform",
    "Release": "release",
    "Glass": "review-emergency",
}


def only(*policies: str) -> CedarAccess:
    """An installation of these policies and no others."""
    return CedarAccess(
        policies={"own.cedar": "\n".join(policies).encode()},
        schema=access_schema(),
        classes=load_classes(b"classes: {}", file="classes.yaml"),
    )


@pytest.mark.parametrize(
    "kind,condition,holds",
    [(kind, *fact) for kind, facts in FACTS.items() for fact in facts],
)
def test_every_fact_reaches_the_policies_as_it_is(
    kind: str, condition: str, holds: dict[str, dict[str, object]]
) -> None:
    """A policy over one fact alone lets in whom it means, and nobody else."""
    access = only(f'@id("a") permit (principal, action, resource) when {{ {condition} }};')

    def let_in(**said: dict[str, object]) -> bool:
        of = "Case" if kind == "Person" else kind
        return access.may(
            Principal.model_validate({"id": "somebody", **said.get("person", {})}),
            ACTION[kind],
            Resource.model_validate({"kind": of, "id": "one", **said.get("resource", {})}),
            Circumstances.model_validate(said.get("context", {})),
        ).allowed

    assert let_in(**holds)
    assert not let_in()


def test_an_answer_says_what_it_rests_on() -> None:
    """The policies that decided, sorted; their words, the reason of the first that has one."""
    access = only(
        '@id("z-let-in") @says("everybody may") permit (principal, action, resource);',
        '@id("wall") @says("ask legal") @reason("conflicted") forbid (principal, action, resource)'
        ' when { context.bars.contains("x") };',
        '@id("b-plain") forbid (principal, action, resource) when { context.bars.contains("x") };',
    )
    person, case = Principal(id="a"), Resource(id="c", case_class="staff")

    allowed = access.may(person, "read", case, Circumstances())
    denied = access.may(person, "read", case, Circumstances(bars=frozenset({"x"})))

    assert (allowed.allowed, allowed.policies, allowed.reason) == (True, ("z-let-in",), "")
    assert (allowed.says, allowed.digest) == (("everybody may",), access.digest)
    assert allowed.restricted
    assert (denied.allowed, denied.policies, denied.reason) == (
        False,
        ("b-plain", "wall"),
        "conflicted",
    )
    assert sorted(denied.says) == ["", "ask legal"]
    assert not access.may(person, "read", Resource(id="c"), Circumstances()).restricted


def test_an_act_that_the_schema_does_not_name_is_asked_about_as_other() -> None:
    """A verb of a later release is work, and never let in by a policy for another."""
    access = only('@id("a") permit (principal, action == Action::"other", resource);')
    person, case = Principal(id="a"), Resource(id="c")

    assert access.may(person, "not-thought-of-yet", case, Circumstances()).allowed
    assert not access.may(person, "answer", case, Circumstances()).allowed


def test_a_policy_is_known_by_its_own_words() -> None:
    """Without an id it keeps the engine's name; what it does not say is empty."""
    first, second = only(
        '@id("one") @says("why") @reason("role") permit (principal, action, resource);',
        "forbid (principal, action, resource) when { context.glass };",
    ).written.values()

    assert (first.id, first.effect, first.says, first.reason) == ("one", "permit", "why", "role")
    assert (second.id, second.effect, second.says, second.reason) == ("policy1", "forbid", "", "")


def test_the_digest_is_of_policies_schema_and_classes() -> None:
    """Whatever an answer can depend on: another text of any is another digest."""
    policy = b'@id("a") permit (principal, action, resource);'
    classes = load_classes(b"classes: {}", file="classes.yaml")
    schema = access_schema()

    def digest(**changed: object) -> str:
        whole: dict[str, object] = {
            "policies": {"own.cedar": policy},
            "schema": schema,
            "classes": classes,
            **changed,
        }
        return CedarAccess(**whole).digest  # type: ignore[arg-type]

    made = CedarAccess(policies={"own.cedar": policy}, schema=schema, classes=classes)
    assert json.loads(made.written_down) == {
        "policies": {"own.cedar": policy.decode()},
        "schema": schema.decode(),
        "classes": "classes: {}",
    }
    assert digest() == hashlib.sha256(made.written_down).hexdigest()
    others = {
        digest(policies={"other.cedar": policy}),
        digest(policies={"own.cedar": policy + b"\n"}),
        digest(schema=schema + b"\n"),
        digest(classes=load_classes(b"classes: { }", file="classes.yaml")),
    }
    assert len({digest(), *others}) == 5


def test_the_actions_of_a_schema_are_read_out_of_its_text() -> None:
    """Groups, lists and quoted names."""
    text = (
        "action look;\n"
        'action list, "read-field" in [look] appliesTo { principal: P, resource: R };\n'
        "action perform appliesTo {\n  principal: P };\n"
    )

    assert actions_of(text) == {"look", "list", "read-field", "perform"}


CLASSES = b"""
apart:
  authority-contact: [agency]
  victim: [account, contact]
classes:
  children: {says: "Children", runbooks: [child-safety-report], cleared: [expert, lead]}
  staff: {says: "Staff", answers: {about-staff: ["yes", unknown]}, cleared: [executive]}
  late: {says: "Late", runbooks: [appeal], answers: {about-staff: ["yes"]}, cleared: [lead]}
"""


def test_classes_that_cannot_be_read_are_told_with_their_file() -> None:
    """And the bytes they were read from are kept as they were."""
    with pytest.raises(RunbookProblems) as refused:
        load_classes(b"classes: {staff: {}}", file="own.yaml")

    assert {problem.file for problem in refused.value.problems} == {"own.yaml"}
    assert load_classes(CLASSES, file="c").source == CLASSES


def test_the_first_class_that_fits_is_the_cases() -> None:
    """By runbook or by an answer; a case that fits none is ordinary."""
    access = CedarAccess(
        policies={}, schema=access_schema(), classes=load_classes(CLASSES, file="c")
    )

    assert access.case_class("child-safety-report", {"about-staff": "yes"}) == "children"
    assert access.case_class("appeal", {"about-staff": "yes"}) == "staff"
    assert access.case_class("appeal", {"about-staff": "no"}) == "late"
    assert access.case_class("other", {"about-staff": "unknown"}) == "staff"
    assert access.case_class("other", {"about-staff": "no", "else": "yes"}) == ""
    assert access.clearances(frozenset({"lead", "visitor"})) == {"children", "late"}
    assert access.clearances(frozenset({"visitor"})) == frozenset()
    assert access.answers_of(Apart.VICTIM) == ("account", "contact")
    assert access.answers_of(Apart.AUTHORITY_CONTACT) == ("agency",)
    assert access.answers_of(Apart.EVIDENCE) == ()
