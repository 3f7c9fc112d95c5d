"""What a YAML text must be before it is read as a runbook."""

import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks import RunbookProblems, lint, load_runbook
from runbooks.source import DEEPEST, LARGEST, read_yaml
from runbooks.tree import Block, Place, Scalar

BASE = (Path(__file__).parent / "broken" / "base.yaml").read_text(encoding="utf-8")
TODAY = date(2026, 11, 22)


def refusal(text: bytes) -> tuple[str, int, int]:
    """The first problem of a text, as rule, line and column."""
    with pytest.raises(RunbookProblems) as caught:
        read_yaml(text, file="text.yaml")
    first = caught.value.problems[0]
    return first.rule, first.line, first.column


def test_every_value_knows_its_line_and_column() -> None:
    """Keys and values keep the place at which an editor shows them."""
    root = read_yaml(b"a: 1\nb:\n  - {c: 'two'}\n", file="text.yaml")

    assert isinstance(root, Block)
    assert root.keys == {"a": Place(1, 1), "b": Place(2, 1)}
    assert root.values["a"] == Scalar(1, Place(1, 4))
    assert root.plain() == {"a": 1, "b": ({"c": "two"},)}


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "1.0.0", "2027-02-01", "12:30", "0o7"])
def test_words_stay_words(word: str) -> None:
    """YAML 1.2: only true, false, null and plain numbers are anything but text."""
    root = read_yaml(f"a: {word}\n".encode(), file="text.yaml")

    assert root.plain() == {"a": word}


def test_a_byte_order_mark_is_no_reason_to_refuse() -> None:
    """Some editors begin a file with a mark; it is read as if it were not there."""
    root = read_yaml(b"\xef\xbb\xbfa: 1\n", file="text.yaml")

    assert root.plain() == {"a": 1}


@pytest.mark.parametrize(
    "text,expected",
    [
        (b"a: caf\xe9\n", ("RB001", 1, 7)),
        (b"\xff\xfea\x00", ("RB001", 1, 1)),
        (b"a: " + b"x" * LARGEST, ("RB002", 1, 1)),
        (b"[" * 500, ("RB002", 1, DEEPEST + 1)),
        (b"a: " + b"[" * 500, ("RB002", 1, 3 + DEEPEST)),
        (b"a: [1\n", ("RB003", 2, 1)),
        (b"a: b: c\n", ("RB003", 1, 5)),
        (b"%YAML 1.1\n---\na: yes\n", ("RB003", 1, 1)),
        (b"a: \x07\n", ("RB003", 1, 4)),
        (b"a:\tb\n", ("RB004", 1, 3)),
        (b"a: &x 1\n", ("RB005", 1, 4)),
        (b"a: *x\n", ("RB005", 1, 4)),
        (b"a: !!python/name:os.system x\n", ("RB006", 1, 4)),
        (b"a: 1\nb: 2\na: 3\n", ("RB007", 3, 1)),
        (b"a: {b: 1, b: 2}\n", ("RB007", 1, 11)),
        (b"a: 1\n---\nb: 2\n", ("RB008", 2, 1)),
        (b"", ("RB009", 1, 1)),
        (b"# nothing\n", ("RB009", 1, 1)),
        (b"- a\n", ("RB009", 1, 1)),
        (b"? [a]\n: 1\n", ("RB009", 1, 3)),
        (b"1: a\n", ("RB009", 1, 1)),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, bytes) else value[0],
)
def test_text_that_is_not_plain_yaml_is_refused(
    text: bytes, expected: tuple[str, int, int]
) -> None:
    """Encodings, sizes, tabs, anchors, tags, duplicates and odd keys are told with their place."""
    assert refusal(text) == expected


@pytest.mark.parametrize(
    "text,said",
    [
        (
            b"a: [1\n",
            "found the end of the text, expected ',' or ']' for what begins at 1:4",
        ),
        (
            b'a:\n  - "b\n',
            "found unexpected end of stream, expected plain YAML 1.2 for what begins at 2:5",
        ),
        (b"a: b: c\n", "found mapping values are not allowed here, expected plain YAML 1.2"),
        (b"a: ]\n", "found ']', expected the node content"),
    ],
    ids=["bracket", "quote", "colon", "closed"],
)
def test_what_the_parser_says_is_told_as_one_sentence(text: bytes, said: str) -> None:
    """What was found and what was expected there, and where that began if it is not the line."""
    with pytest.raises(RunbookProblems) as caught:
        read_yaml(text, file="text.yaml")

    assert said in str(caught.value)


def test_several_duplicate_keys_are_told_at_once() -> None:
    """Somebody who mends one duplicate does not meet the next one only afterwards."""
    with pytest.raises(RunbookProblems) as caught:
        read_yaml(b"a: 1\na: 2\nb: 1\nb: 2\n", file="text.yaml")

    assert [(each.rule, each.line) for each in caught.value.problems] == [
        ("RB007", 2),
        ("RB007", 4),
    ]


@pytest.mark.parametrize(
    "bomb",
    [
        b"a: &a [x,x]\n" + b"".join(b"k%d: &k%d [*a,*a,*a,*a]\n" % (i, i) for i in range(500)),
        b"a: " + b"{b: " * 5_000,
        b"a: " + b"[" * (LARGEST - 10),
        b"a: '" + b"\\" * (LARGEST - 10),
        b"".join(b"k%d: v\n" % i for i in range(9_000)),
    ],
    ids=["aliases", "blocks", "brackets", "backslashes", "keys"],
)
def test_a_bomb_is_refused_fast(bomb: bytes) -> None:
    """A hostile text costs no more than a large honest one."""
    began = time.perf_counter()

    with pytest.raises(RunbookProblems):
        load_runbook(bomb, file="bomb.yaml")

    assert time.perf_counter() - began < 5


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200)
    | st.text(alphabet="ab:-[]{}&*!%#|>'\"\\? \n,@`", max_size=60).map(str.encode)
)
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    """No text makes the reader fail in another way than by telling a problem with its place."""
    try:
        read_yaml(text, file="any.yaml")
        problems = []
    except RunbookProblems as refused:
        problems = list(refused.problems)

    assert all(each.line >= 1 and each.column >= 1 for each in problems)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(min_value=0, max_value=len(BASE) - 1),
    st.integers(min_value=0, max_value=12),
    st.sampled_from(["", "x", "1", "true", "null", "[]", "{}", '""', ": ", "[a, {b: c}]"]),
)
def test_any_change_of_a_runbook_is_read_or_refused(at: int, cut: int, put: str) -> None:
    """However a runbook is damaged, it is refused with places, or it can be linted."""
    text = BASE[:at] + put + BASE[at + cut :]

    try:
        told = [
            (each.line, each.column)
            for each in lint(load_runbook(text.encode(), file="a.yaml"), today=TODAY, library={})
        ]
    except RunbookProblems as refused:
        told = [(each.line, each.column) for each in refused.problems]

    assert all(1 <= line <= text.count("\n") + 2 and column >= 1 for line, column in told)
