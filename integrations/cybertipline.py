"""CyberTipline reports: opened, described file by file, finished; retracted when interrupted.

It has no idempotency key. The number of an opened report is on record before anything else is
sent; after an interruption `retract` tells which way it went: a report that was finished cannot be
retracted, and one that was not is opened anew. Only references and hashes are sent, never a file.

The interface is known from third parties' code (mark L): the test environment is the default,
production is asked for in so many words.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import httpx

from cases.drafts.cybertip_xml import (
    Reporter,
    file_details_xml,
    files_of,
    reference_sheet,
    report_xml,
)
from integrations._http import VendorHttp
from integrations.errors import (
    FieldsRefusedError,
    MisansweredError,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
    VendorError,
)
from integrations.ports.clock import Clock
from integrations.ports.reporting import Steps, Submission, SubmissionReceipt
from integrations.xml_answer import Leaves, leaves_of

VENDOR = "cybertipline"
XML = "text/xml; charset=utf-8"
Parts = Mapping[str, Any]
"""Parts of a multipart body, as httpx takes them."""
ELEMENTS = {
    "incidentType": "incident-type",
    "escalateToHighPriority": "escalate-to-high-priority",
    "incidentDateTimeDescription": "incident-at-means",
    "incidentDateTime": "incident-at",
    "internetDetails": "where",
    "espIdentifier": "account",
    "screenName": "screen-name",
    "ipCaptureEvent": "ip-events",
    "priorCTReports": "prior-reports",
    "industryClassification": "files",
    "originalFileHash": "files",
    "fileAnnotations": "files",
    "additionalInfo": "additional-info",
}
"""Elements that a validation error may name, and the fields they come from."""


class Environment(StrEnum):
    """Which CyberTipline; nothing but `production` is real."""

    TEST = "test"
    PRODUCTION = "production"

    @property
    def url(self) -> str:
        """Its base address."""
        host = "report" if self is Environment.PRODUCTION else "exttest"
        return f"https://{host}.cybertip.org/ispws"


class Code(StrEnum):
    """What the receiver answers; also with HTTP 200."""

    DONE = "0"
    SERVER_ERROR = "1000"
    NO_LOG_IN = "2000"
    NOT_AUTHORISED = "3000"
    MAY_NOT_SUBMIT = "3100"
    INVALID = "4100"
    NO_SUCH_REPORT = "5001"
    FINISHED = "5102"


_CREDENTIALS = frozenset({Code.NO_LOG_IN, Code.NOT_AUTHORISED, Code.MAY_NOT_SUBMIT})


class CyberTipline:
    """The CyberTipline of one environment, as one provider."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        user: str,
        password: str,
        reporter: Reporter,
        clock: Clock,
        environment: Environment = Environment.TEST,
        url: str = "",
    ) -> None:
        self._environment = environment
        self._url = (url or environment.url).rstrip("/")
        self._reporter = reporter
        proof = httpx.BasicAuth(user, password)
        request = next(proof.auth_flow(httpx.Request("GET", self._url)))
        self._http = VendorHttp(
            client,
            vendor=VENDOR,
            clock=clock,
            headers={"Authorization": request.headers["Authorization"]},
        )

    async def submit(self, submission: Submission, steps: Steps) -> SubmissionReceipt:
        """The report is finished, once, whatever happened to earlier tries."""
        opened = [str(step["report"]) for step in await steps.taken() if "report" in step]
        if opened and await self._retracted(opened[-1]) is Code.FINISHED:
            return self._receipt(opened[-1], "filed by an earlier try")
        report = await self._open(submission)
        await steps.take({"report": report})
        try:
            for file in files_of(submission.draft):
                sheet = reference_sheet(file)
                uploaded = await self._upload(report, sheet)
                await self._describe(file_details_xml(file, report_id=report, file_id=uploaded))
        except RefusedError:
            # What cannot be completed must not stand half open until it expires.
            await self._retracted(report)
            raise
        await self._finish(report)
        return self._receipt(report, f"{len(files_of(submission.draft))} files by reference")

    async def _open(self, submission: Submission) -> str:
        said = await self._xml("submit", report_xml(submission.draft, self._reporter))
        return _only(said, "reportId", operation="submit")

    async def _upload(self, report: str, sheet: bytes) -> str:
        parts = {"id": (None, report), "file": ("reference.txt", sheet, "text/plain")}
        said = await self._parts("upload", parts)
        kept = said.get("hash", [""])[0].lower()
        if kept and kept != hashlib.md5(sheet, usedforsecurity=False).hexdigest():
            raise _misanswered("upload", "it keeps other bytes than were sent")
        return _only(said, "fileId", operation="upload")

    async def _describe(self, details: bytes) -> None:
        await self._xml("fileinfo", details)

    async def _finish(self, report: str) -> None:
        code, said = await self._call("finish", {"id": (None, report)})
        if code is Code.NO_SUCH_REPORT:
            raise UnavailableError(
                "the report is gone before it was finished",
                vendor=VENDOR,
                operation="finish",
                mend="Nothing: it is opened anew.",
            )
        if code is not Code.FINISHED:
            _checked("finish", code, said)

    async def _retracted(self, report: str) -> Code:
        """Whether the report is gone, or was finished and stays."""
        code, said = await self._call("retract", {"id": (None, report)})
        if code not in (Code.NO_SUCH_REPORT, Code.FINISHED):
            _checked("retract", code, said)
        return code

    async def _xml(self, operation: str, body: bytes) -> Leaves:
        answer = await self._http.call(
            operation,
            "POST",
            f"{self._url}/{operation}",
            content=body,
            headers={"Content-Type": XML},
        )
        code, said = _read(operation, answer.body)
        return _checked(operation, code, said)

    async def _parts(self, operation: str, parts: Parts) -> Leaves:
        code, said = await self._call(operation, parts)
        return _checked(operation, code, said)

    async def _call(self, operation: str, parts: Parts) -> tuple[Code, Leaves]:
        url = f"{self._url}/{operation}"
        form = httpx.Request("POST", url, files=parts)
        answer = await self._http.call(
            operation,
            "POST",
            url,
            content=form.read(),
            headers={"Content-Type": form.headers["Content-Type"]},
        )
        return _read(operation, answer.body)

    def _receipt(self, report: str, detail: str) -> SubmissionReceipt:
        if self._environment is not Environment.PRODUCTION:
            detail = f"TEST environment, nothing was reported: {detail}"
        return SubmissionReceipt(reference=report, detail=detail)


