"""The index of hostile cases cannot lie: marks over tests, a table, and the page made of both."""

import pytest

from tests.hostile_cases import CASES, MARKER, PAGE, ROOT, Shown, page, shown, strays

SHOWN = shown()


def of(number: int) -> list[Shown]:
    """The tests that show it wherever the suite runs."""
    return [test for test in SHOWN if number in test.numbers and test.everywhere]


def test_every_hostile_case_is_shown() -> None:
    """Sixty-four, each by a test that runs everywhere; what nothing can show yet has no test."""
    assert list(CASES) == list(range(1, 65))
    assert [n for n, case in CASES.items() if not case.lacks and not of(n)] == []
    assert [n for n, case in CASES.items() if case.lacks and of(n)] == []


def test_every_mark_is_of_a_case_and_over_a_test_that_asserts() -> None:
    """No unknown number, no mark that is not seen here, no test that could be skipped or xfail."""
    unknown = [test.id for test in SHOWN if not set(test.numbers) <= set(CASES)]

    assert unknown == []
    assert strays() == []
    assert [test.id for test in SHOWN if not test.asserts] == []


def test_pytest_sees_the_same_marks(request: pytest.FixtureRequest) -> None:
    """Of whatever was collected beside this, marks and table agree to the number."""
    collected = {
        (
            str(item.path.relative_to(ROOT)),
            item.originalname,
            tuple(sorted(n for mark in item.iter_markers(MARKER) for n in mark.args)),
        )
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.get_closest_marker(MARKER)
    }

    assert collected <= {(test.file, test.test, test.numbers) for test in SHOWN}


def test_the_page_is_not_stale() -> None:
    """docs/hostile-cases.md is what table and marks of today say, to the letter."""
    assert PAGE.read_text(encoding="utf-8") == page(SHOWN), "python -m tests.hostile_cases"
