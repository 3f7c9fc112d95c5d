"""Histories of cases that ran before still replay on today's code (I14)."""

import json

import pytest

from cases.file import EDITION
from tests.histories.record import GOLDEN, HERE, OWED, golden
from tests.workflows.obligation_stories import STORIES
from tests.workflows.playing import replayer

HISTORIES = golden()
OBLIGATIONS = golden(OWED)


def test_every_golden_scenario_is_there() -> None:
    """Nothing replays because nothing is there: that must not pass."""
    assert OBLIGATIONS.keys() >= STORIES.keys()
    assert {name.split(".")[0] for name in HISTORIES} >= set(GOLDEN)


def test_what_begins_today_has_golden_histories() -> None:
    """Whoever begins an edition records what cases do under it, so that the next one keeps it."""
    for histories, wanted in ((HISTORIES, GOLDEN), (OBLIGATIONS, STORIES)):
        today = [name for name in histories if name.endswith(f".edition-{EDITION}")]

        assert {name.split(".")[0] for name in today} >= set(wanted)


@pytest.mark.parametrize("name", HISTORIES)
async def test_a_golden_history_replays(name: str) -> None:
    """Every run of the case, with the test key, in the namespace it ran in."""
    namespace = json.loads((HERE / f"{name}.json").read_text())["namespace"]
    replays = replayer(namespace)

    for history in HISTORIES[name]:
        await replays.replay_workflow(history)


@pytest.mark.parametrize("name", OBLIGATIONS)
async def test_a_golden_history_of_an_obligation_replays(name: str) -> None:
    """What a case owes lives for years: every run of it, too."""
    namespace = json.loads((OWED / f"{name}.json").read_text())["namespace"]
    replays = replayer(namespace)

    for history in OBLIGATIONS[name]:
        await replays.replay_workflow(history)


@pytest.mark.parametrize("name", HISTORIES)
def test_a_golden_history_says_nothing_in_clear(name: str) -> None:
    """What people wrote is not readable in what Temporal keeps (I13)."""
    text = (HERE / f"{name}.json").read_text()

    assert "facts, rule, decision" not in text
    assert "screenshot" not in text
