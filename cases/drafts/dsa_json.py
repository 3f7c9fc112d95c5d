"""A statement of reasons as the transparency database takes it: its names, its codes, no more."""

from pydantic import JsonValue

from cases.drafts.record import Draft
from runbooks.forms import Field, Filled, Kind
from runbooks.forms.dsa_codes import COUNTRIES, EEA

_OURS = ("items", "content-id-ean-13")
"""Fields that the database has under no name of ours."""


def statement(draft: Draft, *, puid: str) -> dict[str, JsonValue]:
    """One statement under that identifier."""
    body: dict[str, JsonValue] = {}
    asked = draft.rules.by_name
    for name, filled in draft.fields.items():
        if name not in _OURS:
            body[name.replace("-", "_")] = _coded(asked[name], filled)
    if "territorial-scope" in draft.fields:
        body["territorial_scope"] = _scope(draft.fields["territorial-scope"])
    if "content-language" in draft.fields:
        body["content_language"] = str(draft.fields["content-language"]).upper()
    ean = draft.fields.get("content-id-ean-13")
    if ean is not None:
        body["content_id"] = {"EAN-13": str(ean)}
    return {**body, "puid": puid}


def items_of(draft: Draft) -> tuple[str, ...]:
    """The items the statement is about; one statement each, and none of them is sent."""
    items = draft.fields.get("items", [])
    return tuple(items) if isinstance(items, list) else (items,)


def field_of(name: str) -> str:
    """Our name for a field the database complains about: `decision_facts` is `decision-facts`."""
    return name.partition(".")[0].replace("_", "-")


def _coded(field: Field, filled: Filled) -> JsonValue:
    if isinstance(filled, list):
        return [*(field.words.get(each, each) for each in filled)]
    if field.kind is Kind.YES_NO:
        return filled.capitalize()
    return field.words.get(filled, filled)


def _scope(filled: Filled) -> JsonValue:
    words = filled if isinstance(filled, list) else [filled]
    codes = COUNTRIES.values() if EEA in words else [COUNTRIES[word] for word in words]
    return [*sorted(set(codes))]
