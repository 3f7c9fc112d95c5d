"""When in a minute people act: never where a slow machine decides the minute, or the order."""

from datetime import timedelta
from itertools import pairwise

from workers.simulation.outside import EARLY
from workers.simulation.pace import TOO_LATE
from workers.simulation.play import PHASES, phase_of

MINUTE = timedelta(minutes=1)
QUARTER = timedelta(seconds=15)
SOON = timedelta(seconds=4)
"""How long an end may take after the act that brings it about."""
TICK = timedelta(seconds=2)
"""How late a timer may be after that."""
APART = timedelta(seconds=2)
"""How far the next turn's seconds are from what the last one set going, at least; the last but
one of a round is nearer."""

TURNS = range(len(PHASES))


def minute(after: timedelta) -> int:
    """The minute of what comes so long after a whole minute, as the simulation counts it."""
    return int((after + EARLY) // MINUTE)


def test_who_is_punctual_is_of_the_same_minute_on_every_machine() -> None:
    """As early as a clock may read, or as late as is still punctual, its end soon after."""
    for turn in TURNS:
        phase = phase_of(turn)
        assert minute(phase - EARLY) == minute(phase + TOO_LATE + SOON) == 0


def test_what_an_act_sets_going_is_of_the_same_minute_on_every_machine() -> None:
    """A late step of 75 % of five minutes, and a page that is unread after thirty seconds."""
    for turn in TURNS:
        for quarters in range(4):
            due = phase_of(turn) + quarters * QUARTER
            assert minute(due) == minute(due + TOO_LATE + TICK), (turn, quarters)


def test_no_two_turns_of_a_round_fall_together() -> None:
    """What one act sets going comes at its seconds: the next acts have others."""
    assert len({phase_of(turn) for turn in TURNS}) == len(PHASES)
    assert phase_of(len(PHASES)) == phase_of(0)


def test_the_next_turn_is_apart_from_quarters_of_the_last_too() -> None:
    """Counted within a quarter of a minute, around its end."""
    near = [
        (earlier, later)
        for earlier, later in pairwise([*TURNS, 0])
        if min(gap := (phase_of(later) - phase_of(earlier)) % QUARTER, QUARTER - gap) < APART
    ]
    assert near == [(11, 12)]
