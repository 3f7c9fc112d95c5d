"""A stateful transparency database: it validates by the Commission's rules, not by our models.

The rules are those of its public source (`StatementStoreRequest`, `GroupedSubmissionsService`,
`PuidNotUnique…Exception`), written down here a second time on purpose.
"""

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.fakes.transport import LossyTransport

TOKEN = "1|a-token"
Json = dict[str, Any]

_VISIBILITY = {
    f"DECISION_VISIBILITY_{word}"
    for word in (
        "CONTENT_REMOVED",
        "CONTENT_DISABLED",
        "CONTENT_DEMOTED",
        "CONTENT_AGE_RESTRICTED",
        "CONTENT_INTERACTION_RESTRICTED",
        "CONTENT_LABELLED",
        "OTHER",
    )
}
_MONETARY = {f"DECISION_MONETARY_{word}" for word in ("SUSPENSION", "TERMINATION", "OTHER")}
_PROVISION = {
    f"DECISION_PROVISION_{part}_{what}"
    for part in ("PARTIAL", "TOTAL")
    for what in ("SUSPENSION", "TERMINATION")
}
_ACCOUNT = {"DECISION_ACCOUNT_SUSPENDED", "DECISION_ACCOUNT_TERMINATED"}
_GROUNDS = {"DECISION_GROUND_ILLEGAL_CONTENT", "DECISION_GROUND_INCOMPATIBLE_CONTENT"}
_TYPES = {
    f"CONTENT_TYPE_{word}"
    for word in "APP AUDIO IMAGE PRODUCT SYNTHETIC_MEDIA TEXT VIDEO OTHER".split()  # noqa: SIM905 - as their list reads
}
_CATEGORIES = {
    f"STATEMENT_CATEGORY_{word}"
    for word in (
        "ANIMAL_WELFARE",
        "CONSUMER_INFORMATION",
        "CYBER_VIOLENCE",
        "CYBER_VIOLENCE_AGAINST_WOMEN",
        "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
        "ILLEGAL_OR_HARMFUL_SPEECH",
        "INTELLECTUAL_PROPERTY_INFRINGEMENTS",
        "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS",
        "NOT_SPECIFIED_NOTICE",
        "OTHER_VIOLATION_TC",
        "PROTECTION_OF_MINORS",
        "RISK_FOR_PUBLIC_SECURITY",
        "SCAMS_AND_FRAUD",
        "SELF_HARM",
        "UNSAFE_AND_PROHIBITED_PRODUCTS",
        "VIOLENCE",
    )
}
_SOURCES = {
    "SOURCE_ARTICLE_16",
    "SOURCE_TRUSTED_FLAGGER",
    "SOURCE_TYPE_OTHER_NOTIFICATION",
    "SOURCE_VOLUNTARY",
}
_AUTOMATED = {
    "AUTOMATED_DECISION_FULLY",
    "AUTOMATED_DECISION_PARTIALLY",
    "AUTOMATED_DECISION_NOT_AUTOMATED",
}
_EEA = re.compile(
    "AT|BE|BG|CY|CZ|DE|DK|EE|ES|FI|FR|GR|HR|HU|IE|IS|IT|LI|LT|LU|LV|MT|NL|NO|PL|PT|RO|SE|SI|SK"
)
_ARRAYS = {
    "decision_visibility": _VISIBILITY,
    "content_type": _TYPES,
    "category_addition": _CATEGORIES,
}
_ONE_OF = {
    "decision_monetary": _MONETARY,
    "decision_provision": _PROVISION,
    "decision_account": _ACCOUNT,
    "account_type": {"ACCOUNT_TYPE_BUSINESS", "ACCOUNT_TYPE_PRIVATE"},
    "decision_ground": _GROUNDS,
    "category": _CATEGORIES,
    "source_type": _SOURCES,
    "automated_detection": {"Yes", "No"},
    "automated_decision": _AUTOMATED,
    "incompatible_content_illegal": {"Yes", "No"},
}
_REQUIRED = (
    "decision_ground",
    "content_type",
    "category",
    "content_date",
    "application_date",
    "decision_facts",
    "source_type",
    "automated_detection",
    "automated_decision",
    "puid",
)
_LONGEST = {
    "decision_facts": 5000,
    "illegal_content_explanation": 2000,
    "incompatible_content_explanation": 2000,
    "illegal_content_legal_ground": 500,
    "incompatible_content_ground": 500,
    "decision_visibility_other": 500,
    "decision_monetary_other": 500,
    "content_type_other": 500,
    "category_specification_other": 500,
    "decision_ground_reference_url": 500,
    "source_identity": 500,
    "puid": 500,
}
_DECISIONS = ("decision_visibility", "decision_monetary", "decision_provision", "decision_account")
_EARLIEST = {"content_date": date(2000, 1, 1), "application_date": date(2020, 1, 1)}
_KNOWN = (
    {*_ARRAYS, *_ONE_OF, *_REQUIRED, *_LONGEST, *_EARLIEST}
    | {"category_specification", "territorial_scope", "content_language", "content_id"}
    | {f"end_date_{of}_restriction" for of in ("account", "monetary", "service", "visibility")}
)


