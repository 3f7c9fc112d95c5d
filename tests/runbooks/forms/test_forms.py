"""Authorities' forms: what they take, what they refuse, and that nothing else ever happens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.forms import FORMS, Field, Kind
from runbooks.forms.dsa_codes import CATEGORY, COUNTRIES, KEYWORD
from runbooks.forms.files import read_file, written_file
from runbooks.forms.personal import personal_data
from runbooks.forms.sources import origin

SHA = "sha256:" + "a" * 64
ANYTHING = st.text(max_size=60) | st.sampled_from(
    ["yes", "no", "other", "2026-11-22", "2026-11-22T09:00:00Z", "17", "voluntary", "initial"]
)


def test_the_forms_have_the_numbers_the_law_and_the_receivers_have() -> None:
    """Sixteen categories, thirty countries, the keywords of schema v2."""
    assert len(CATEGORY) == 16
    assert len(COUNTRIES) == 30
    assert len(KEYWORD) == 70
    assert KEYWORD["suicide"] == "KEYWORD_SUICIDE"
    assert CATEGORY["self-harm"] == "STATEMENT_CATEGORY_SELF_HARM"


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
def test_whatever_a_case_says_a_form_answers_with_fields_and_faults(
    form: str, data: st.DataObject
) -> None:
    """No text breaks a form: each field is filled in, left out, or named with what is wrong."""
    asked = FORMS[form]
    said = data.draw(st.dictionaries(st.sampled_from(sorted(asked.by_name)), ANYTHING))

    filled, faults = asked.fill(said)

    assert set(filled) <= set(said)
    assert {fault.field for fault in faults} <= set(asked.by_name)
    # What only does not fit another field is read all the same, and named.
    across = {name for name, _ in asked.across(filled)} if asked.across is not None else set()
    unread = {fault.field for fault in faults if said.get(fault.field, "").strip()} - across
    assert not set(filled) & unread
    missing = {
        field.name
        for field in asked.fields
        if field.required and field.name not in filled and field.only is None
    }
    assert missing <= {fault.field for fault in faults}


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
def test_what_is_filled_in_fills_in_again_the_same(form: str, data: st.DataObject) -> None:
    """A field read once reads the same a second time: one meaning has one spelling."""
    asked = FORMS[form]
    said = data.draw(st.dictionaries(st.sampled_from(sorted(asked.by_name)), ANYTHING))
    filled, _ = asked.fill(said)
    joint = "\n"

    again, _ = asked.fill(
        {name: text if isinstance(text, str) else joint.join(text) for name, text in filled.items()}
    )

    assert again == filled


@pytest.mark.parametrize(
    "field, said, expected",
    [
        (Field("a", "A", Kind.DAY), "2026-11-22T23:30:00-02:00", "2026-11-23"),
        (
            Field("a", "A", Kind.INSTANT),
            "2026-11-22T10:00:00+01:00",
            "2026-11-22T09:00:00+00:00",
        ),
        (Field("a", "A", Kind.NUMBER), "007", "7"),
        (Field("a", "A", Kind.CODES), "x, y;x", ["x", "y"]),
        (
            Field("a", "A", Kind.FILES),
            f"vault-1 A1 infant viewed {SHA.upper()}",
            [f"vault-1 {SHA} A1 viewed infant"],
        ),
    ],
)
def test_a_field_has_one_spelling(field: Field, said: str, expected: object) -> None:
    """Days are UTC's, instants are UTC's, and lists keep their order."""
    assert field.read(said) == expected


@pytest.mark.parametrize(
    "field, said",
    [
        (Field("a", "A", Kind.INSTANT), "2026-11-22T10:00:00"),
        (Field("a", "A", Kind.DAY), "22.11.2026"),
        (Field("a", "A", Kind.NUMBER), "about 5"),
        (Field("a", "A", Kind.LINK), "javascript:alert(1)"),
        (Field("a", "A", Kind.YES_NO), "unknown"),
        (Field("a", "A", longest=3), "four"),
        (Field("a", "A", Kind.FILES), f"vault-1 {SHA}"),
        (Field("a", "A", Kind.FILES), "vault-1 A1"),
        (Field("a", "A", Kind.FILES), f"vault-1 {SHA} A1 a-word"),
        (Field("a", "A", Kind.FILES), f"vault-1 {SHA} A1; vault-2 {SHA} A2"),
    ],
)
def test_a_field_refuses_what_the_form_does_not_take(field: Field, said: str) -> None:
    """An answer of another kind is a fault, never a guess."""
    with pytest.raises(ValueError, match=r"."):
        field.read(said)


@pytest.mark.parametrize(
    "text, found",
    [
        ("write to someone@example.test", "an e-mail address"),
        ("call +44 20 7946 0000", "a telephone number"),
        ("from 192.0.2.7 at night", "an IP address"),
        ("posted by @somebody", "a user name"),
        ("see https://example.test/somebody", "a link to a profile"),
        ("removed on 2026-11-22 under Regulation (EU) 2022/2065, Art. 17(3), 48 hours", ""),
        ("3,943 of 69,363 notices, 5.7 %", ""),
    ],
)
def test_personal_data_is_found_where_it_would_be_published(text: str, found: str) -> None:
    """The transparency database publishes what it gets; laws, dates and counts are no person."""
    assert personal_data(text) == found


def test_a_published_field_with_personal_data_is_a_fault() -> None:
    """The fault says what was found, and does not repeat it."""
    _, faults = FORMS["dsa-statement"].fill({"decision-facts": "of someone@example.test"})

    fault = next(fault for fault in faults if fault.field == "decision-facts")
    assert "e-mail" in fault.what
    assert "someone" not in fault.what


@given(st.permutations(["A1", "viewed", "public", "infant", "viral", SHA]))
def test_a_file_means_the_same_in_any_order(words: list[str]) -> None:
    """The words of a line can stand in any order behind the place."""
    line = " ".join(["vault-1", *words])

    assert written_file(read_file(line)) == f"vault-1 {SHA} A1 viewed public viral infant"


@pytest.mark.parametrize("source", ["answer:", "memo:review", "done:X", "case:name", "answer:a b"])
def test_a_source_that_begins_like_one_is_one(source: str) -> None:
    """A misspelt source is never taken for a word of the form."""
    with pytest.raises(ValueError, match=source):
        origin(source)


@pytest.mark.parametrize(
    "phase, missing",
    [
        ("initial", set()),
        ("complete", {"approximate-subjects", "approximate-records", "consequences", "measures"}),
    ],
)
def test_a_breach_is_notified_in_phases(phase: str, missing: set[str]) -> None:
    """Art. 33(4): the first notification may leave open what a complete one must say."""
    said = {
        "phase": phase,
        "aware-at": "2026-11-22T09:00:00Z",
        "within-72-hours": "yes",
        "nature": "Confidentiality: a bucket was readable.",
        "categories-of-subjects": "customers",
        "categories-of-records": "contact details",
        "contact": "the data protection officer",
    }

    _, faults = FORMS["breach-notification"].fill(said)

    assert {fault.field for fault in faults} == missing


def test_a_late_notification_gives_reasons() -> None:
    """Art. 33(1): after 72 hours the reasons for the delay belong to it."""
    _, faults = FORMS["breach-notification"].fill({"within-72-hours": "no"})

    assert "reasons-for-delay" in {fault.field for fault in faults}


def test_a_further_notification_names_the_first() -> None:
    """An update is about an earlier notification, by its reference."""
    _, faults = FORMS["breach-notification"].fill({"phase": "update"})

    assert "earlier-reference" in {fault.field for fault in faults}


@pytest.mark.parametrize(
    "ground, missing",
    [
        ("impossible", set()),
        ("manifest-error", {"needed"}),
        ("too-little-information", {"needed"}),
    ],
)
def test_annex_iii_names_what_is_needed_where_the_order_is_at_fault(
    ground: str, missing: set[str]
) -> None:
    """Force majeure explains itself; an error or a gap says what would mend it."""
    _, faults = FORMS["tco-impossibility"].fill({"ground": ground})

    assert {fault.field for fault in faults} & {"needed"} == missing
