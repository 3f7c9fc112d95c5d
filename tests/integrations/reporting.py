"""Drafts to hand in, and the steps of a submission kept in memory."""

from datetime import UTC, datetime

from pydantic import JsonValue

from cases.drafts.record import Draft
from integrations.ports.reporting import Submission
from runbooks.forms import FORMS

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
STATEMENT = {
    "decision-visibility": "content-removed, content-labelled",
    "decision-ground": "incompatible-content",
    "incompatible-content-ground": "Terms, section 4",
    "incompatible-content-explanation": "The terms forbid offers of that kind.",
    "incompatible-content-illegal": "no",
    "content-type": "text image",
    "category": "scams-and-fraud",
    "category-specification": "phishing",
    "territorial-scope": "eea",
    "content-language": "en",
    "content-date": "2026-11-20",
    "application-date": "2026-11-22T08:00:00+00:00",
    "decision-facts": "An offer that asks for payment in advance.",
    "source-type": "article-16",
    "automated-detection": "no",
    "automated-decision": "not-automated",
    "content-id-ean-13": "4006381333931",
}
MD5 = "md5:" + "0" * 32
TIP = {
    "incident-type": "child-pornography",
    "incident-at": "2026-11-22T08:00:00+00:00",
    "where": "chat",
    "account": "account-7",
    "screen-name": "name-7",
    "ip-events": "Upload/192.0.2.7/2026-11-22T08:00:00Z",
    "prior-reports": "1001 1002",
    "files": f"vault-1 {MD5} A1 viewed infant; vault-2 sha1:{'1' * 40} B2 potential-meme",
    "escalate-to-high-priority": "A child is in danger now: see reference vault-1.",
    "additional-info": "Codes and references only.",
}


class KeptInMemory:
    """The steps of one submission."""

    def __init__(self) -> None:
        self.steps: list[dict[str, JsonValue]] = []

    async def taken(self) -> list[dict[str, JsonValue]]:
        """Every step, oldest first."""
        return list(self.steps)

    async def take(self, step: dict[str, JsonValue]) -> None:
        """The step is kept."""
        self.steps.append(step)


def draft(form: str, said: dict[str, str], **changed: str) -> Draft:
    """A whole draft of that form; a field that is set to nothing is left out."""
    filled, faults = FORMS[form].fill(
        {**said, **{k.replace("_", "-"): v for k, v in changed.items()}}
    )
    assert not faults, faults
    return Draft(form=form, version=FORMS[form].version, fields=filled)


def submission(of: Draft, *, names: tuple[str, ...] = ("name-1",)) -> Submission:
    """The order to hand it in."""
    return Submission(draft=of, case_number="1042", names=names, ordered_at=AT)
