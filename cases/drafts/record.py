"""A draft as it stands in the case's state: filled in, approved or not, with what it lacks."""

from cases.canonical import canonical, sha256
from cases.values import Mutable, Value
from runbooks.forms import FORMS, Filled, Form


class Gap(Value):
    """What a draft still lacks, and what would fill it."""

    field: str
    title: str
    what: str
    """`is missing`, or what is wrong with what stands there."""
    fill: str = ""
    """`answer:<question>`, `memo:<gate>.<field>` …; empty where the runbook says nothing."""

    def __str__(self) -> str:
        """The gap as a person reads it: `Category is missing (answer:category)`."""
        return f"{self.title} {self.what}" + (f" ({self.fill})" if self.fill else "")


class Draft(Value):
    """One report as it would be handed in."""

    form: str
    version: int
    fields: dict[str, Filled]
    gaps: tuple[Gap, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over the form, its version and what is filled in: what a gate approves (I5)."""
        return draft_digest(self.form, self.version, self.fields)

    @property
    def rules(self) -> Form:
        """The form it fills."""
        return FORMS[self.form]


class Drafted(Mutable):
    """The draft of one effect."""

    draft: Draft
    digest: str
    gate: str = ""
    """Where people approve it; empty for a form that a person hands in on their own word."""
    approved_in: int | None = None
    """The round of its gate that approved exactly this."""


def draft_digest(form: str, version: int, fields: dict[str, Filled]) -> str:
    """The digest of a draft with these parts."""
    return sha256(canonical({"form": form, "version": version, "fields": dict(fields)}))
