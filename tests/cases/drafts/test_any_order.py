"""Whatever people do in whatever order: nothing leaves that a gate has not approved as it is."""

from hypothesis import event, given, settings
from hypothesis import strategies as st

from cases.acts import Answer, Complete, Decide, Memo, Receipt, Resolution, Verdict
from cases.drafts.draft import draft_of
from cases.effects import settle
from cases.file import Do
from cases.journal import Kind, check_chain
from cases.severity import severity_changed
from tests.cases.house import House
from tests.cases.reporting import MEMO, asked

FILE = Complete(stage="filing", outcome="file")
APPROVE = Decide(gate="review", verdict=Verdict.APPROVE)
ACTS = st.sampled_from(
    [
        # What leads on comes more often than what leads astray.
        *[APPROVE, FILE] * 4,
        Decide(gate="review", verdict=Verdict.MORE_INFORMATION, reason="because"),
        Complete(stage="triage", outcome="restrict"),
        Answer(answers={"kind": "suicide"}),
        Answer(answers={"kind": "fraud"}),
        Answer(answers={"category-specification": "phishing"}),
        Answer(answers={"category-specification": "no-such-word"}),
        Answer(answers={"category-specification": "suicide"}),
        Memo(gate="review", fields={**MEMO, "decision-facts": "Other facts."}),
        Resolution.RETRY,
        Resolution.SKIP,
        Resolution.DONE,
        "failed",
        "failed",
        "done",
    ]
)
ROLES = {"decide": "legal", "memo": "legal"}


def play(house: House, act: object) -> None:
    """The act is received, whatever comes of it; what it changed is judged at once."""
    effect = house.state.effect_named("statement") or house.state.effect_named("apply-action")
    if isinstance(act, Resolution):
        if effect is not None:
            body = Receipt(effect=effect.key, resolution=act, reference="r", reason="because")
            house.act(body, person="ines", role="incident-manager")
    elif isinstance(act, str):
        for each in house.state.effects:
            if each.state == "intended":
                settle(house.file, each, state=act, at=house.now)
    elif isinstance(act, Answer | Memo | Decide | Complete):
        house.act(act, person="lena", role=ROLES.get(act.verb, "triage"))
    if house.state.reassess:
        house.state.reassess = False
        severity_changed(house.file, house.state.facts(), at=house.now)


@settings(max_examples=60)
@given(st.lists(ACTS, min_size=8, max_size=30))
def test_what_is_ordered_is_what_was_approved(acts: list[object]) -> None:
    """At every order the draft is whole, approved by a round, and the one the case would build."""
    house = asked()
    house.file.wishes.clear()
    accepted_digests: set[object] = set()
    ordered = 0

    for act in acts:
        before = len(house.file.wishes)
        play(house, act)
        accepted_digests |= {
            entry.body["digest"]
            for entry in house.state.journal.pending
            if entry.kind is Kind.DRAFT_APPROVED
        }
        for wish in house.file.wishes[before:]:
            effect = house.state.effect(wish.key) if isinstance(wish, Do) else None
            if effect is None or effect.name != "statement":
                continue
            ordered += 1
            drafted = house.state.drafts["statement"]
            plan = house.file.pathway.effect("statement")
            assert drafted.approved_in is not None
            assert drafted.digest in accepted_digests
            assert drafted.draft.gaps == ()
            assert drafted.digest == draft_of(house.state, house.file.pathway, plan).digest

    event(f"ordered {min(ordered, 2)} times")
    check_chain(house.state.journal.pending)


@settings(max_examples=40)
@given(st.lists(ACTS, min_size=8, max_size=30))
def test_an_open_question_is_about_what_the_case_says_now(acts: list[object]) -> None:
    """While a gate is asked, what it would approve is the case's newest draft."""
    house = asked()

    for act in acts:
        play(house, act)
        round_ = house.state.open_round("review")
        drafted = house.state.drafts.get("statement")
        if round_ is None or drafted is None:
            continue
        plan = house.file.pathway.effect("statement")
        handed_in = house.state.effect_named("statement")
        if handed_in is None or handed_in.state != "done":
            assert drafted.digest == draft_of(house.state, house.file.pathway, plan).digest
            assert drafted.approved_in is None
