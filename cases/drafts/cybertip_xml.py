"""A CyberTipline report as XML, element after element in the order its schema enforces."""

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

from cases.drafts.record import Draft
from cases.values import Value
from runbooks.forms import Filled
from runbooks.forms.cybertip import INCIDENTS, WHERE
from runbooks.forms.files import ANNOTATIONS, ReportedFile, read_file

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot say at all."""


class Reporter(Value):
    """Who reports, as the receiver knows them; no part of what a gate approves."""

    email: str
    company: str = ""
    service: str = ""
    terms: str = ""
    legal_url: str = ""


def report_xml(draft: Draft, reporter: Reporter) -> bytes:
    """The report that opens a submission."""
    fields = draft.fields
    report = Element("report")
    summary = SubElement(report, "incidentSummary")
    _put(summary, "incidentType", INCIDENTS[_one(fields, "incident-type")])
    _put(summary, "escalateToHighPriority", _one(fields, "escalate-to-high-priority"))
    _put(summary, "incidentDateTime", _one(fields, "incident-at"))
    _put(summary, "incidentDateTimeDescription", _one(fields, "incident-at-means"))
    where = _one(fields, "where")
    if where:
        SubElement(SubElement(report, "internetDetails"), WHERE[where])
    _reporter(SubElement(report, "reporter"), reporter)
    _person(SubElement(report, "personOrUserReported"), fields, reporter)
    said = [_one(fields, name) for name in ("additional-info", "text-only")]
    _put(report, "additionalInfo", "\n".join(part for part in said if part))
    return _bytes(report)


def file_details_xml(file: ReportedFile, *, report_id: str, file_id: str) -> bytes:
    """What is known of one file: its hash and how it was classified, never the file."""
    details = Element("fileDetails")
    _put(details, "reportId", report_id)
    _put(details, "fileId", file_id)
    _put(details, "locationOfFile", file.location)
    _put(details, "fileViewedByEsp", _truth("viewed" in file.seen))
    _put(details, "exifViewedByEsp", _truth("exif-viewed" in file.seen))
    _put(details, "publiclyAvailable", _truth("public" in file.seen))
    _put(details, "fileRelevance", "Reported")
    if file.annotations:
        annotations = SubElement(details, "fileAnnotations")
        for name in file.annotations:
            SubElement(annotations, ANNOTATIONS[name])
    _put(details, "industryClassification", file.classification)
    hashed = SubElement(details, "originalFileHash", hashType=file.hash_type.upper())
    hashed.text = file.hash
    return _bytes(details)


def reference_sheet(file: ReportedFile) -> bytes:
    """What is uploaded in a file's place: where it is kept and what it hashes to."""
    return f"Kept at: {file.location}\n{file.hash_type}: {file.hash}\n".encode()


def files_of(draft: Draft) -> list[ReportedFile]:
    """The files of the report."""
    lines = draft.fields.get("files", [])
    return [read_file(line) for line in (lines if isinstance(lines, list) else [lines])]


def _reporter(into: Element, reporter: Reporter) -> None:
    _put(SubElement(into, "reportingPerson"), "email", reporter.email)
    _put(into, "companyTemplate", reporter.company)
    _put(into, "termsOfService", reporter.terms)
    _put(into, "legalURL", reporter.legal_url)


def _person(into: Element, fields: Mapping[str, Filled], reporter: Reporter) -> None:
    _put(into, "espIdentifier", _one(fields, "account"))
    _put(into, "espService", reporter.service)
    _put(into, "screenName", _one(fields, "screen-name"))
    for event in _several(fields, "ip-events"):
        name, address, at = event.split("/")
        captured = SubElement(into, "ipCaptureEvent")
        _put(captured, "ipAddress", address)
        _put(captured, "eventName", name)
        _put(captured, "dateTime", at)
    for number in _several(fields, "prior-reports"):
        _put(into, "priorCTReports", number)


def _put(into: Element, name: str, text: str) -> None:
    """The element is there if there is something to say in it."""
    if text:
        SubElement(into, name).text = _NOT_XML.sub("", text)


def _bytes(element: Element) -> bytes:
    written: bytes = tostring(element, encoding="UTF-8", xml_declaration=True)
    return written


def _truth(value: bool) -> str:  # noqa: FBT001 - XML's own word for it
    return "true" if value else "false"


def _one(fields: Mapping[str, Filled], name: str) -> str:
    filled = fields.get(name, "")
    return filled if isinstance(filled, str) else " ".join(filled)


def _several(fields: Mapping[str, Filled], name: str) -> list[str]:
    filled = fields.get(name, [])
    return filled if isinstance(filled, list) else [filled]
