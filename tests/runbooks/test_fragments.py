"""What runbooks share: written once, used with parameters, pinned with whoever uses it."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.runbook import app
from runbooks import RunbookProblems, compile_runbook, library, lint, load_runbook
from runbooks.expanding import expanded
from runbooks.fragments import bundled, parted
from runbooks.library import fragments
from runbooks.runbook import Runbook
from runbooks.writing import written

BOOK = """\
runbook: shared
version: 1.0.0
title: "Shared"
owner: trust-and-safety
review-by: 2027-02-01
intake:
  kind: {ask: "What is it?", choice: [one, two]}
severity:
  - {otherwise: SEV3, because: "nothing presses"}
fragments: [words]
stages:
  - stage: triage
    owner: triage
    within: 15m
    late: [{at: 75%, page: incident-manager}]
    next: {look: look, nothing: closure}
  - fragment: review
    with: {stage: look, owner: legal, within: 4h, after: closure}
  - stage: closure
    owner: incident-manager
    within: 24h
    late: [{at: 100%, page: incident-manager}]
    dispositions: {settled: [decision-record]}
"""
WORDS = """\
fragment: words
macros:
  ticket-opened: {for: ticket, text: "Case {{ case.number }} is open."}
"""
REVIEW = """\
fragment: review
takes:
  stage: "What it is called"
  owner: "Who looks"
  within: "How long it may take"
  after: "Where it leads"
  page: {is: "Who is paged", unless-said: incident-manager}
stages:
  - stage: <stage>
    title: "A look by <owner>"
    owner: <owner>
    within: <within>
    late: [{at: 75%, page: <page>}]
    next: {seen: <after>}
after-closing: [{recheck: [7d], owner: <owner>}]
"""


def in_review(place: str) -> str:
    """The place in the fragment, and that of its use."""
    return f"fragments/review.yaml:{place} <shared.yaml:17:5>"


AMONG = "fragments: [words, {fragment: review, with: {stage: x, owner: y, within: 1h, after: z}}]"
"""A fragment with stages that is not used among the stages."""


def whole(book: str = BOOK, *, words: str = WORDS, review: str = REVIEW) -> bytes:
    """The runbook with the fragments it uses."""
    return bundled(book.encode(), known={"words": words.encode(), "review": review.encode()})


def read(book: str = BOOK, **known: str) -> Runbook:
    """The runbook, read."""
    return load_runbook(whole(book, **known), file="shared.yaml")


def refused(book: str = BOOK, **known: str) -> list[tuple[str, str]]:
    """Rule, and where: file, line and column, and the place of use."""
    with pytest.raises(RunbookProblems) as problems:
        read(book, **known)
    return [
        (each.rule, f"{each.file}:{each.line}:{each.column}" + (each.used and f" <{each.used}>"))
        for each in problems.value.problems
    ]


def test_a_fragment_stands_where_it_is_used_with_what_it_was_given() -> None:
    """Its stages are in their place, its texts among the runbook's, its holes filled."""
    document = read().document

    stage = document.stages[1]
    assert [each.stage for each in document.stages] == ["triage", "look", "closure"]
    assert (stage.owner, stage.title, stage.within.total_seconds()) == (
        "legal",
        "A look by legal",
        4 * 3600,
    )
    assert (stage.late[0].page, list(document.macros)) == ("incident-manager", ["ticket-opened"])
    assert [item.owner for item in document.after_closing] == ["legal"]


def test_what_is_pinned_is_whole() -> None:
    """The bytes carry the fragments: a version reads the same wherever and whenever it is read."""
    pinned = read().source

    again = load_runbook(pinned, file="elsewhere.yaml")

    assert bundled(pinned, known={"words": b"fragment: words\n"}) == pinned
    assert parted(pinned) == (BOOK.encode(), {"review": REVIEW.encode(), "words": WORDS.encode()})
    assert compile_runbook(again) == compile_runbook(read())


@given(
    line=st.integers(0, REVIEW.count("\n") - 1),
    letter=st.sampled_from("abcz"),
)
def test_another_fragment_is_another_runbook(line: int, letter: str) -> None:
    """Whatever byte of a fragment changes, the digest that a case pins changes with it."""
    lines = REVIEW.splitlines(keepends=True)
    lines[line] = lines[line].replace("\n", f" # {letter}\n")

    assert whole(review="".join(lines)) != whole()
    assert read(review="".join(lines)).digest != read().digest


def test_a_problem_names_the_fragment_and_the_place_of_use() -> None:
    """File, line and column are the fragment's; where the runbook uses it stands beside it."""
    broken = REVIEW.replace("    within: <within>\n", "    within: soon\n")

    assert refused(review=broken) == [("RB014", in_review("12:13"))]


def test_a_problem_with_what_was_given_stands_where_it_was_given() -> None:
    """A wrong parameter is the user's to mend, not the fragment's."""
    assert refused(BOOK.replace("within: 4h", "within: soon")) == [("RB014", "shared.yaml:18:47")]


def test_a_finding_names_the_fragment_and_the_place_of_use() -> None:
    """So does what lint finds."""
    runbook = read(review=REVIEW.replace("page: <page>", "page: nobody-knows"))

    found = lint(runbook, today=date(2026, 11, 22), library={})

    assert [str(each).partition(" no role")[0] for each in found] == [
        "fragments/review.yaml:13:28: RB024"
    ]
    assert found[0].used == "shared.yaml:17:5"
    assert str(found[0]).endswith("(used at shared.yaml:17:5)")


