"""A stateful CyberTipline: it enforces the order of elements (4100) and the order of steps.

Its rules are those that third parties' code relies on (integrations facts §1.13), written down
here a second time: sequence by sequence, as the receiver's schema has them.
"""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.fakes.clock import FixedClock
from tests.fakes.transport import LossyTransport

USER, PASSWORD = "provider", "a-password"
_SEQUENCES: dict[str, tuple[str, ...]] = {
    "report": (
        "incidentSummary",
        "internetDetails",
        "lawEnforcement",
        "reporter",
        "personOrUserReported",
        "intendedRecipient",
        "victim",
        "additionalInfo",
    ),
    "incidentSummary": (
        "incidentType",
        "escalateToHighPriority",
        "incidentDateTime",
        "incidentDateTimeDescription",
    ),
    "reporter": (
        "reportingPerson",
        "contactPerson",
        "companyTemplate",
        "termsOfService",
        "legalURL",
    ),
    "personOrUserReported": (
        "personOrUserReportedPerson",
        "vehicleDescription",
        "espIdentifier",
        "espService",
        "screenName",
        "displayName",
        "profileUrl",
        "ipCaptureEvent",
        "deviceId",
        "thirdPartyUserReported",
        "priorCTReports",
        "groupIdentifier",
        "estimatedLocation",
        "additionalInfo",
    ),
    "ipCaptureEvent": ("ipAddress", "eventName", "dateTime", "possibleProxy", "port"),
    "fileDetails": (
        "reportId",
        "fileId",
        "originalFileName",
        "locationOfFile",
        "fileViewedByEsp",
        "exifViewedByEsp",
        "publiclyAvailable",
        "fileRelevance",
        "fileAnnotations",
        "industryClassification",
        "originalFileHash",
        "ipCaptureEvent",
        "deviceId",
        "details",
        "additionalInfo",
    ),
    "fileAnnotations": (
        "animeDrawingVirtualHentai",
        "potentialMeme",
        "viral",
        "possibleSelfProduction",
        "physicalHarm",
        "violenceGore",
        "bestiality",
        "liveStreaming",
        "infant",
        "generativeAi",
    ),
}
_REQUIRED = {
    "report": ("incidentSummary", "reporter"),
    "incidentSummary": ("incidentType", "incidentDateTime"),
    "reporter": ("reportingPerson",),
    "fileDetails": ("reportId", "fileId"),
}
_INCIDENTS = {
    "Child Pornography (possession, manufacture, and distribution)",
    "Child Sex Trafficking",
    "Child Sex Tourism",
    "Child Sexual Molestation",
    "Misleading Domain Name",
    "Misleading Words or Digital Images on the Internet",
    "Online Enticement of Children for Sexual Acts",
    "Unsolicited Obscene Material Sent to a Child",
}
_VALUES = {
    "industryClassification": {"A1", "A2", "B1", "B2"},
    "fileRelevance": {"Reported", "Supplemental Reported"},
    "eventName": {"Login", "Registration", "Purchase", "Upload", "Other", "Unknown"},
    "incidentType": _INCIDENTS,
}
_EXPIRES = timedelta(hours=24)


