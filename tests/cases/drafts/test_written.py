"""Drafts written out: for a database, for a schema, for a person; never other than they say."""

import json
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from cases.drafts.cybertip_xml import Reporter, file_details_xml, files_of, report_xml
from cases.drafts.document import document, lines_of
from cases.drafts.dsa_json import items_of, statement
from cases.drafts.party import Party
from cases.drafts.record import Draft, draft_digest
from runbooks.forms import FORMS
from runbooks.forms.dsa_codes import (
    ACCOUNT,
    CATEGORY,
    CONTENT_TYPE,
    COUNTRIES,
    GROUND,
    KEYWORD,
    MONETARY,
    PROVISION,
    SOURCE,
    VISIBILITY,
)
from tests.fakes.cybertipline import valid
from tests.fakes.dsa_database import FakeDsaDatabase
from tests.integrations.reporting import STATEMENT, TIP, draft

REPORTER = Reporter(email="safety@example.test")
PROSE = st.text(st.characters(codec="utf-8", exclude_characters="@+/"), min_size=1, max_size=200)


def some(words: dict[str, str]) -> st.SearchStrategy[str]:
    """Some of these words."""
    return st.lists(st.sampled_from(sorted(words)), min_size=1, unique=True).map(" ".join)


def one(words: dict[str, str]) -> st.SearchStrategy[str]:
    """One of these words."""
    return st.sampled_from(sorted(words))


STATEMENTS = st.fixed_dictionaries(
    {
        "decision-ground": one(GROUND),
        "content-type": some(CONTENT_TYPE),
        "category": one(CATEGORY),
        "content-date": st.dates().map(str),
        "application-date": st.dates().map(str),
        "decision-facts": PROSE,
        "source-type": one(SOURCE),
        "automated-detection": st.sampled_from(["yes", "no"]),
        "automated-decision": st.sampled_from(["fully", "partially", "not-automated"]),
    },
    optional={
        "decision-visibility": some(VISIBILITY),
        "decision-visibility-other": PROSE,
        "decision-monetary": one(MONETARY),
        "decision-monetary-other": PROSE,
        "decision-provision": one(PROVISION),
        "decision-account": one(ACCOUNT),
        "illegal-content-legal-ground": PROSE,
        "illegal-content-explanation": PROSE,
        "incompatible-content-ground": PROSE,
        "incompatible-content-explanation": PROSE,
        "incompatible-content-illegal": st.sampled_from(["yes", "no"]),
        "content-type-other": PROSE,
        "category-addition": some(CATEGORY),
        "category-specification": some(KEYWORD),
        "category-specification-other": PROSE,
        "territorial-scope": some(COUNTRIES) | st.just("eea"),
        "content-language": st.sampled_from(["en", "DE"]),
        "end-date-visibility-restriction": st.dates().map(str),
        "source-identity": PROSE,
        "content-id-ean-13": st.sampled_from(["4006381333931", "4006381333932"]),
    },
)


@given(STATEMENTS)
def test_a_statement_without_faults_is_one_the_database_takes(said: dict[str, str]) -> None:
    """Our rules are never milder than the Commission's: what we pass, its own validation passes."""
    form = FORMS["dsa-statement"]
    filled, faults = form.fill(said)
    written = statement(Draft(form=form.name, version=form.version, fields=filled), puid="name-1")

    if not faults:
        assert FakeDsaDatabase().errors_of(json.loads(json.dumps(written))) == {}


@given(STATEMENTS)
def test_a_statement_the_database_refuses_had_a_fault(said: dict[str, str]) -> None:
    """The other way round: each of its complaints is about a field we found fault with."""
    form = FORMS["dsa-statement"]
    filled, faults = form.fill(said)
    written = statement(Draft(form=form.name, version=form.version, fields=filled), puid="name-1")

    refused = FakeDsaDatabase().errors_of(json.loads(json.dumps(written)))

    assert bool(faults) or not refused


