"""Who may do what: whether the policies can be used, and who has a clearance."""

from collections.abc import Iterator

from integrations.cedar_folder import PoliciesRefusedError, installed
from workers._doctor_check import Check, fail, fine
from workers.settings import Settings

_NAME = "access"


def access(settings: Settings) -> Iterator[Check]:
    """The policies that ship, and the team's own beside them."""
    try:
        known = installed(settings.access_dir)
    except PoliciesRefusedError as refused:
        for problem in refused.problems:
            yield fail(_NAME, str(problem), mend=problem.mend)
        return
    own = " and the team's own" if settings.access_dir is not None else ""
    count = len(known.written)
    yield fine(_NAME, f"{count} policies: those that ship{own}; digest {known.digest[:16]}")
