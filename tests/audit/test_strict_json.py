"""JSON that two readers could understand differently is understood by nobody."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import ExportUnreadableError
from audit.strict_json import EXACT, read_json

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-EXACT + 1, EXACT - 1)
    | st.text(alphabet='abcé ✓\n"\\'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner),
    max_leaves=8,
)


@given(value=plain)
def test_plain_values_are_read_as_they_are(value: object) -> None:
    """What has one meaning is read."""
    assert read_json("x", json.dumps(value).encode()) == value


@pytest.mark.hostile(39)
@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"a":{"b":1,"b":1}}',
        '{"caf\u00e9":1,"cafe\u0301":2}',
        "1.0",
        "1e3",
        "-0.0",
        str(2**53),
        str(-(2**53)),
        "9" * 5000,
        "NaN",
        "-Infinity",
        "\ufeff{}",
        '"\\ud800"',
        '{"\\udfff":1}',
        "[" * 100_000,
        '{"a":' * 50_000,
        "{",
        "nul",
        "",
        "{} {}",
        "'a'",
        '{"a":1,}',
        '"\x00"',
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    """By the typed error, named."""
    with pytest.raises(ExportUnreadableError, match="x: "):
        read_json("x", text.encode("utf-8", "surrogatepass"))


def test_bytes_that_are_no_text_are_refused() -> None:
    """Also halves of surrogates that were never escaped, and overlong spellings."""
    for raw in (b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\xaf"', "{}".encode("utf-16")):
        with pytest.raises(ExportUnreadableError):
            read_json("x", raw)


def test_fractions_are_read_where_they_belong() -> None:
    """Temporal's histories have back-off coefficients; a pair of surrogates is one letter."""
    assert read_json("x", b'{"a":2.0,"b":"\\ud83d\\ude00"}', floats=True) == {"a": 2.0, "b": "😀"}
