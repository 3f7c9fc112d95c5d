"""Implements `workflows/effects.py`: one verb a function, thin, under the same names."""

from collections.abc import Callable, Sequence
from typing import Any

from activities.actions import Performing
from activities.announcing import Announcements
from activities.linking import Linking
from activities.looking_up import LookingUp
from activities.merging import Merging
from activities.notify import Notifying
from activities.other_cases import Cancelling
from activities.outside import Channel, Outside
from activities.record import Recording
from activities.rooms import Rooms
from activities.tickets import Tickets

__all__ = ["Announcements", "Channel", "Outside", "Rooms", "all_activities"]


def all_activities(outside: Outside) -> Sequence[Callable[..., Any]]:
    """Every effect a case can ask for, bound to the systems outside."""
    recording, linking, merging = Recording(outside), Linking(outside), Merging(outside)
    return (
        recording.append_journal,
        recording.append_obligation,
        recording.collect_acts,
        recording.assess_severity,
        Notifying(outside).notify,
        Performing(outside).perform_effect,
        Tickets(outside).sync_ticket,
        linking.open_linked_case,
        linking.split_off_report,
        linking.look_at_sub_cases,
        LookingUp(outside).look_up_deciders,
        Cancelling(outside).cancel_along,
        merging.merge_away,
        merging.give_back,
    )