def _read(operation: str, body: bytes) -> tuple[Code, Leaves]:
    try:
        said = leaves_of(body)
        return Code(said.get("responseCode", [""])[0]), said
    except ValueError as error:
        raise _misanswered(operation, "its answer has no code that is known") from error


def _checked(operation: str, code: Code, said: Leaves) -> Leaves:
    """What was said, where it was a yes; the receiver's own words are never repeated (I13)."""
    match code:
        case Code.DONE:
            return said
        case Code.SERVER_ERROR:
            raise _failed(OutcomeUnknownError, operation, code, "It is tried again.")
        case Code.INVALID:
            described = " ".join(said.get("responseDescription", []))
            named = [field for element, field in ELEMENTS.items() if element in described]
            if named:
                fields = tuple(dict.fromkeys(named))
                raise FieldsRefusedError(fields, vendor=VENDOR, operation=operation)
            raise _failed(RefusedError, operation, code, "Compare the draft with its schema.")
        case _ if code in _CREDENTIALS:
            raise _failed(RefusedError, operation, code, "Check the credentials of the report.")
        case _:
            raise _failed(RefusedError, operation, code, "Look at the report in its own pages.")


def _failed(kind: type[VendorError], operation: str, code: Code, mend: str) -> VendorError:
    message = f"answered {code.value} ({code.name.lower().replace('_', ' ')})"
    return kind(message, vendor=VENDOR, operation=operation, mend=mend)


def _misanswered(operation: str, message: str) -> MisansweredError:
    return MisansweredError(
        message,
        vendor=VENDOR,
        operation=operation,
        mend="Look at the report in the receiver's own pages; if it is there, record a receipt.",
    )


def _only(said: Leaves, name: str, *, operation: str) -> str:
    found = said.get(name, [])
    if len(found) != 1 or not found[0].isascii() or not found[0].isalnum() or len(found[0]) > 40:  # noqa: PLR2004 - an id
        raise _misanswered(operation, f"it gave no {name}")
    return found[0]
