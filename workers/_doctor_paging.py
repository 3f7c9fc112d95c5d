"""Who is got up, and how: the pager's keys, its way back, and what the rotas name."""

from collections.abc import AsyncIterator, Iterator

from integrations.errors import DirectoryError, UnusableSecretError
from integrations.file_directory import FileDirectory
from integrations.on_call_file import Rota, read_rotas
from integrations.pagerduty import DEFAULT, routing_key
from integrations.ports.directory import DirectorySnapshot
from workers._doctor_check import Check, fail, fine, warn
from workers.settings import Settings


async def paging(settings: Settings, directory: FileDirectory | None) -> AsyncIterator[Check]:
    """Pages reach somebody's phone, an acknowledgement there is heard, and rotas name people."""
    snapshot = await _snapshot(directory)
    for check in _pager(settings, snapshot):
        yield check
    if settings.on_call_file is None:
        return
    try:
        rotas = read_rotas(settings.on_call_file)
    except DirectoryError as error:
        yield fail("on-call", str(error), mend=error.mend)
        return
    yield fine("on-call", f"{len(rotas)} roles have a rota")
    for role, rota in rotas.items():
        for check in _rota(settings, role, rota, snapshot):
            yield check


def _pager(settings: Settings, snapshot: DirectorySnapshot | None) -> Iterator[Check]:
    keys = settings.pagerduty.keys
    if not keys:
        yield warn(
            "pager",
            "pages go out by mail only",
            mend="Nobody is woken by a mail: set ESCALATE_PAGERDUTY__KEY, or watch the inbox of "
            "the duty roles around the clock.",
        )
        return
    for service, key in keys.items():
        try:
            routing_key(key)
        except UnusableSecretError as error:
            yield fail("pager", f"{service}: {error}", mend=error.mend)
            return
    yield fine("pager", f"pages go to PagerDuty: {', '.join(sorted(keys))}")
    if DEFAULT not in keys:
        yield warn(
            "pager-default",
            "roles without a service of their own are paged by mail only",
            mend="Set ESCALATE_PAGERDUTY__KEY.",
        )
    if not settings.webhooks.pagerduty_secrets:
        yield warn(
            "pager-back",
            "an acknowledgement at PagerDuty is not heard here: people are paged on",
            mend="Make a webhook subscription for /webhooks/pagerduty and set "
            "ESCALATE_WEBHOOKS__PAGERDUTY_SECRETS.",
        )
    elif snapshot is not None and all(person.pagerduty is None for person in snapshot.people):
        yield warn(
            "pager-people",
            "nobody in the directory has a PagerDuty id: who acknowledges there is a stranger here",
            mend="Add `pagerduty:` to people in the directory.",
        )
    for role in sorted(set(keys) - {DEFAULT}):
        if snapshot is not None and not snapshot.holders(role):
            yield fail(
                "pager-roles",
                f"there is a service for {role}, a role that nobody holds",
                mend="Correct the role's name in ESCALATE_PAGERDUTY__SERVICES.",
            )


def _rota(
    settings: Settings, role: str, rota: Rota, snapshot: DirectorySnapshot | None
) -> Iterator[Check]:
    name = f"on-call {role}"
    if rota.pagerduty is not None and settings.pagerduty.token is None:
        yield fail(
            name,
            "names a schedule of PagerDuty, and no API key is set: everybody of the role is told",
            mend="Set ESCALATE_PAGERDUTY__TOKEN to a read-only REST API key.",
        )
    if snapshot is None:
        return
    if not snapshot.holders(role):
        yield fail(
            name,
            "nobody holds this role: whoever is on call for it is passed over",
            mend="Correct the role's name in the on-call file, or give somebody the role.",
        )
    holders = {person.id for person in snapshot.holders(role)}
    without = sorted(set(rota.people or ()) - holders)
    if without:
        yield fail(
            name,
            f"on call without holding the role: {', '.join(without)}",
            mend="Give them the role in the directory, or take them off the rota.",
        )
    for other in rota.instead:
        if not snapshot.holders(other):
            yield warn(
                name,
                f"`else` names {other}, a role that nobody holds",
                mend="Correct the role's name in the on-call file.",
            )


async def _snapshot(directory: FileDirectory | None) -> DirectorySnapshot | None:
    try:
        return await directory.snapshot() if directory is not None else None
    except DirectoryError:
        # `people` has told it already.
        return None
