"""A statement of reasons for the EU's transparency database (DSA Art. 17 and 24(5)), schema v2.

The rules are those of the Commission's own application, read in its public source. What a
database answers beyond them still comes back to the field at fault.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from runbooks.forms import dsa_codes as codes
from runbooks.forms.field import Field, Filled, Kind, Only
from runbooks.forms.form import Form

_DECISIONS = ("decision-visibility", "decision-monetary", "decision-provision", "decision-account")
_OTHER = frozenset({"other"})
_LAST = date(2038, 1, 1)
_EAN = 13


def _day(name: str, title: str, *, since: date, required: bool = True) -> Field:
    return Field(name, title, Kind.DAY, required=required, since=since, until=_LAST)


def _end(of: str) -> Field:
    title = f"End of the {of} restriction"
    return _day(f"end-date-{of}-restriction", title, since=date(2020, 1, 1), required=False)


def _on(field: str, *says: str) -> Only:
    return Only(field, frozenset(says))


def _across(filled: Mapping[str, Filled]) -> Iterator[tuple[str, str]]:
    if not any(name in filled for name in _DECISIONS):
        yield _DECISIONS[0], f"is missing: one of {', '.join(_DECISIONS)} is needed"
    ean = filled.get("content-id-ean-13")
    if isinstance(ean, str) and not _checks(ean):
        yield "content-id-ean-13", "is no EAN-13: its check digit is another"
    if filled.get("source-type") == "voluntary" and "source-identity" in filled:
        yield "source-identity", "is dropped by the database where nobody notified"


def _checks(ean: str) -> bool:
    digits = [int(digit) for digit in ean]
    return len(digits) == _EAN and (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


DSA_STATEMENT = Form(
    name="dsa-statement",
    version=2,
    title="Statement of reasons",
    receiver="DSA Transparency Database",
    law="Regulation (EU) 2022/2065, Art. 17 and 24(5)",
    mark="V",
    submitted=True,
    across=_across,
    fields=(
        Field(
            "decision-visibility",
            "Restriction of what can be seen",
            Kind.WORDS,
            required=False,
            words=codes.VISIBILITY,
        ),
        Field(
            "decision-visibility-other",
            "Which other restriction",
            longest=500,
            only=Only("decision-visibility", _OTHER),
            public=True,
        ),
        Field(
            "decision-monetary",
            "Restriction of payments",
            Kind.WORD,
            required=False,
            words=codes.MONETARY,
        ),
        Field(
            "decision-monetary-other",
            "Which other restriction of payments",
            longest=500,
            only=Only("decision-monetary", _OTHER),
            public=True,
        ),
        Field(
            "decision-provision",
            "Restriction of the service",
            Kind.WORD,
            required=False,
            words=codes.PROVISION,
        ),
        Field(
            "decision-account",
            "Restriction of the account",
            Kind.WORD,
            required=False,
            words=codes.ACCOUNT,
        ),
        Field(
            "account-type", "Type of account", Kind.WORD, required=False, words=codes.ACCOUNT_TYPE
        ),
        Field("decision-ground", "Ground of the decision", Kind.WORD, words=codes.GROUND),
        Field(
            "decision-ground-reference-url",
            "Where the law or the terms stand",
            Kind.LINK,
            required=False,
            longest=500,
        ),
        Field(
            "illegal-content-legal-ground",
            "Law relied on",
            longest=500,
            only=_on("decision-ground", "illegal-content"),
            public=True,
        ),
        Field(
            "illegal-content-explanation",
            "Why it is illegal on that ground",
            longest=2000,
            only=_on("decision-ground", "illegal-content"),
            public=True,
        ),
        Field(
            "incompatible-content-ground",
            "Term relied on",
            longest=500,
            only=_on("decision-ground", "incompatible-content"),
            public=True,
        ),
        Field(
            "incompatible-content-explanation",
            "Why it is incompatible with that term",
            longest=2000,
            only=_on("decision-ground", "incompatible-content"),
            public=True,
        ),
        Field(
            "incompatible-content-illegal",
            "Is it also considered illegal?",
            Kind.YES_NO,
            required=False,
            only=_on("decision-ground", "incompatible-content"),
        ),
        Field("content-type", "Type of content", Kind.WORDS, words=codes.CONTENT_TYPE),
        Field(
            "content-type-other",
            "Which other type",
            longest=500,
            only=Only("content-type", _OTHER),
            public=True,
        ),
        Field("category", "Category", Kind.WORD, words=codes.CATEGORY),
        Field(
            "category-addition",
            "Further categories",
            Kind.WORDS,
            required=False,
            words=codes.CATEGORY,
        ),
        Field(
            "category-specification",
            "Keywords",
            Kind.WORDS,
            required=False,
            words=codes.KEYWORD,
        ),
        Field(
            "category-specification-other",
            "Which other keyword",
            required=False,
            longest=500,
            only=Only("category-specification", _OTHER),
            public=True,
        ),
        Field(
            "territorial-scope",
            "Where the decision holds (eea, or countries)",
            Kind.WORDS,
            required=False,
            words={codes.EEA: "", **codes.COUNTRIES},
        ),
        Field(
            "content-language",
            "Language of the content",
            Kind.CODE,
            required=False,
            pattern=r"[A-Za-z]{2}",
            longest=2,
        ),
        _day("content-date", "Day the content was put up", since=date(2000, 1, 1)),
        _day("application-date", "Day the decision took effect", since=date(2020, 1, 1)),
        _end("visibility"),
        _end("monetary"),
        _end("service"),
        _end("account"),
        Field("decision-facts", "Facts and circumstances relied on", public=True),
        Field("source-type", "How it came to notice", Kind.WORD, words=codes.SOURCE),
        Field("source-identity", "Who notified", required=False, longest=500, public=True),
        Field("automated-detection", "Detected by automated means?", Kind.YES_NO),
        Field(
            "automated-decision", "Decided by automated means?", Kind.WORD, words=codes.AUTOMATED
        ),
        Field(
            "content-id-ean-13",
            "EAN-13 of a product",
            Kind.CODE,
            required=False,
            pattern=r"\d{13}",
        ),
        Field(
            "items",
            "References of the items it is about (never sent)",
            Kind.CODES,
            required=False,
            longest=200,
        ),
    ),
)
