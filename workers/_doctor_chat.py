"""Chats: whether buttons are believed for good reason, who is told where, and do they let us in."""

from collections.abc import Iterator

import httpx

from integrations.errors import UnusableSecretError, VendorError
from integrations.ports.directory import DirectorySnapshot
from integrations.public_secrets import PUBLISHED
from integrations.slack import API, Slack
from integrations.slack_interaction import SlackVerifier
from integrations.teams import check_webhook
from workers._doctor_check import Check, fail, fine, warn
from workers.clock import SystemClock
from workers.settings import Settings


def chats(settings: Settings, people: DirectorySnapshot | None) -> Iterator[Check]:
    """What is set for Slack and Teams fits together, and somebody can be told there."""
    yield from _teams(settings)
    slack = settings.slack
    if not slack.on:
        return
    if not slack.team:
        yield fail(
            "slack-team",
            "it is not said whose buttons are believed: the gateway does not start",
            mend="Set ESCALATE_SLACK__TEAM to the workspace's id (`escalate doctor --live` shows).",
        )
    yield _secret(settings)
    if not slack.channel and not slack.rooms:
        yield fail(
            "slack-rooms",
            "no channel is named: nobody is told in Slack",
            mend="Set ESCALATE_SLACK__CHANNEL, or ESCALATE_SLACK__ROOMS__<ROLE>__CHANNEL.",
        )
    if people is not None:
        there = sum(1 for person in people.people if person.slack is not None)
        if not there:
            yield warn(
                "slack-people",
                "nobody in the directory has a Slack id: everybody is told by mail",
                mend="Give people `slack: T…/U…` in the directory: docs/connect-slack.md.",
            )
        else:
            yield fine("slack-people", f"{there} of {len(people.people)} people have a Slack id")


def _secret(settings: Settings) -> Check:
    secrets = [secret.get_secret_value() for secret in settings.slack.signing_secrets]
    try:
        SlackVerifier(secrets)
    except UnusableSecretError as error:
        return fail("slack-secret", str(error), mend=error.mend)
    if not PUBLISHED.isdisjoint(secrets) and not settings.demo:
        return fail(
            "slack-secret",
            "a signing secret is the public example of Slack's documentation",
            mend="Copy the app's own from its Basic Information page.",
        )
    return fine("slack-secret", f"{len(secrets)} secret(s) can be used")


def _teams(settings: Settings) -> Iterator[Check]:
    teams = settings.teams
    named = {"all": teams.webhook} if teams.webhook is not None else {}
    for name, secret in {**named, **{n: r.webhook for n, r in teams.rooms.items()}}.items():
        try:
            check_webhook(secret.get_secret_value())
        except UnusableSecretError as error:
            yield fail(f"teams {name}", str(error), mend=error.mend)
        else:
            yield fine(f"teams {name}", "a Workflows webhook; it is not called, a call would post")


async def live_slack(settings: Settings, http: httpx.AsyncClient) -> Check | None:
    """`auth.test` lets us in, and the workspace is the one whose buttons are believed."""
    slack = settings.slack
    if slack.token is None:
        return None
    client = Slack(
        http,
        token=slack.token.get_secret_value(),
        clock=SystemClock(),
        api=str(slack.api or API),
    )
    try:
        identity = await client.who_am_i()
    except VendorError as error:
        return fail("live slack", str(error), mend=error.mend)
    if identity.team != slack.team:
        return fail(
            "live slack",
            f"the token is of workspace {identity.team}, not of {slack.team or 'any that is set'}",
            mend=f"Set ESCALATE_SLACK__TEAM={identity.team}, if that is yours.",
        )
    return fine("live slack", f"lets us in, to workspace {identity.team}")
