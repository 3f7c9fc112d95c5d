"""A value has one spelling, and the fast way to it is the RFC's (RFC 8785)."""

import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue

from cases.canonical import canonical


class Holder(BaseModel):
    """Anything JSON can say."""

    value: JsonValue


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text()
)
KEYS = st.text() | st.sampled_from(["\ue000", "\U00010000", "￿", "a", "A", "", "é"])
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)


@given(VALUES)
def test_a_model_is_written_as_the_rfc_says(value: JsonValue) -> None:
    """Control characters, numbers of every kind, and keys that sort otherwise in UTF-16."""
    assert canonical(Holder(value=value)) == rfc8785.dumps({"value": value})


def test_keys_beyond_the_basic_plane_sort_by_their_utf16_units() -> None:
    """U+10000 comes before U+E000 there; by code point it would not."""
    written = canonical(Holder(value={"\ue000": 1, "\U00010000": 2})).decode()

    assert written.index("\U00010000") < written.index("\ue000")
