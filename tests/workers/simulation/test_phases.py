"""When in a minute people act: never so late that a slow machine carries them into the next one."""

from datetime import timedelta

from workers.simulation.outside import EARLY
from workers.simulation.pace import TOO_LATE
from workers.simulation.play import PHASES, phase_of

MINUTE = timedelta(minutes=1)
SOON = timedelta(seconds=4)
"""How long an end may take after the act that brings it about."""


def minute(after: timedelta) -> int:
    """The minute of what comes so long after a whole minute, as the simulation counts it."""
    return int((after + EARLY) // MINUTE)


def test_who_is_punctual_is_of_the_same_minute_on_every_machine() -> None:
    """As early as a clock may read, or as late as is still punctual, its end soon after."""
    for turn in range(PHASES):
        phase = phase_of(turn)
        assert minute(phase - EARLY) == minute(phase + TOO_LATE + SOON) == 0


def test_no_two_of_many_turns_fall_together() -> None:
    """What one act sets going comes at its seconds: the next acts have others."""
    assert len({phase_of(turn) for turn in range(PHASES)}) == PHASES
