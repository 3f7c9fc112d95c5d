"""Forms that a person hands in: memo, notification and feedback, with every field of their law."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from runbooks.forms.field import Field, Filled, Kind, Only
from runbooks.forms.form import Form

EMERGENCY_BASIS = Form(
    name="emergency-basis",
    version=1,
    title="Basis of an emergency disclosure",
    receiver="the record; the authority sees what is disclosed, not this",
    law="18 USC 2702(b)(8), (c)(4); Regulation (EU) 2022/2065, Art. 18",
    mark="V",
    fields=(
        Field("facts", "Facts that show danger of death or serious physical injury"),
        Field("legal-basis", "Law that permits the disclosure"),
        Field("why-no-delay", "Why it cannot wait for legal process"),
        Field("data-fields", "Data disclosed, and no more"),
        Field("recipient", "Governmental entity that receives it"),
        Field("recipient-verified-by", "How the requester was verified"),
        Field("call-back", "Call to a number found independently"),
        Field("jurisdiction", "Whose law applies", required=False),
        Field("account", "Account concerned", Kind.CODE, longest=300),
        Field("requested-data", "What was asked for, where an authority asked", required=False),
        Field("aware-at", "When we became aware", Kind.INSTANT, required=False),
    ),
)


def _breach_across(filled: Mapping[str, Filled]) -> Iterator[tuple[str, str]]:
    later = {"approximate-subjects", "approximate-records", "consequences", "measures"}
    if filled.get("phase") == "complete":
        for name in sorted(later - set(filled)):
            yield name, "is missing: a complete notification says it (Art. 33(3))"
    if filled.get("within-72-hours") == "no" and "reasons-for-delay" not in filled:
        yield "reasons-for-delay", "is missing: after 72 hours the law wants reasons"


BREACH_NOTIFICATION = Form(
    name="breach-notification",
    version=1,
    title="Notification of a personal data breach",
    receiver="the lead supervisory authority",
    law="Regulation (EU) 2016/679, Art. 33",
    mark="S",
    across=_breach_across,
    fields=(
        Field(
            "phase",
            "First, further, or complete (Art. 33(4))",
            Kind.WORD,
            words=MappingProxyType(
                {
                    "initial": "Initial notification; the rest follows without undue further delay",
                    "update": "Further information to an earlier notification",
                    "complete": "Complete notification",
                }
            ),
        ),
        Field(
            "earlier-reference",
            "Reference of the earlier notification",
            Kind.CODE,
            only=Only("phase", frozenset({"update"})),
            longest=200,
        ),
        Field("aware-at", "When we became aware", Kind.INSTANT),
        Field("within-72-hours", "Notified within 72 hours of that?", Kind.YES_NO),
        Field("reasons-for-delay", "Reasons for the delay (Art. 33(1))", required=False),
        Field("nature", "Nature of the breach (Art. 33(3)(a))"),
        Field("categories-of-subjects", "Categories of data subjects (Art. 33(3)(a))"),
        Field(
            "approximate-subjects",
            "Approximate number of data subjects (Art. 33(3)(a))",
            Kind.NUMBER,
            required=False,
        ),
        Field("categories-of-records", "Categories of personal data records (Art. 33(3)(a))"),
        Field(
            "approximate-records",
            "Approximate number of records (Art. 33(3)(a))",
            Kind.NUMBER,
            required=False,
        ),
        Field("contact", "Data protection officer or other contact (Art. 33(3)(b))"),
        Field("consequences", "Likely consequences (Art. 33(3)(c))", required=False),
        Field("measures", "Measures taken or proposed (Art. 33(3)(d))", required=False),
        Field("countries", "Member states concerned", required=False),
        Field(
            "high-risk", "High risk to rights and freedoms (Art. 34)?", Kind.YES_NO, required=False
        ),
    ),
)

_ORDER = (
    Field("authority", "Competent authority that issued the order"),
    Field("authority-state", "Its member state", required=False),
    Field("order-reference", "File reference of the authority"),
    Field("our-reference", "File reference of the addressee"),
    Field("received-at", "Time and date of receipt of the order", Kind.INSTANT),
)

TCO_REMOVAL = Form(
    name="tco-removal",
    version=1,
    title="Feedback following removal of terrorist content (Annex II)",
    receiver="the authority that issued the removal order",
    law="Regulation (EU) 2021/784, Art. 3(6) and Annex II",
    mark="K",
    fields=(
        *_ORDER,
        Field(
            "measure",
            "Measure taken",
            Kind.WORD,
            words=MappingProxyType(
                {
                    "removed": "The content was removed",
                    "disabled": "Access to the content was disabled in all Member States",
                }
            ),
        ),
        Field("measured-at", "Time and date of the measure", Kind.INSTANT),
        Field("content", "Items of the order, by reference", Kind.CODE, longest=300),
    ),
)


def _impossible_across(filled: Mapping[str, Filled]) -> Iterator[tuple[str, str]]:
    received, measured = filled.get("received-at"), filled.get("informed-at")
    if isinstance(received, str) and isinstance(measured, str) and measured < received:
        yield "informed-at", "lies before the receipt of the order"


TCO_IMPOSSIBILITY = Form(
    name="tco-impossibility",
    version=1,
    title="Information that an order cannot be executed (Annex III)",
    receiver="the authority that issued the removal order",
    law="Regulation (EU) 2021/784, Art. 3(7), (8) and Annex III",
    mark="K",
    across=_impossible_across,
    fields=(
        *_ORDER,
        Field(
            "ground",
            "Why it is not executed within the time",
            Kind.WORD,
            words=MappingProxyType(
                {
                    "impossible": "Force majeure or de facto impossibility not attributable to us",
                    "manifest-error": "The order contains manifest errors",
                    "too-little-information": "The order does not contain sufficient information",
                }
            ),
        ),
        Field("explanation", "Further information on that ground"),
        Field(
            "needed",
            "The errors, and the clarification needed",
            only=Only("ground", frozenset({"manifest-error", "too-little-information"})),
        ),
        Field("informed-at", "When the authority is informed", Kind.INSTANT, required=False),
    ),
)
