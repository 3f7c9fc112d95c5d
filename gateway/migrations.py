"""The versions a running case can be moved to, and what each would mean for it (I2).

A version is a release, so two people have made it live before anybody moves a case to it; the door
puts its rules into the act, and a person's client cannot choose other ones.
"""

from collections.abc import Sequence

from cases.acts import ActBody, Migrate
from cases.migration import leads_back
from cases.migration_preview import MigrationPreview, preview
from cases.rules import view_of
from cases.state import CasePicture
from gateway.casework import OpenCase
from gateway.doors import Doors
from gateway.shelf import Shelved
from gateway.times import Show
from runbooks.comparing import compare
from runbooks.plan import Pathway
from runbooks.release import Release, ReleaseState
from store import CaseRow

MIGRATORS = frozenset({"incident-manager", "duty-manager"})
"""The roles that may ask for a migration, and agree to one."""

GRAPH = "runbook"
"""A case that is moved goes by its runbook's graph: code knows the version it was written for."""

Lines = list[tuple[str, str]]


class NoSuchVersionError(LookupError):
    """No live release of the runbook has that version, and the case has not come from it."""


async def versions_of(
    doors: Doors, case: OpenCase, *, among: Sequence[Release] | None = None
) -> list[Shelved]:
    """Every version the case could be asked to go to, in the order they were proposed.

    `among` are all releases, where whoever asks for many cases has read them already.
    """
    found: dict[str, Shelved] = {}
    for release in await doors.store.releases.released() if among is None else among:
        # A version may stand there twice: in the shadow, and for good.
        known = {case.state.digest, *found}
        if release.runbook != case.state.runbook or release.digest in known:
            continue
        shelved = await doors.shelf.by_digest(release.digest)
        live = _is_live_for(case.row, release)
        if live or _came_from(case.state, case.pathway, shelved):
            found[release.digest] = shelved
    return list(found.values())


async def with_rules(doors: Doors, case: CaseRow, body: ActBody) -> ActBody:
    """The act as it is signed: a migration carries its version's rules, and no other ones."""
    if not isinstance(body, Migrate):
        return body
    view = await doors.store.views.get(case.id)
    state = CasePicture.of(view.state) if view is not None else None
    releases = await _releases(doors, case.runbook or "", body.version)
    shelved = await doors.shelf.by_digest(releases[0].digest)
    if not any(_is_live_for(case, release) for release in releases):
        known = await doors.shelf.by_digest(state.digest) if state is not None else None
        if state is None or known is None or not _came_from(state, known.pathway, shelved):
            raise NoSuchVersionError(body.version)
    return body.model_copy(update={"pathway": rules_of(shelved)})


def rules_of(shelved: Shelved) -> Pathway:
    """The version's rules as an act carries them."""
    return shelved.pathway.walked_by(GRAPH)


def look_ahead(case: OpenCase, version: Shelved) -> MigrationPreview:
    """What the version would change for the case now."""
    return preview(case.state, case.pathway, rules_of(version), at=case.now)


async def migration_lines(doors: Doors, case: OpenCase, body: ActBody, show: Show) -> Lines:
    """What whoever signs a migration reads: its effect on this case, and what the version means."""
    if not isinstance(body, Migrate):
        return []
    found = [each for each in await versions_of(doors, case) if _is(each, body.version)]
    if not found:
        return []
    return [
        *look_ahead(case, found[0]).said(written=show.text, gate=case.title_of),
        *(
            ("The version", str(each))
            for each in compare(case.shelved.runbook, found[0].runbook).changes
        ),
    ]


async def _releases(doors: Doors, runbook: str, version: str) -> list[Release]:
    """The releases of the version, all of the same bytes: in the shadow, for good, or both."""
    found = [
        release
        for release in await doors.store.releases.released()
        if (release.runbook, release.version) == (runbook, version)
    ]
    if not found:
        raise NoSuchVersionError(version)
    return found


def _is_live_for(case: CaseRow, release: Release) -> bool:
    """Whether two people let cases like this walk it; a live case walks nothing of the shadow."""
    return release.state is ReleaseState.LIVE and (case.shadow or not release.shadow)


def _is(shelved: Shelved, version: str) -> bool:
    return shelved.pathway.version == version


def _came_from(state: CasePicture, pathway: Pathway, version: Shelved) -> bool:
    return leads_back(view_of(state, pathway), version.pathway)
