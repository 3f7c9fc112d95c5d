"""What a page asks of a paging system: somebody is got up, and left alone again."""

from enum import StrEnum
from typing import Annotated, Protocol

from pydantic import StringConstraints

from cases.ids import key_of
from cases.values import Instant, Value
from runbooks.plan import Severity

PageKey = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[a-z0-9/-]+$")]

_KEY = "escalate/"


class PagerSeverity(StrEnum):
    """How loud a page is; these four are what pagers agree on."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


LOUDNESS: dict[Severity, PagerSeverity] = {
    Severity.SEV0: PagerSeverity.CRITICAL,
    Severity.SEV1: PagerSeverity.CRITICAL,
    Severity.SEV2: PagerSeverity.ERROR,
    Severity.SEV3: PagerSeverity.WARNING,
    Severity.SEV4: PagerSeverity.INFO,
}


class Page(Value):
    """One page. Nothing of what was reported is in here (I13): number, stage, role, due, link."""

    key: PageKey
    service: str
    summary: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    severity: PagerSeverity
    number: str
    role: str
    stage: str = ""
    link: str
    link_title: str
    """What the link leads to."""
    at: Instant


class Paging(Protocol):
    """One way to get somebody up, and to say that it is no longer needed.

    Every verb may be repeated: the pager knows the page by its key.
    """

    name: str

    def service_for(self, role: str) -> str | None:
        """The service that pages for the role, by our name for it; None when none does."""
        ...

    async def trigger(self, page: Page) -> None:
        """The pager has taken the page over; that somebody was reached is another matter."""
        ...

    async def acknowledge(self, key: str, *, service: str) -> None:
        """The pager stops escalating: somebody has it here."""
        ...

    async def resolve(self, key: str, *, service: str) -> None:
        """The pager is quiet about it: it was answered."""
        ...


def page_key(*, case: str, notice: str, service: str) -> str:
    """The dedup key of a step of a case: always the same for it, and another for every other.

    `notice` is the key of the notice, which stands for case, stage, its visit, role and step.
    Nothing can be read back from it.
    """
    return _KEY + key_of("page", case, notice, service)
