"""Policies as files: read, refused with file and line, and never idle."""

import re
from pathlib import Path

import pytest

from cases.acts import VERBS
from integrations.cedar import CedarAccess, actions_of, shipped
from integrations.cedar_folder import (
    PoliciesRefusedError,
    checked,
    installed,
    read_folder,
    statements,
)
from integrations.cedar_reach import unreachable
from integrations.ports.access import Circumstances, Principal, Resource
from runbooks.library import access_policies, access_schema
from runbooks.restricting import load_classes

DOCS = Path(__file__).parents[2] / "docs" / "access.md"
GOOD = """
@id("nobody-reads-on-sundays")
@says("not today: come back tomorrow")
forbid (principal, action == Action::"read", resource is Case) when { resource.stage == "sunday" };
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A team's own folder."""
    own = tmp_path / "policies"
    own.mkdir()
    return own


def asked(access: CedarAccess, **of_case: object) -> bool:
    """Whether an incident manager reads a case."""
    return access.may(
        Principal(id="imani", roles=frozenset({"incident-manager"})),
        "read",
        Resource.model_validate({"id": "case/a", **of_case}),
        Circumstances(),
    ).allowed


def test_what_ships_is_well_and_every_policy_can_decide_something() -> None:
    """Against the schema, with ids and words, and without a rule that is none."""
    texts, _ = read_folder(None)

    assert list(checked(texts)) == []
    assert list(unreachable(shipped(), texts)) == []


@pytest.mark.parametrize("action", ["read", "list", "export", "decode", "answer", "grant-access"])
@pytest.mark.parametrize("opened", ["glass", "granted"])
def test_what_is_open_for_a_time_lends_a_clearance_to_read_and_for_nothing_else(
    action: str, opened: str
) -> None:
    """Nor does the role that somebody has in the case besides."""
    said = shipped().may(
        Principal(id="legal", roles=frozenset({"legal"})),
        action,
        Resource(id="case/a", case_class="staff"),
        Circumstances(
            assurance=3,
            glass=opened == "glass",
            relations=frozenset({"concerned", "claimed", opened}),
        ),
    )

    assert said.allowed == (action in ("read", "list"))
    if not said.allowed:
        assert said.policies == ("restricted-needs-clearance",)


def test_every_verb_is_an_action_of_the_schema() -> None:
    """One that is missing would be asked about as `other`: add it to schema.cedarschema."""
    assert set(VERBS) <= actions_of(access_schema().decode())


def test_a_teams_own_policy_is_added_and_changes_the_digest(folder: Path) -> None:
    """It narrows what ships; the answer's digest is another one."""
    (folder / "own.cedar").write_text(GOOD)
    own, before = installed(folder), shipped()

    assert asked(before, stage="sunday")
    assert not asked(own, stage="sunday")
    assert asked(own, stage="monday")
    assert own.digest != before.digest


def test_a_teams_own_classes_take_the_place_of_those_that_ship(folder: Path) -> None:
    """Any runbook can be restricted, and its clearance given to any role."""
    (folder / "classes.yaml").write_text(
        'classes:\n  fraud: {says: "Fraud", runbooks: [account-takeover-wave], cleared: [ciso]}\n'
    )
    own = installed(folder)

    assert own.case_class("account-takeover-wave", {}) == "fraud"
    assert own.case_class("child-safety-report", {}) == ""
    assert own.clearances(frozenset({"ciso"})) == {"fraud"}
    assert not asked(own, case_class="fraud")


@pytest.mark.parametrize(
    "text, line, found",
    [
        ('@id("a")\n@says("b")\npermit (principal, action, resource) when { x. };', 1, "read"),
        (GOOD + "\n\npermit (principal, action, resource is Case);", 7, "no @id"),
        (GOOD + GOOD, 6, "has the id of the policy at own.cedar:2"),
        (GOOD.replace("stage", "stge"), 2, "attribute `stge`"),
        (GOOD.replace('"read"', '"reed"'), 2, "unrecognized action"),
        (GOOD.replace('@says("not today: come back tomorrow")\n', ""), 2, "no @says"),
        (GOOD.replace("@says", '@reason("because")\n@says'), 2, "not one that people know"),
        ("// only a comment\n" + GOOD + "garbage", 6, "cannot be read"),
        ('@id("t")\n@says("u")\npermit (principal == ?principal, action, resource);', 1, "read"),
    ],
)
def test_a_wrong_policy_is_refused_with_file_and_line(
    folder: Path, text: str, line: int, found: str
) -> None:
    """Nothing of a folder with a problem in it is used."""
    (folder / "own.cedar").write_text(text)
    with pytest.raises(PoliciesRefusedError) as refused:
        installed(folder)

    problems = [(each.file, each.line, each.found) for each in refused.value.problems]
    assert any(
        (file, at) == ("own.cedar", line) and found in said for file, at, said in problems
    ), problems