class FakeDsaDatabase:
    """One platform's part of the database."""

    url = "https://transparency.example.test/api/v1"

    def __init__(self) -> None:
        self.statements: dict[str, Json] = {}
        self.posts: list[int] = []
        """How many statements each accepted or refused post held."""
        self.unwelcome: set[str] = set()
        """Fields that the database refuses for a reason of its own."""
        self._failures: list[Response] = []
        self.app = Starlette(
            routes=[
                Route("/api/v1/statement", self._guard(self._one), methods=["POST"]),
                Route("/api/v1/statements", self._guard(self._many), methods=["POST"]),
            ]
        )
        self.network = LossyTransport(httpx.ASGITransport(app=self.app))

    def fail_next(self, status: int, **headers: str) -> None:
        """The next request meets this status."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self._failures.append(PlainTextResponse("Limit Reached", status, sent))

    def answer_next(self, status: int, content: Json) -> None:
        """The next request is answered so instead of being looked at."""
        self._failures.append(JSONResponse(content, status))

    def _guard(self, handler: Callable[[Json], Response]) -> Any:
        async def guarded(request: Request) -> Response:
            if request.headers.get("accept") != "application/json":
                return HTMLResponse("<title>Redirecting</title>", 302, {"Location": "/"})
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                return JSONResponse({"message": "Unauthenticated."}, 401)
            if self._failures:
                return self._failures.pop(0)
            return handler(json.loads(await request.body()))

        return guarded

    def _one(self, body: Json) -> Response:
        self.posts.append(1)
        errors = self.errors_of(body)
        if errors:
            return JSONResponse({"message": "The given data was invalid.", "errors": errors}, 422)
        known = self.statements.get(body["puid"])
        if known is not None:
            message = "The identifier given is not unique within this platform."
            errors = {"puid": [message]}
            return JSONResponse({"message": message, "errors": errors, "existing": known}, 422)
        return JSONResponse(self._insert(body), 201)

    def _many(self, body: Json) -> Response:
        statements = body.get("statements", [])
        self.posts.append(len(statements))
        if not 1 <= len(statements) <= 100:
            errors: Json = {"statements": ["must have between 1 and 100 items."]}
            return JSONResponse({"message": "invalid", "errors": errors}, 422)
        errors = {
            f"statement_{index}": found
            for index, each in enumerate(statements)
            if (found := self.errors_of(each))
        }
        if errors:
            return JSONResponse({"errors": errors}, 422)
        puids = [each["puid"] for each in statements]
        twice = sorted({puid for puid in puids if puids.count(puid) > 1})
        existing = twice or [puid for puid in puids if puid in self.statements]
        if existing:
            message = "The platform identifier(s) are not all unique within this call."
            errors = {"puid": [message], "existing_puids": existing}
            return JSONResponse({"message": message, "errors": errors}, 422)
        return JSONResponse({"statements": [self._insert(each) for each in statements]}, 201)

    def _insert(self, body: Json) -> Json:
        number = len(self.statements) + 1
        kept = {**body, "uuid": f"00000000-0000-4000-8000-{number:012d}", "id": number}
        self.statements[body["puid"]] = kept
        return kept

    def errors_of(self, body: Json) -> Json:
        """What its rules have against a statement, by field."""
        errors: dict[str, list[str]] = {}

        def wrong(field: str, message: str) -> None:
            errors.setdefault(field, []).append(message)

        _required(body, wrong)
        _chosen(body, wrong)
        for field, longest in _LONGEST.items():
            if len(str(body.get(field, ""))) > longest:
                wrong(field, f"The {field} may not be greater than {longest} characters.")
        _conditional(body, wrong)
        _dates(body, wrong)
        if any(not _EEA.fullmatch(code) for code in body.get("territorial_scope", [])):
            wrong("territorial_scope", "The selected territorial scope is invalid.")
        if not re.fullmatch(r"[a-zA-Z0-9-_]+", str(body.get("puid", ""))):
            wrong("puid", "The puid format is invalid.")
        for field in sorted(set(body) - _KNOWN | self.unwelcome & set(body)):
            wrong(field, "is not taken.")
        return errors


def _required(body: Json, wrong: Callable[[str, str], None]) -> None:
    for field in _REQUIRED:
        if not body.get(field):
            wrong(field, f"The {field} field is required.")
    if not any(body.get(field) for field in _DECISIONS):
        for field in _DECISIONS:
            wrong(field, "is required when none of the other decisions are present.")


def _chosen(body: Json, wrong: Callable[[str, str], None]) -> None:
    for field, values in _ARRAYS.items():
        if not isinstance(body.get(field, []), list) or not set(body.get(field, [])) <= values:
            wrong(field, f"The selected {field} is invalid.")
    for field, values in _ONE_OF.items():
        if body.get(field) is not None and body[field] not in values:
            wrong(field, f"The selected {field} is invalid.")


def _conditional(body: Json, wrong: Callable[[str, str], None]) -> None:
    wanted = {
        "DECISION_GROUND_ILLEGAL_CONTENT": (
            "illegal_content_legal_ground",
            "illegal_content_explanation",
        ),
        "DECISION_GROUND_INCOMPATIBLE_CONTENT": (
            "incompatible_content_ground",
            "incompatible_content_explanation",
        ),
    }
    for field in wanted.get(str(body.get("decision_ground")), ()):
        if not body.get(field):
            wrong(field, f"The {field} field is required.")
    others = {
        "decision_visibility_other": "DECISION_VISIBILITY_OTHER"
        in body.get("decision_visibility", []),
        "content_type_other": "CONTENT_TYPE_OTHER" in body.get("content_type", []),
        "decision_monetary_other": body.get("decision_monetary") == "DECISION_MONETARY_OTHER",
    }
    for field, needed in others.items():
        if needed and not body.get(field):
            wrong(field, f"The {field} field is required.")


def _dates(body: Json, wrong: Callable[[str, str], None]) -> None:
    for field in [name for name in _KNOWN if name.endswith("_date") or name.startswith("end_date")]:
        text = body.get(field)
        if text is None:
            continue
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(text)):
            wrong(field, "does not match the format YYYY-MM-DD.")
            continue
        day = date.fromisoformat(text)
        if day < _EARLIEST.get(field, date.min) or day > date(2038, 1, 1):
            wrong(field, "is out of range.")
