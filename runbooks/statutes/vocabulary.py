"""The closed words of statutory clocks: kinds, events, parties, and what a case can be."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StrictStr

from runbooks.grammar.base import refuse

MEMBER_STATES = frozenset(
    re.findall("..", "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEITLTLULVMTNLPLPTROSESISK")
)
"""The Union as it stands; a state that joins is a change of this table and of the calendars."""

_PLACE = re.compile(r"EU|INT|[A-Z]{2}(-[A-Z]{2,3})?")


def _place(value: str) -> str:
    if not _PLACE.fullmatch(value):
        refuse("RB014", "a jurisdiction like EU, DE, US or US-CA")
    return value


Place = Annotated[
    StrictStr,
    AfterValidator(_place),
    Field(json_schema_extra={"pattern": f"^({_PLACE.pattern})$"}),
]
"""A jurisdiction: the Union, a country, or a part of one; `INT` is practice of no state."""


def lies_in(place: str, area: str) -> bool:
    """Whether `place` is `area` or a part of it: DE lies in the EU, US-CA in the US."""
    return (
        place == area or place.startswith(f"{area}-") or (area == "EU" and place in MEMBER_STATES)
    )


class RowKind(StrEnum):
    """The seven kinds of clock the law knows, and rows that have none."""

    DEADLINE = "deadline"
    WINDOW = "window"
    """Not before one instant, not after another."""
    MIN_HOLD = "min-hold"
    RENEWABLE_HOLD = "renewable-hold"
    PERIODIC = "periodic"
    PROMPT = "prompt"
    """The law names no number; a target of ours stands in, and says so."""
    TOLLING = "tolling"
    """The law stops it and starts it again."""
    RULE = "rule"
    """A duty or a sanction without a clock of its own: on the table so that nobody invents one."""


class StartEvent(StrEnum):
    """What a clock counts from; one case can hold several of them."""

    AWARENESS = "awareness"
    CAUSAL_LINK = "causal-link"
    CLARIFICATION = "clarification"
    COMPLAINT = "complaint"
    DECISION_TOLD = "decision-told"
    DESIGNATION = "designation"
    DIRECTION = "direction"
    DISCOVERY = "discovery"
    EXPRESSION = "expression"
    FIX = "fix"
    HASH_RECEIVED = "hash-received"
    MATERIALITY = "materiality"
    NOTICE_TO_CONSUMERS = "notice-to-consumers"
    NOTIFICATION = "notification"
    ORDER_GIVEN = "order-given"
    PERIOD = "period"
    PLATFORM_COMPLAINT = "platform-complaint"
    PRE_NOTICE = "pre-notice"
    RECEIPT = "receipt"
    REMOVAL = "removal"
    RESOLUTION = "resolution"
    RESTRICTION = "restriction"
    RISK_DECISION = "risk-decision"
    SCRUTINY_REQUEST = "scrutiny-request"
    SESSION = "session"
    STATEMENT = "statement"
    SUBMISSION = "submission"
    VALID_REQUEST = "valid-request"


class Party(StrEnum):
    """Whose jurisdiction brings a law into a case."""

    USER = "user"
    VICTIM = "victim"
    OFFENDER = "offender"
    AUTHORITY = "authority"
    ENTITY = "entity"
    """Ourselves: where we are established or represented."""


class CaseClass(StrEnum):
    """What a case is about; one case can be several."""

    AI_INCIDENT = "ai-incident"
    APPEAL = "appeal"
    ATTACK = "attack"
    CHILD_PRIVACY = "child-privacy"
    CHILD_SAFETY = "child-safety"
    COMPANION = "companion"
    COPYRIGHT = "copyright"
    DATA_BREACH = "data-breach"
    ILLEGAL_CONTENT = "illegal-content"
    INTIMATE_IMAGERY = "intimate-imagery"
    LEGAL_REQUEST = "legal-request"
    SECURITY_INCIDENT = "security-incident"
    SELF_HARM = "self-harm"
    TERRORISM = "terrorism"
    THREAT_TO_LIFE = "threat-to-life"
    TRANSPARENCY = "transparency"
    USER_COMPLAINT = "user-complaint"


class Paper(StrEnum):
    """What somebody served on us."""

    CONTENT_ORDER = "content-order"
    COPYRIGHT_NOTICE = "copyright-notice"
    COUNTER_NOTICE = "counter-notice"
    DIRECTION_OSRA = "direction-osra"
    DIRECTION_POFMA = "direction-pofma"
    EPOC = "epoc"
    EPOC_EMERGENCY = "epoc-emergency"
    EPOC_PRESERVATION = "epoc-preservation"
    ESAFETY_NOTICE = "esafety-notice"
    ILLEGAL_CONTENT_NOTICE = "illegal-content-notice"
    INFORMATION_ORDER = "information-order"
    LAWFUL_ORDER_IN = "lawful-order-in"
    PRESERVATION_REQUEST = "preservation-request"
    REMOVAL_ORDER = "removal-order"
    REMOVAL_REQUEST = "removal-request"
    TAKEDOWN_INTIMATION = "takedown-intimation"
    TRUSTED_FLAGGER_NOTICE = "trusted-flagger-notice"


class Fact(StrEnum):
    """What is so in a case, beyond its class and its papers."""

    CRITICAL_INFRASTRUCTURE = "critical-infrastructure"
    CROSS_BORDER = "cross-border"
    CYBER_INCIDENT = "cyber-incident"
    DEATH = "death"
    DECEPTIVE_HIGH_VOLUME = "deceptive-high-volume"
    DISPUTE_BODY = "dispute-body"
    EXPLOITED_VULNERABILITY = "exploited-vulnerability"
    FIRST_ORDER = "first-order"
    HIGH_RISK = "high-risk"
    IMMINENT = "imminent"
    LEGAL_HOLD = "legal-hold"
    MANY_RESIDENTS = "many-residents"
    """More than the number a state law names; the row says which."""
    MICRO_OR_SMALL = "micro-or-small"
    MISUSE = "misuse"
    NON_DISCLOSURE = "non-disclosure"
    REPORTED_TO_NCMEC = "reported-to-ncmec"
    RESTRICTED = "restricted"
    """We removed, demoted, suspended, or otherwise restricted something."""
    SIGNIFICANT = "significant"
    STATEMENT_ISSUED = "statement-issued"
    TOLLED = "tolled"
    UNDER_13 = "under-13"
    URGENT_CATEGORY = "urgent-category"


class Scope(StrEnum):
    """What we may be under a law; taken to be so until counsel says otherwise (facts, F2)."""

    COMPANION_CHATBOT = "companion-chatbot"
    CONTROLLER = "controller"
    COVERED_PLATFORM = "covered-platform"
    E_EVIDENCE_PROVIDER = "e-evidence-provider"
    ESP = "electronic-service-provider"
    ESSENTIAL_ENTITY = "essential-entity"
    EXPOSED_PROVIDER = "exposed-provider"
    FRONTIER_DEVELOPER = "frontier-developer"
    HIGH_RISK_AI = "high-risk-ai"
    HOSTING = "hosting-service"
    INTERMEDIARY_IN = "intermediary-in"
    ISSUER = "issuer"
    ONLINE_PLATFORM = "online-platform"
    PROCESSOR = "processor"
    PRODUCT = "product-with-digital-elements"
    SYSTEMIC_RISK_MODEL = "systemic-risk-model"
    UK_SERVICE = "uk-service"


class Does(StrEnum):
    """What a row asks for; conflicts are decided between these."""

    ANSWER = "answer"
    DECIDE = "decide"
    DISCLOSE = "disclose"
    ERASE = "erase"
    KEEP = "keep"
    PUBLISH = "publish"
    REMOVE = "remove"
    REPORT = "report"
    RESTORE = "restore"
    TELL_USER = "tell-user"
    WATCH = "watch"


class Age(StrEnum):
    """What is known of the age of who is shown or harmed."""

    ADULT = "adult"
    MINOR = "minor"
    UNCERTAIN = "uncertain"
    NOT_IN_QUESTION = "not-in-question"