def test_a_folder_that_cannot_be_used_is_named(folder: Path) -> None:
    """Absent, with the name of a shipped file, with broken classes, or not text."""
    with pytest.raises(PoliciesRefusedError, match="is no folder"):
        installed(folder / "absent")
    (folder / "20-walls.cedar").write_text(GOOD)
    with pytest.raises(PoliciesRefusedError, match="name of a file that ships"):
        installed(folder)
    (folder / "20-walls.cedar").unlink()
    (folder / "classes.yaml").write_text("classes:\n  fraud: {}\n")
    with pytest.raises(PoliciesRefusedError, match=r"classes\.yaml:2"):
        installed(folder)
    (folder / "classes.yaml").unlink()
    (folder / "own.cedar").write_bytes(b"\xff")
    with pytest.raises(PoliciesRefusedError, match="UTF-8"):
        installed(folder)


def test_a_policy_that_can_decide_nothing_is_found(folder: Path) -> None:
    """Conditions that nothing fulfils, and a permit that a forbid always outweighs."""
    idle = (
        '@id("never")\n@says("x")\n'
        'permit (principal, action == Action::"release", resource is Release) when { false };\n'
    )
    outweighed = (
        '@id("keeper-releases")\n@says("x")\n'
        'permit (principal, action == Action::"release", resource is Release)\n'
        'when { principal.roles.contains("witness") && principal.roles.contains("recorder") };\n'
    )
    (folder / "own.cedar").write_text(idle + outweighed)
    texts, _ = read_folder(folder)

    found = [
        policy for _, policy in unreachable(installed(folder), {"own.cedar": texts["own.cedar"]})
    ]
    assert found == ["never", "keeper-releases"]


def test_what_cannot_be_evaluated_is_denied() -> None:
    """A policy with an error has said nothing, and what it would forbid must not happen."""
    access = CedarAccess(
        policies={
            "own.cedar": b'@id("a") permit (principal, action, resource);'
            b'@id("b") forbid (principal, action, resource) '
            b"when { context.assurance + 9223372036854775807 < 0 };"
        },
        schema=access_schema(),
        classes=load_classes(b"classes: {}", file="classes.yaml"),
    )
    assert not asked(access)


def test_no_policy_at_all_means_nobody_is_let_in() -> None:
    """Deny by default."""
    access = CedarAccess(
        policies={}, schema=access_schema(), classes=load_classes(b"classes: {}", file="c")
    )
    denied = access.may(
        Principal(id="a", roles=frozenset({"incident-manager"})),
        "read",
        Resource(id="case/a"),
        Circumstances(),
    )
    assert (denied.allowed, denied.policies) == (False, ())


def test_an_answer_is_remembered_and_never_mixed_up() -> None:
    """Two people, two cases: what no policy asks about does not matter, everything else does."""
    access = shipped()
    assert asked(access)
    assert not asked(access, need_to_know=True)
    assert not asked(access, case_class="staff")
    assert asked(access)


def test_a_policy_may_name_one_person_and_one_case(folder: Path) -> None:
    """Then names matter to the answer, and no remembered one is given to somebody else."""
    (folder / "own.cedar").write_text(
        '@id("not-imani")\n@says("x")\n'
        'forbid (principal == Person::"imani", action, resource == Case::"case/b");\n'
    )
    own = installed(folder)

    assert asked(own, id="case/a")
    assert not asked(own, id="case/b")


def test_the_policy_of_the_documentation_is_well(folder: Path) -> None:
    """docs/access.md shows one that a team could take as it is."""
    (text,) = re.findall(r"```\n(@id.*?)```", DOCS.read_text(), re.DOTALL)
    (folder / "own.cedar").write_text(text)

    assert "nights-need-two-factors" in {each.id for each in installed(folder).written.values()}


def test_statements_are_split_as_the_language_splits_them() -> None:
    """Semicolons in strings and comments end nothing; each statement knows its line."""
    text = (
        '// a; b\n@id("a;b") permit (principal, action, resource);\n\n'
        "// c\nforbid (principal,\naction, resource);"
    )
    found = [(each.line, each.text.strip()[-10:]) for each in statements(text, file="f")]
    assert [line for line, _ in found] == [2, 5]


def test_what_ships_can_be_read_by_people() -> None:
    """Each forbid says who can help, or what to do."""
    for text in access_policies().values():
        for statement in statements(text.decode(), file="f"):
            said = re.search(r'@says\("([^"]+)"\)', statement.text)
            assert said is not None
            if "\nforbid" in statement.text and "Effect" not in statement.text:
                assert re.search(r"ask |prove |give |reviews|needs ", said[1]), said[1]
