"""Every shipped runbook as picture and page: well-formed, and nothing of it is missing."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest

from runbooks import Pathway, Runbook, compile_runbook, library, load_runbook
from runbooks.rendering import (
    article,
    html,
    markdown,
    mermaid,
    pathway_picture,
    playbook,
    severity_picture,
)
from runbooks.rendering.lanes import Wire, lanes
from tests.runbooks.faults import BASES, Fault, faults
from tests.workflows.runbooks import FOUR_EYES, SILENT

TEXTS = {**library(), "base": BASES["base"].encode(), "silent": SILENT, "four-eyes": FOUR_EYES}
BOOKS = {name: load_runbook(text, file=name) for name, text in TEXTS.items()}
SVG = "{http://www.w3.org/2000/svg}"
VOID = {"meta", "link", "br", "hr", "img", "input"}

every_book = pytest.mark.parametrize("book", BOOKS.values(), ids=list(BOOKS))


class Tags(HTMLParser):
    """Reads HTML and notes what is left open, and what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more tag is open."""
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that closes itself leaves nothing open."""

    def handle_endtag(self, tag: str) -> None:
        """The tag that was opened last is closed."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text."""
        self.said.append(data)


def named(pathway: Pathway) -> list[str]:
    """Every stage, gate and clock of the runbook."""
    return [*(stage.name for stage in pathway.stages), *(clock.id for clock in pathway.clocks)]


def page_as_html(book: Runbook) -> str:
    """The playbook as one file."""
    return html(playbook(book), runbook=book)


def page_as_markdown(book: Runbook) -> str:
    """The playbook as Markdown."""
    return markdown(playbook(book), runbook=book)


@every_book
@pytest.mark.parametrize("draw", [pathway_picture, severity_picture])
def test_a_picture_is_well_formed_and_says_what_it_shows(
    draw: Callable[[Runbook], str], book: Runbook
) -> None:
    """A picture is XML with a title and a description, for day and night, and loads nothing."""
    drawn = draw(book)

    root = ET.fromstring(drawn)  # noqa: S314 - drawn a line above
    labels = (root.get("aria-labelledby") or "").split()
    ids = {each.get("id"): "".join(each.itertext()) for each in root.iter() if each.get("id")}
    assert all(ids[label].strip() for label in labels)
    assert {root[0].tag, root[1].tag} == {f"{SVG}title", f"{SVG}desc"}
    assert "prefers-color-scheme: dark" in drawn
    assert not re.search(r"(href|src|url\()", drawn)


@every_book
@pytest.mark.parametrize("render", [pathway_picture, mermaid, page_as_html, page_as_markdown])
def test_every_stage_gate_and_clock_is_named(
    render: Callable[[Runbook], str], book: Runbook
) -> None:
    """No rendering leaves one of them out."""
    rendered = render(book)

    assert [name for name in named(compile_runbook(book)) if name not in rendered] == []


@every_book
def test_the_picture_fits_a_phone(book: Runbook) -> None:
    """It is at most as wide as a phone, and nothing in it stands over its edge."""
    root = ET.fromstring(pathway_picture(book))  # noqa: S314 - drawn by ourselves
    wide, high = float(root.get("width") or 0), float(root.get("height") or 0)

    assert wide <= 444
    for each in root.iter():
        for key, most in (("x", wide), ("y", high), ("cx", wide), ("cy", high)):
            assert 0 <= float(each.get(key) or 0) <= most
    for box in root.iter(f"{SVG}rect"):
        if box.get("x"):
            assert float(box.get("x") or 0) + float(box.get("width") or 0) <= wide


def test_a_pathway_of_many_ways_fits_a_phone() -> None:
    """Lanes move together where there are many of them."""
    stage = "owner: triage, within: 1h, late: [{at: 50%, page: legal}]"
    names = [f"stage-{number}" for number in range(14)]
    text = BASES["base"].partition("clocks:\n")[0] + "stages:\n"
    for name in names:
        ways = ", ".join(f"to-{other}: {other}" for other in (*names, "closure"))
        text += f"  - {{stage: {name}, {stage}, next: {{{ways}}}}}\n"
    text += f"  - {{stage: closure, {stage}, dispositions: {{closed: [evidence]}}}}\n"

    root = ET.fromstring(pathway_picture(load_runbook(text.encode(), file="a.yaml")))  # noqa: S314 - ours

    assert float(root.get("width") or 0) <= 444


@every_book
def test_cards_do_not_cover_one_another(book: Runbook) -> None:
    """No card begins before the one above has ended."""
    root = ET.fromstring(pathway_picture(book))  # noqa: S314 - drawn by ourselves
    cards = [group[0] for group in root.iter(f"{SVG}g")]
    spans = [
        (float(card.get("y") or 0), float(card.get("y") or 0) + float(card.get("height") or 0))
        for card in cards
    ]

    assert all(above[1] < below[0] for above, below in pairwise(spans))


