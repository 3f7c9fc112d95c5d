"""What holds of every deadline, whatever the row, the calendar and the instant."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from runbooks.statutes.calendar import DAY, Calendar
from runbooks.statutes.resolver import compute
from runbooks.statutes.span import Basis, Span, Unit, due
from runbooks.statutes.table import Statute, calendars, statutes

INSTANTS = st.integers(0, 10 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
CALENDARS = st.sampled_from(sorted(calendars().items())).map(lambda item: item[1])
SPANS = st.builds(
    Span,
    n=st.integers(1, 40),
    unit=st.sampled_from(Unit),
    basis=st.sampled_from(Basis),
    roll=st.booleans(),
    until=st.none() | st.times().map(lambda each: each.replace(second=0, microsecond=0)),
)
ROWS = st.sampled_from([row for row in statutes().values() if row.span is not None])


@given(SPANS, CALENDARS, INSTANTS)
def test_the_careful_instant_is_never_after_the_last_lawful(
    span: Span, calendar: Calendar, begun: datetime
) -> None:
    """Working to the conservative instant is in time, by any rule and calendar."""
    found = due(span, calendar, begun=begun)

    assert begun < found.conservative_due <= found.legal_latest


@given(SPANS, CALENDARS, INSTANTS, st.integers(0, 90 * 24 * 3600))
def test_a_later_event_is_never_due_earlier(
    span: Span, calendar: Calendar, begun: datetime, seconds: int
) -> None:
    """The last lawful instant moves forward with the event, or stays."""
    later = begun + timedelta(seconds=seconds)

    assert (
        due(span, calendar, begun=begun).legal_latest
        <= due(span, calendar, begun=later).legal_latest
    )


@given(CALENDARS, INSTANTS, st.integers(1, 60), st.sampled_from(Basis), st.sampled_from(Unit))
def test_more_time_is_never_less(
    calendar: Calendar, begun: datetime, n: int, basis: Basis, unit: Unit
) -> None:
    """One unit more is due later, or at the same instant where a rule lengthened the shorter."""
    shorter = due(Span(n=n, unit=unit, basis=basis), calendar, begun=begun)
    longer = due(Span(n=n + 1, unit=unit, basis=basis), calendar, begun=begun)

    assert shorter.conservative_due < longer.conservative_due
    assert shorter.legal_latest <= longer.legal_latest


@given(CALENDARS, INSTANTS, st.integers(2, 40))
def test_two_days_hold_two_working_days(calendar: Calendar, begun: datetime, n: int) -> None:
    """1182/71, Art. 3(4) and (5): it ends with a working day, and that is not the first."""
    found = due(Span(n=n, unit=Unit.DAY, basis=Basis.EU), calendar, begun=begun)
    event = calendar.local(begun).date()
    last = calendar.local(found.legal_latest - timedelta(seconds=1)).date()
    worked = sum(
        calendar.works(event + number * DAY) for number in range(1, (last - event).days + 1)
    )

    assert calendar.works(last)
    assert worked >= 2


@given(SPANS)
def test_a_span_is_read_as_it_is_written(span: Span) -> None:
    """In a pathway it is a few words, and means the same."""
    assert Span.model_validate(str(span)) == span
    assert Span.model_validate_json(span.model_dump_json()) == span


@given(ROWS, INSTANTS)
def test_a_row_computes_the_same_again(row: Statute, begun: datetime) -> None:
    """Row, calendar and event are all it takes: written and read back, they give the same."""
    calendar = Calendar.model_validate_json(row.calendar.model_dump_json())
    span = Span.model_validate_json(row.span.model_dump_json() if row.span else "")

    assert due(span, calendar, begun=begun) == compute(row, begun=begun).due
