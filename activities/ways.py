"""The ways to a person: which channels, and in which order. New channels plug in here."""

from collections.abc import Sequence

from activities.outside import Channel
from integrations.ports.directory import Person


def ways_to(person: Person, channels: Sequence[Channel]) -> list[Channel]:
    """The channels in the order the person wants; whoever named none, or none of these, has all.

    A wish for a channel that is not connected must not leave anybody untold.
    """
    wanted = [channel for name in person.channels for channel in channels if channel.name == name]
    return wanted or list(channels)