def test_lanes_of_one_rank_never_meet() -> None:
    """Two lines to different stages never share a place."""
    wires = [
        Wire(start=20.0 * start, end=20.0 * end, target=f"{end}")
        for start, end in combinations(range(12), 2)
        if (start + end) % 3
    ]

    laid = lanes(wires)

    for one, other in combinations(laid.values(), 2):
        assert one.rank != other.rank or one.foot < other.top or other.foot < one.top


@every_book
def test_the_page_is_well_formed_html(book: Runbook) -> None:
    """Every tag is closed, nothing is loaded, and no script runs."""
    page = page_as_html(book)
    reader = Tags()

    reader.feed(page)

    assert reader.open == []
    assert not re.search(r"<script|<link|<img|@import|https?://(?!www\.w3\.org/2000/svg)", page)


@every_book
def test_the_page_says_everything_people_must_know(book: Runbook) -> None:
    """Owners, questions, labels, dispositions, actions, texts and sources stand in both pages."""
    reader = Tags()
    reader.feed(page_as_html(book))
    said = " ".join(" ".join(reader.said).split())
    plain = re.sub(r"\\(.)", r"\1", page_as_markdown(book))
    document, pathway = book.document, compile_runbook(book)

    facts = [question.ask for question in document.intake.values()]
    facts += [row.because for row in document.severity]
    facts += [stage.owner for stage in pathway.stages]
    for stage in pathway.stages:
        if stage.gate is not None:
            facts += [stage.gate.ask, stage.gate.approve_label, *stage.gate.memo]
    facts += list(pathway.closure.dispositions)
    facts += [effect.title for effect in pathway.effects]
    facts += [clock.source for clock in document.clocks.values() if clock.source]
    facts += [macro.text for macro in document.macros.values()]
    assert [fact for fact in facts if fact not in said] == []
    assert [fact for fact in facts if fact not in plain] == []
    if document.clocks:
        assert "not legal advice" in said


@every_book
def test_the_article_tells_a_newcomer_what_happens(book: Runbook) -> None:
    """Urgency, every stage in words, every ending, and which text it was made from."""
    written = markdown(article(book), runbook=book)
    plain = re.sub(r"\\(.)", r"\1", written)
    pathway = compile_runbook(book)

    assert all(row.because in plain for row in book.document.severity)
    assert all(name in plain for name in pathway.closure.dispositions)
    assert book.digest[:12] in plain
    assert len(written) < len(page_as_markdown(book))


@every_book
def test_mermaid_draws_every_outcome(book: Runbook) -> None:
    """Every outcome is an arrow between two boxes that exist."""
    lines = mermaid(book).splitlines()
    pathway = compile_runbook(book)

    arrows = [line for line in lines if "|" in line]
    boxes = {found[1] for line in lines if (found := re.match(r"\s+([smc]\d+)[\[({]", line))}
    for stage in pathway.stages:
        for outcome in stage.next:
            assert any(f'"{outcome}' in arrow for arrow in arrows)
    for arrow in arrows:
        ends = re.match(r"\s+(s\d+) .*\| ([sm]\d+)", arrow)
        assert ends is not None
        assert ends[1] in boxes
        assert ends[2] in boxes or f"{ends[2]}[[" in arrow


def test_what_people_write_is_text() -> None:
    """A title that looks like markup stays a title in every rendering."""
    text = BASES["base"].replace(
        '"A runbook in order"', '"A <b>&amp; \\"runbook\\" | `in` *order* {{x}}</svg>"'
    )
    book = load_runbook(text.encode(), file="a.yaml")
    reader = Tags()

    reader.feed(page_as_html(book))
    root = ET.fromstring(pathway_picture(book))  # noqa: S314 - drawn by ourselves

    title = 'A <b>&amp; "runbook" | `in` *order* {{x}}</svg>'
    assert title in "".join(reader.said)
    assert title in "".join(root[0].itertext())
    assert "<b>" not in page_as_markdown(book).replace(r"\<b\>", "").splitlines()[0]


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_a_runbook_with_a_fault_can_still_be_looked_at(fault: Fault) -> None:
    """Whoever looks for the fault sees picture and page, whatever is wrong with the runbook."""
    book = fault.runbook
    reader = Tags()

    reader.feed(page_as_html(book))
    ET.fromstring(pathway_picture(book))  # noqa: S314 - drawn by ourselves

    assert reader.open == []
    assert mermaid(book).startswith("flowchart TD")


@every_book
def test_the_same_text_renders_the_same(book: Runbook) -> None:
    """Rendering twice gives the same bytes: a page can be compared with the runbook it is of."""
    again = load_runbook(book.source, file="other.yaml")

    assert page_as_html(book) == page_as_html(again)