class FakeCyberTipline:
    """One environment of the CyberTipline."""

    url = "https://exttest.example.test/ispws"

    def __init__(self, clock: FixedClock | None = None) -> None:
        self.clock = clock or FixedClock()
        self.reports: dict[str, dict[str, Any]] = {}
        """By number: `open`, `finished` or `retracted`, with what was sent."""
        self.steps: list[str] = []
        self._codes: list[tuple[str, int, str]] = []
        self._failures: list[Response] = []
        self.app = Starlette(
            routes=[
                Route(f"/ispws/{name}", self._guard(name), methods=["POST"])
                for name in ("submit", "upload", "fileinfo", "finish", "retract")
            ]
        )
        self.network = LossyTransport(httpx.ASGITransport(app=self.app))

    @property
    def finished(self) -> list[str]:
        """The numbers of reports that were really filed."""
        return [number for number, kept in self.reports.items() if kept["state"] == "finished"]

    def code_next(self, step: str, code: int, said: str = "") -> None:
        """The next step of that name is answered with this code, and HTTP 200."""
        self._codes.append((step, code, said))

    def fail_next(self, status: int, **headers: str) -> None:
        """The next request meets this status."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self._failures.append(Response("<h1>sorry</h1>", status, sent))

    def _guard(self, name: str) -> Any:
        async def guarded(request: Request) -> Response:
            pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            if request.headers.get("authorization") != f"Basic {pair}":
                return _answer("reportResponse", 2000, "Authentication required")
            if self._failures:
                return self._failures.pop(0)
            for index, (step, code, said) in enumerate(self._codes):
                if step == name:
                    del self._codes[index]
                    return _answer("reportResponse", code, said)
            self._expire()
            self.steps.append(name)
            handler = getattr(self, f"_{name}")
            answered: Response = await handler(request)
            return answered

        return guarded

    async def _submit(self, request: Request) -> Response:
        report, fault = valid(await request.body(), "report")
        if report is None:
            return _answer("reportResponse", 4100, fault)
        happened = _text(report, "incidentSummary/incidentDateTime")
        if datetime.fromisoformat(happened) > self.clock.at.astimezone(UTC):
            return _answer("reportResponse", 4100, "incidentDateTime lies in the future")
        number = str(4_000_000 + len(self.reports))
        self.reports[number] = {
            "state": "open",
            "report": report,
            "files": {},
            "details": [],
            "touched": self.clock.at,
        }
        return _answer("reportResponse", 0, "Success", reportId=number)

    async def _upload(self, request: Request) -> Response:
        form = await request.form()
        number, file = str(form["id"]), form["file"]
        kept, refusal = self._open(number)
        if kept is None:
            return refusal
        assert not isinstance(file, str)
        content = await file.read()
        id_ = hashlib.sha256(content + number.encode()).hexdigest()[:20]
        kept["files"][id_] = content
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return _answer("reportResponse", 0, "Success", reportId=number, fileId=id_, hash=digest)

    async def _fileinfo(self, request: Request) -> Response:
        details, fault = valid(await request.body(), "fileDetails")
        if details is None:
            return _answer("reportResponse", 4100, fault)
        number = _text(details, "reportId")
        kept, refusal = self._open(number)
        if kept is None:
            return refusal
        if _text(details, "fileId") not in kept["files"]:
            return _answer("reportResponse", 5001, "File does not exist")
        kept["details"].append(details)
        return _answer("reportResponse", 0, "Success", reportId=number)

    async def _finish(self, request: Request) -> Response:
        number = str((await request.form())["id"])
        kept, refusal = self._open(number)
        if kept is None:
            return refusal
        kept["state"] = "finished"
        return _answer("reportDoneResponse", 0, "", reportId=number)

    async def _retract(self, request: Request) -> Response:
        number = str((await request.form())["id"])
        kept, refusal = self._open(number)
        if kept is None:
            return refusal
        kept["state"] = "retracted"
        return _answer("reportResponse", 0, "Success", reportId=number)

    def _open(self, number: str) -> tuple[dict[str, Any] | None, Response]:
        kept = self.reports.get(number)
        if kept is None or kept["state"] in ("retracted", "expired"):
            return None, _answer("reportResponse", 5001, "Report does not exist")
        if kept["state"] == "finished":
            return None, _answer("reportResponse", 5102, "Report already finished")
        kept["touched"] = self.clock.at
        return kept, Response()

    def _expire(self) -> None:
        for kept in self.reports.values():
            if kept["state"] == "open" and self.clock.at - kept["touched"] > _EXPIRES:
                kept["state"] = "expired"


def valid(body: bytes, root: str) -> tuple[Element | None, str]:
    """The element, or what its schema has against it."""
    try:
        element = fromstring(body)  # noqa: S314 - what our own client sent to its own fake
    except ParseError as error:
        return None, f"not XML: {error}"
    if element.tag != root:
        return None, f"cvc-elt.1: Cannot find the declaration of element '{element.tag}'."
    fault = next((said for each in element.iter() if (said := _fault(each))), "")
    return (None, fault) if fault else (element, "")


def _fault(element: Element) -> str:
    sequence = _SEQUENCES.get(element.tag)
    names = [child.tag for child in element]
    for name in _REQUIRED.get(element.tag, ()):
        if name not in names:
            return f"cvc-complex-type.2.4.b: The content of '{element.tag}' lacks '{name}'."
    if sequence is not None:
        places = [sequence.index(name) if name in sequence else -1 for name in names]
        wrong = next(
            (
                name
                for name, place, before in zip(names, places, [0, *places], strict=False)
                if place < before
            ),
            None,
        )
        if wrong is not None:
            return f"cvc-complex-type.2.4.a: Invalid content starting with element '{wrong}'."
    values = _VALUES.get(element.tag)
    if values is not None and element.text not in values:
        return f"cvc-enumeration-valid: Value of element '{element.tag}' is not facet-valid."
    if element.tag == "escalateToHighPriority" and not 0 < len(element.text or "") <= 3000:
        return "cvc-maxLength-valid: 'escalateToHighPriority'"
    return ""


def _answer(root: str, code: int, said: str, **more: str) -> Response:
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in more.items())
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><{root}><responseCode>{code}</responseCode>'
        f"<responseDescription>{said}</responseDescription>{inner}</{root}>"
    )
    return Response(body, media_type="text/xml", headers={"Request-ID": "request-1"})


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    return (found.text or "") if found is not None else ""
