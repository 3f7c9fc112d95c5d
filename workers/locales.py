"""Which locale the settings give to whom: people without one, rooms, services, trackers."""

from activities.catalogues import catalogues
from activities.voices import Locales
from workers.settings import Settings


def locales(settings: Settings) -> Locales:
    """In which locale whom is told: people without one of their own, rooms, services, trackers."""
    # One that is not whole is heard of now, and not from the first notice.
    catalogues()
    slack, teams, pager = settings.slack, settings.teams, settings.pagerduty
    places = {
        "slack": slack.locale,
        **{f"slack/{room.channel}": room.locale for room in slack.rooms.values()},
        "teams": teams.locale,
        **{f"teams/{role}": room.locale for role, room in teams.rooms.items()},
        "pagerduty": pager.locale,
        **{f"pagerduty/{role}": service.locale for role, service in pager.services.items()},
        "request-tracker": settings.rt.locale,
        "zendesk": settings.zendesk.locale,
        "jira": settings.jira.locale,
        "servicenow": settings.servicenow.locale,
    }
    return Locales(
        people=settings.notices.locale,
        places={place: locale for place, locale in places.items() if locale is not None},
    )