def test_items_are_counted_and_never_sent() -> None:
    """The references of the items make the statements' names; no database sees them."""
    whole = draft("dsa-statement", STATEMENT, items="item-1 item-2")

    assert items_of(whole) == ("item-1", "item-2")
    assert "item-1" not in json.dumps(statement(whole, puid="name-1"))


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_a_report_of_any_words_is_valid_in_its_order(reason: str, more: str) -> None:
    """Control characters, markup and other scripts end as text of the element they were for."""
    said = {**TIP, "escalate-to-high-priority": reason, "additional-info": more}
    filled, faults = FORMS["cybertip"].fill(said)
    if faults:
        return
    written = Draft(form="cybertip", version=1, fields=filled)

    _, fault = valid(report_xml(written, REPORTER), "report")

    assert fault in ("", "cvc-maxLength-valid: 'escalateToHighPriority'") or not reason.strip()


def test_a_text_only_report_says_why_there_is_no_file() -> None:
    """Without files the reason is part of the report, and no file is described."""
    form = FORMS["cybertip"]
    said = {name: text for name, text in TIP.items() if name != "files"}

    _, without = form.fill(said)
    filled, faults = form.fill({**said, "text-only": "Only words were exchanged."})

    assert [fault.field for fault in without] == ["files"]
    assert not faults
    written = Draft(form="cybertip", version=1, fields=filled)
    assert not files_of(written)
    element, _ = valid(report_xml(written, REPORTER), "report")
    assert element is not None
    assert "Only words" in (element.findtext("additionalInfo") or "")


def test_details_of_a_file_are_valid_in_their_order() -> None:
    """Every annotation at once still stands in the schema's order."""
    annotations = "generative-ai infant viral potential-meme violence-gore"
    whole = draft("cybertip", TIP, files=f"v-1 md5:{'0' * 32} A2 exif-viewed {annotations}")

    details, fault = valid(
        file_details_xml(files_of(whole)[0], report_id="1", file_id="2"), "fileDetails"
    )

    assert fault == ""
    assert details is not None


class Texts(HTMLParser):
    """The words of a page, and the elements it has."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        del attrs
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        """Some words."""
        self.said.append(data)


@given(PROSE)
def test_a_document_says_every_field_and_runs_nothing(words: str) -> None:
    """Whatever a person wrote is text: no element comes of it, and nothing of it is lost."""
    filled, _ = FORMS["emergency-basis"].fill({"facts": words, "recipient": "<script>x</script>"})
    written = Draft(form="emergency-basis", version=1, fields=filled)
    page = Texts()

    page.feed(document(written, party=Party(), case="1042"))

    said = "".join(page.said)
    assert all(" ".join(text.split()) in " ".join(said.split()) for _, text in lines_of(written))
    assert page.tags <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "ul", "li", "dl", "dt",
        "dd", "span",
    }  # fmt: skip


def test_a_document_says_who_approved_it_and_who_hands_it_in() -> None:
    """A draft calls itself one; an approved one names its round; what is not configured says so."""
    whole = draft("dsa-statement", STATEMENT)
    party = Party(
        name="Example", member_state="Ireland", authorised_person="A. N.", email="a@b.test"
    )

    draft_page = document(whole, party=Party(), case="1042")
    approved = document(whole, party=party, case="1042", approved="Review, round 2")

    assert "Nobody has approved it" in draft_page
    assert "not configured" in draft_page
    assert "Approved: Review, round 2" in approved
    assert whole.digest in approved
    assert party.whole
    assert not Party().whole


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=5)), st.text(max_size=5))
def test_a_digest_is_of_exactly_what_is_filled_in(fields: dict[str, str], more: str) -> None:
    """Another word is another digest; the same words in another order are the same."""
    same = dict(reversed(fields.items()))

    assert draft_digest("f", 1, {**fields}) == draft_digest("f", 1, {**same})
    assert draft_digest("f", 1, {**fields}) != draft_digest("f", 1, {**fields, "c": more})
    assert draft_digest("f", 1, {**fields}) != draft_digest("f", 2, {**fields})
