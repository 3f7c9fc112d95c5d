"""What the tests of the integrations share."""

import pytest

from tests.fakes.clock import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands still."""
    return FixedClock()
