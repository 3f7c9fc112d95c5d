"""The journal: a chain that travels packed and comes back byte for byte."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.journal import BrokenChain, Entry, Journal, Kind, Stream, check_chain, packed, restored

SALT = bytes(32)
ZERO = datetime(2026, 1, 1, tzinfo=UTC)
WRITTEN = st.lists(
    st.tuples(
        st.sampled_from(list(Kind)),
        st.integers(0, 3),
        st.dictionaries(st.text("abc", min_size=1), st.text() | st.integers(0, 9) | st.none()),
    ),
    min_size=1,
    max_size=12,
)


def journal_of(written: list[tuple[Kind, int, dict[str, object]]]) -> Journal:
    """A journal with those entries pending."""
    journal = Journal(case="case/one")
    at = ZERO
    for kind, wait, body in written:
        at += timedelta(microseconds=wait)
        clean = {name: value for name, value in body.items() if name not in ("at", "salt", "kind")}
        journal.record(kind, at=at, salt=SALT, **clean)
    return journal


def broken_at(entries: list[Entry]) -> int | None:
    """Where the chain breaks; None where it holds."""
    try:
        check_chain(entries)
    except BrokenChain as error:
        return error.sequence
    return None


@given(WRITTEN, st.data())
def test_packed_entries_come_back_byte_for_byte(
    written: list[tuple[Kind, int, dict[str, object]]], data: st.DataObject
) -> None:
    """Any part of a journal can be sent without number, hash and salt, and is the same after."""
    entries = journal_of(written).pending
    start = data.draw(st.integers(0, len(entries) - 1))
    sent = entries[start:]

    back = restored(
        packed(sent),
        case="case/one",
        stream=Stream.CASE,
        first=sent[0].sequence,
        previous=sent[0].previous,
        salt=SALT,
    )

    assert [entry.data for entry in back] == [entry.data for entry in sent]


@given(WRITTEN, st.data())
def test_a_changed_entry_breaks_the_chain(
    written: list[tuple[Kind, int, dict[str, object]]], data: st.DataObject
) -> None:
    """An entry that was altered, dropped or doubled is found; what was not altered holds."""
    journal = journal_of(written)
    entries = list(journal.pending)
    assert check_chain(entries) == journal.head
    which = data.draw(st.integers(0, len(entries) - 1))
    altered = entries[which].model_copy(update={"body": {"other": "words"}})

    broken = [*entries[:which], altered, *entries[which + 1 :]]

    found = broken_at(broken)
    assert found == which + 2 if which + 1 < len(entries) else found is None
    assert found is not None or check_chain(broken) != journal.head
    with pytest.raises(BrokenChain):
        check_chain([*entries, entries[-1]])
