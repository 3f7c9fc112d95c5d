"""Answers of policies in an export are held to the texts beside them, without a policy engine."""

from typing import Any

import pytest

from audit.access import check_access, effects_in, policy_file
from audit.acts import Proven
from cases.acts import Decide, Verdict
from cases.canonical import canonical, sha256
from cases.envelope import Act, Authorised
from cases.journal import Entry, Journal, Kind, Stream
from tests.cases.house import BEGIN, CASE, House

TEXT = canonical(
    {
        "policies": {
            "a.cedar": '// @id("gone")\n@id("let-in")\n@says("forbid (no")\n'
            'permit (principal, action, resource);\n@id("wall")\n'
            "forbid (principal, action, resource);"
        },
        "schema": "",
        "classes": "",
    }
)
DIGEST = sha256(TEXT)
FILES = {policy_file(DIGEST): TEXT}


def entry(kind: Kind, **body: Any) -> Entry:
    """One entry of a stream."""
    stream = Stream.DOOR if kind.value.startswith("access:") else Stream.CASE
    return Journal(case=CASE, stream=stream).record(kind, at=BEGIN, salt=b"", **body)


def signed(authorised: Authorised | None) -> Proven:
    """A verdict whose envelope holds."""
    house = House.of()
    envelope = house.envelope(
        Decide(gate="legal-review", verdict=Verdict.APPROVE), person="l", role="legal", act_id="a"
    )
    act = Act.model_validate_json(envelope.payload).model_copy(update={"authorised": authorised})
    return Proven(acts={"a": act}, envelopes={"a": envelope})


NOBODY = Proven(acts={}, envelopes={})
AUTHORISED = Authorised(policies=("let-in",), digest=DIGEST)


def test_answers_that_hold_are_passed() -> None:
    """A permit that allowed, a forbid that kept out, nothing that permitted, and a verdict."""
    case = [entry(Kind.VOTE_CAST, act="a", policies=["let-in"], policy=DIGEST)]
    door = [
        entry(Kind.LOOK_ALLOWED, policies=["let-in"], policy=DIGEST),
        entry(Kind.LOOK_DENIED, policies=["wall"], policy=DIGEST),
        entry(Kind.LOOK_DENIED, policies=[], policy=DIGEST),
    ]
    assert check_access(FILES, signed(AUTHORISED), case, door) == ([], [])


@pytest.mark.parametrize(
    "kind, body, said",
    [
        (Kind.LOOK_ALLOWED, {"policies": ["wall"]}, "wall does not permit"),
        (Kind.LOOK_DENIED, {"policies": ["let-in"]}, "let-in does not forbid"),
        (Kind.ACT_ALLOWED, {"policies": ["gone"]}, "called gone"),
        (Kind.ACT_ALLOWED, {"policies": ["everything"]}, "called everything"),
        (Kind.EFFECT_DONE, {}, "no policy is named"),
        (Kind.EFFECT_DONE, {"policies": []}, "no policy is named"),
    ],
)
def test_an_answer_that_its_text_does_not_give_is_found(
    kind: Kind, body: dict[str, Any], said: str
) -> None:
    """Another policy, one that is not there, one that says the opposite, or none at all."""
    wrong, missing = check_access(FILES, NOBODY, [entry(kind, policy=DIGEST, **body)], [])
    assert (len(wrong), missing) == (1, [])
    assert said in wrong[0]


def test_a_text_that_was_altered_is_found_and_one_that_is_missing_leaves_it_open() -> None:
    """FAIL for other bytes under the digest, INCOMPLETE for none."""
    looks = [entry(Kind.LOOK_ALLOWED, policies=["let-in"], policy=DIGEST)]
    wrong, _ = check_access({policy_file(DIGEST): TEXT + b" "}, NOBODY, [], looks)
    nothing, missing = check_access({}, NOBODY, [], looks)

    assert ["not what its digest says" in each for each in wrong] == [True]
    assert nothing == []
    assert DIGEST[:16] in missing[0]


@pytest.mark.parametrize(
    "authorised, body",
    [
        (AUTHORISED, {}),
        (AUTHORISED, {"policies": ["wall"], "policy": DIGEST}),
        (AUTHORISED, {"policies": ["let-in"], "policy": "0" * 64}),
        (None, {"policies": ["let-in"], "policy": DIGEST}),
    ],
)
def test_a_verdict_with_other_policies_than_were_signed_is_found(
    authorised: Authorised | None, body: dict[str, Any]
) -> None:
    """Left out, exchanged, or made up: the envelope says otherwise."""
    wrong, _ = check_access(FILES, signed(authorised), [entry(Kind.VOTE_CAST, act="a", **body)], [])
    assert any("signed with the verdict" in each for each in wrong)


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"policies": 1}', b"\xff"])
def test_a_text_that_is_none_of_policies_names_none(text: bytes) -> None:
    """No crash: its policies are simply not there."""
    assert effects_in(text) == {}
