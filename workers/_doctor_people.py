"""People and runbooks: every role that a released runbook asks has somebody to answer."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import datetime

from cases.permissions import all_roles
from integrations.claims_directory import ClaimsDirectory
from integrations.errors import DirectoryError
from integrations.file_directory import DEMO_FILE, FileDirectory
from integrations.ports.directory import DirectorySnapshot, SecondFactor
from runbooks import Runbook, RunbookProblems, Weight, compile_runbook, lint, load_runbook
from runbooks.grammar.locales import LANGUAGES, spoken
from store import Store, StoreError
from workers._doctor_check import Check, Level, fail, fine, warn
from workers._doctor_log_in import mapped_roles
from workers.settings import Settings

DUTY_MANAGER = "duty-manager"
INCIDENT_MANAGER = "incident-manager"
PeopleHere = FileDirectory | ClaimsDirectory

_WEBHOOK = "webhook:"
_ENOUGH = 99
_UNKNOWN_ROLE = "RB024"
# It was released, so the name is right: what is missing is somebody who holds the role.
_STAFF = "Give somebody the role in the directory's file."


async def people(settings: Settings, directory: PeopleHere | None) -> AsyncIterator[Check]:
    """The directory can be read, and somebody is there when nobody else is."""
    if directory is None:
        yield fail(
            "directory",
            "no directory of people is configured: nobody can log in or be told",
            mend="Set ESCALATE_DIRECTORY_FILE to a YAML file of people.",
        )
        return
    try:
        snapshot = await directory.snapshot()
    except DirectoryError as error:
        yield fail("directory", str(error), mend=error.mend)
        return
    yield fine("directory", f"{len(snapshot.people)} people can be read")
    if not settings.demo and _is_demo(settings):
        yield fail(
            "directory-demo",
            "these are the demo's people: their passwords are known to everyone",
            mend="Set ESCALATE_DIRECTORY_FILE to your own file of people.",
        )
    unspoken = sorted({p.locale for p in snapshot.people if p.locale and not spoken(p.locale)})
    if unspoken:
        yield warn(
            "locales",
            f"nobody is told in {', '.join(unspoken)}: whoever names it is told in English",
            mend=f"Notices are worded in {', '.join(LANGUAGES)}; name one, or leave it out.",
        )
    if snapshot.holders(DUTY_MANAGER):
        yield fine(DUTY_MANAGER, "somebody is told when nobody else can be")
    elif settings.duty_manager:
        yield warn(
            DUTY_MANAGER,
            "nobody in the directory; the watch writes to the address of the settings, notices "
            "that reach nobody do not",
            mend="Give somebody the role duty-manager.",
        )
    else:
        yield fail(
            DUTY_MANAGER,
            "nobody is told when nobody else can be",
            mend="Give somebody the role duty-manager, or set ESCALATE_DUTY_MANAGER.",
        )
    if not snapshot.holders(INCIDENT_MANAGER):
        yield fail(
            INCIDENT_MANAGER,
            "nobody runs cases",
            mend="Give somebody the role incident-manager.",
        )
    if settings.oidc.on and not settings.oidc.passwords_too:
        # What second factor somebody has is the provider's to know.
        return
    weak = [person.id for person in snapshot.people if person.second_factor is SecondFactor.NONE]
    if weak:
        yield warn(
            "second-factors",
            f"{len(weak)} people have no second factor and cannot act where a gate asks for L2",
            mend="Add `totp` for them in the directory file.",
        )


async def runbooks(
    settings: Settings, directory: PeopleHere | None, *, store: Store, at: datetime
) -> AsyncIterator[Check]:
    """Released runbooks still lint, are not overdue for review, and have people and connectors."""
    snapshot = await _snapshot(directory)
    live = await store.releases.runbooks()
    if not live:
        yield fail(
            "runbooks",
            "none is released: reports are stored and wait",
            mend="`escalate runbook release user-safety-escalation`, by two people.",
        )
        return
    library: dict[str, Runbook] = {}
    for name, release in live.items():
        try:
            library[name] = load_runbook(
                await store.objects.get(release.digest), file=f"{name}.yaml"
            )
        except (RunbookProblems, StoreError) as error:
            yield fail(
                f"runbook {name}",
                f"its released text cannot be used: {type(error).__name__}",
                mend="Restore the store from the backup, or release a new version.",
            )
    for check in mapped_roles(settings, _asked_by(library)):
        yield check
    for name, runbook in library.items():
        for check in _of_runbook(name, runbook, settings, snapshot, library=library, at=at):
            yield check


def _of_runbook(
    name: str,
    runbook: Runbook,
    settings: Settings,
    snapshot: DirectorySnapshot | None,
    *,
    library: Mapping[str, Runbook],
    at: datetime,
) -> list[Check]:
    holders: Mapping[str, int] | None = None
    if snapshot is not None:
        # The linter takes a role that is not named here for one that nobody has heard of.
        counted = Counter(role for person in snapshot.people for role in person.roles)
        # How many are in a group is the provider's to know: here it is enough that one is mapped.
        holders = {**counted, **dict.fromkeys(settings.oidc.roles, _ENOUGH)}
    found = lint(runbook, today=at.date(), library=library, directory=holders)
    checks = [
        (fail if each.severity is Weight.ERROR else warn)(
            f"runbook {name}",
            f"{each.rule}: {each.what}",
            mend=_STAFF if each.rule == _UNKNOWN_ROLE else each.mend,
        )
        for each in found
    ]
    for effect in compile_runbook(runbook).effects:
        connector = effect.by.removeprefix(_WEBHOOK)
        if effect.by.startswith(_WEBHOOK) and connector not in settings.actions.connectors:
            checks.append(
                fail(
                    f"runbook {name}",
                    f"effect {effect.name} is carried out by connector {connector}, which is not "
                    "configured",
                    mend=f"Set ESCALATE_ACTIONS__CONNECTORS__{_in_environment(connector)}__URL "
                    "and __SECRET.",
                )
            )
    if not any(check.level is Level.FAIL for check in checks):
        version = runbook.version
        checks.append(fine(f"runbook {name}", f"{version} is live, with people for every role"))
    return checks


def _asked_by(library: Mapping[str, Runbook]) -> frozenset[str]:
    """The roles that live runbooks ask for, and those every installation has."""
    asked = {DUTY_MANAGER, INCIDENT_MANAGER}
    for runbook in library.values():
        pathway = compile_runbook(runbook)
        asked |= {*all_roles(pathway), *(effect.owner for effect in pathway.effects)}
    return frozenset(asked)


async def _snapshot(directory: PeopleHere | None) -> DirectorySnapshot | None:
    if directory is None:
        return None
    try:
        return await directory.snapshot()
    except DirectoryError:
        # `people` has told it already.
        return None


def _is_demo(settings: Settings) -> bool:
    file = settings.directory_file
    return file is not None and file.exists() and file.read_bytes() == DEMO_FILE.read_bytes()


def _in_environment(name: str) -> str:
    return name.upper().replace("-", "_")
