"""What `make demo` shows whoever opens it for the first time is there."""

import pytest

from cli.demo.installation import installation
from cli.demo.play import play
from cli.demo.scenes import SEEDED


@pytest.mark.timeout(300)
async def test_every_case_that_the_demo_begins_with_comes_where_it_is_to_be_shown() -> None:
    """Its people find on every page what they have to press, whatever the runbooks ask first."""
    async with installation(home=None) as place:
        account = await play(place, SEEDED, exports=None, progress=lambda _: None, checked=False)

    assert account.tally.failures == []
    assert account.tally.cases == len(SEEDED)
