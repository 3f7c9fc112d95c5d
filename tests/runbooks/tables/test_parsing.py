"""Expressions are refused with a reason, and never with anything else."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.tables import ExpressionError, expression
from tests.runbooks.tables.made import INPUTS

PARTS = st.sampled_from(
    [
        "accounts",
        "danger",
        "story",
        "(",
        ")",
        "[",
        "]",
        ",",
        "!",
        "-",
        "+",
        "*",
        "&&",
        "||",
        "==",
        "<",
        "in",
        "timestamp",
        '"yes"',
        "'x",
        "1",
        "2.5",
        "true",
        "null",
        "x.y",
        "@",
        "accounts(1)",
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(PARTS, max_size=90).map(" ".join)))
def test_any_text_is_an_expression_or_is_refused(text: str) -> None:
    """Whatever is written, the reader ends, with an expression or with what it expected."""
    read = None
    with suppress(ExpressionError):
        read = expression(text, INPUTS)

    assert read is None or read.text == text


@pytest.mark.parametrize(
    "text,expected",
    [
        ("(" * 20 + "true" + ")" * 20, "at most 12 levels"),
        ("!" * 50 + "true", "at most 12 levels"),
        (" || ".join(["true"] * 40), "at most 60 parts"),
        ("accounts > " + "1" * 400, "at most 400 characters"),
        ("1 < accounts < 3", "one comparison at a time"),
        ('danger < "yes"', "numbers or instants"),
        ("accounts == danger", "two of one kind, not number and words"),
        ("accounts + noticed > 1", "numbers to calculate with"),
        ("accounts && true", "conditions around &&"),
        ('danger in ["yes", 3]', "two of one kind"),
        ('noticed > timestamp("2026-01-01")', "with its offset"),
        ("story == danger", "`given` in a cell"),
        ("size(danger) > 2", "no call but timestamp"),
        ("[1].exists(x, x > 0)", "CEL with comparisons"),
        ("if == 3", "a name or a value"),
        ("", "a name or a value"),
    ],
)
def test_what_is_refused_says_what_was_expected(text: str, expected: str) -> None:
    """Size, depth, kinds and calls: each has its own words."""
    with pytest.raises(ExpressionError, match=re.escape(expected)):
        expression(text, INPUTS)
