"""Authorities' forms as data: what a report must hold before anybody can approve it."""

from runbooks.forms.cybertip import CYBERTIP
from runbooks.forms.documents import (
    BREACH_NOTIFICATION,
    EMERGENCY_BASIS,
    TCO_IMPOSSIBILITY,
    TCO_REMOVAL,
)
from runbooks.forms.dsa_statement import DSA_STATEMENT
from runbooks.forms.field import Field, Filled, Kind
from runbooks.forms.form import Fault, Form

__all__ = ["FORMS", "Fault", "Field", "Filled", "Form", "Kind", "form_of"]

FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        DSA_STATEMENT,
        CYBERTIP,
        EMERGENCY_BASIS,
        BREACH_NOTIFICATION,
        TCO_REMOVAL,
        TCO_IMPOSSIBILITY,
    )
}
"""By the name that stands after `report:` in a runbook."""

_BY = "report:"


def form_of(by: str) -> Form | None:
    """The form that an effect's `by` names; None where it is no report."""
    return FORMS.get(by.removeprefix(_BY)) if by.startswith(_BY) else None
