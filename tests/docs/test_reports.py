"""The page about reports knows every form, every field and every setting."""

from pathlib import Path

import pytest

from runbooks.forms import FORMS
from workers.settings_reference import reference

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMS)
def test_every_field_of_a_form_is_named(form: str) -> None:
    """Who writes a runbook finds what each form asks."""
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{form}` |"))

    assert [field.name for field in FORMS[form].fields if f"`{field.name}`" not in row] == []
    assert FORMS[form].law in row
    assert f"| {FORMS[form].mark} |" in row


def test_every_setting_of_reports_is_named() -> None:
    """What can be switched on is on the page, in full or after the name it shares."""
    names = [line.name for line in reference() if line.name.startswith("ESCALATE_REPORTS__")]

    assert names
    for name in names:
        group, _, last = name.removeprefix("ESCALATE_REPORTS__").partition("__")
        assert f"ESCALATE_REPORTS__{group}__" in PAGE
        assert f"__{last}" in PAGE, name