def test_text_that_is_no_yaml_is_the_fragments() -> None:
    """A tab is found in the file it stands in."""
    broken = WORDS.replace("  ticket", "\tticket")

    assert refused(words=broken) == [("RB004", "fragments/words.yaml:3:1 <shared.yaml:10:13>")]


@pytest.mark.parametrize(
    "replace,by,found",
    [
        ("fragments: [words]", "fragments: [worlds]", ("RB104", "shared.yaml:10:13")),
        ("owner: legal, ", "", ("RB105", "shared.yaml:17:5")),
        ("after: closure}", "after: closure, afer: x}", ("RB105", "shared.yaml:18:67")),
        ("with: {", "wiht: {", ("RB010", "shared.yaml:18:5")),
        ("owner: legal, ", "owner: [legal, policy], ", ("RB105", in_review("10:12"))),
        ("fragments: [words]", AMONG, ("RB017", "shared.yaml:10:20")),
        ("  - fragment: review", "  - fragment: words\n  - fragment: review",
         ("RB017", "shared.yaml:17:5")),
        ("fragments: [words]", "fragments: words", ("RB010", "shared.yaml:10:1")),
        ("fragments: [words]", "fragments: [words, [a]]", ("RB104", "shared.yaml:10:20")),
    ],
)  # fmt: skip
def test_a_wrong_use_is_refused_at_its_place(replace: str, by: str, found: tuple[str, str]) -> None:
    """Names, parameters and places that do not fit are told, each where it stands."""
    assert BOOK.count(replace) == 1

    assert found in refused(BOOK.replace(replace, by))


@pytest.mark.parametrize(
    "replace,by,found",
    [
        ("owner: <owner>\n", "owner: <ower>\n", ("RB105", in_review("11:12"))),
        ("fragment: review", "fragment: revue", ("RB104", in_review("1:11"))),
        ("after-closing:", "severity:", ("RB010", in_review("15:1"))),
        ("after-closing: [{recheck: [7d], owner: <owner>}]", "after-closing: {}",
         ("RB012", in_review("15:16"))),
    ],
)  # fmt: skip
def test_a_wrong_fragment_is_refused_at_its_place(
    replace: str, by: str, found: tuple[str, str]
) -> None:
    """What a fragment cannot bring, or does not take, is told where it stands."""
    assert REVIEW.count(replace) == 1

    assert found in refused(review=REVIEW.replace(replace, by))


def test_what_the_runbook_says_itself_comes_first() -> None:
    """A text of its own is used instead of the fragment's."""
    own = 'macros: {ticket-opened: {for: ticket, text: "Ours."}}\n'

    assert read(own + BOOK).document.macros["ticket-opened"].text == "Ours."


def test_of_two_fragments_neither_wins() -> None:
    """Two that bring the same name are refused."""
    book = BOOK.replace("fragments: [words]", "fragments: [words, more]")
    more = WORDS.replace("fragment: words", "fragment: more")
    known = {"words": WORDS, "more": more, "review": REVIEW}
    text = bundled(book.encode(), known={name: each.encode() for name, each in known.items()})

    with pytest.raises(RunbookProblems, match="RB106"):
        load_runbook(text, file="shared.yaml")


def test_a_fragment_nobody_uses_is_not_carried() -> None:
    """Bytes that mean nothing would be pinned as if they did."""
    text = whole() + b"--- # fragment more\nfragment: more\n"

    with pytest.raises(RunbookProblems, match="RB104"):
        load_runbook(text, file="shared.yaml")


def test_a_fragment_is_carried_once() -> None:
    """Of two bodies of one name nobody could say which holds."""
    text = whole() + b"--- # fragment words\n" + WORDS.encode()

    with pytest.raises(RunbookProblems, match="RB008"):
        load_runbook(text, file="shared.yaml")


@pytest.mark.parametrize("name", sorted(library()))
def test_the_text_with_its_fragments_in_their_place_means_the_same(name: str) -> None:
    """What `show --text` prints is a runbook, and it is the same one."""
    runbook = load_runbook(library()[name], file=f"{name}.yaml")

    again = load_runbook(written(expanded(runbook.source, file="a.yaml")).encode(), file="b.yaml")

    assert again.document == runbook.document


@pytest.mark.parametrize("name", sorted(fragments()))
def test_what_is_shared_is_used_more_than_once(name: str) -> None:
    """A fragment that one runbook alone uses belongs into it."""
    using = [book for book, text in library().items() if name in parted(text)[1]]

    assert len(using) > 1


def test_a_team_has_fragments_of_its_own(tmp_path: Path) -> None:
    """Those beside the runbook come before the library's; the command says what is whose."""
    (tmp_path / "fragments").mkdir()
    (tmp_path / "shared.yaml").write_text(BOOK)
    (tmp_path / "fragments" / "words.yaml").write_text(WORDS)
    (tmp_path / "fragments" / "review.yaml").write_text(REVIEW)
    asked = [str(tmp_path / "shared.yaml"), "--on", "2026-11-22"]

    linted = CliRunner().invoke(app, ["lint", *asked])
    shown = CliRunner().invoke(app, ["show", "shared", "--text", "--runbooks", str(tmp_path)])

    assert (linted.exit_code, linted.stdout) == (0, "1 read, 0 refused, 0 errors, 0 warnings\n")
    assert "  # fragments/review.yaml, used at line 17\n  - stage: look\n" in shown.stdout
