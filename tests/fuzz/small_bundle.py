"""The smallest export there is: two entries, one event, one act; made without any server."""

import base64
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audit.contents import export_files
from audit.histories import CaseHistory, Run
from audit.log.note import NoteSigner
from audit.record import CaseRecord, Seal
from cases.acts import Decide, Verdict
from cases.canonical import canonical
from cases.envelope import Act, Actor, Door, RoundBinding, issue_certificate
from cases.journal import Journal, Kind
from cases.report import Report, Source
from runbooks import compile_runbook, library, load_runbook
from runbooks.plan import Assurance, Severity
from workflows.messages import WORKFLOW, CaseInput, RoutedBy

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CASE = "case/aaaaaaaaaaaaaaaaaaaaaaaaaa"
ROOT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
DOOR = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
SIGNER = NoteSigner(name="example.org/log", private=ROOT)
CERTIFICATE = issue_certificate(
    ROOT,
    DOOR.public_key(),
    use="door",
    not_before=AT - timedelta(days=1),
    not_after=AT + timedelta(days=1),
)
ROOT_KEY = base64.b64encode(ROOT.public_key().public_bytes_raw()).decode()
_SALT = b"s" * 32


def act_payload() -> bytes:
    """An approval as it is signed."""
    return canonical(
        Act(
            act="0b0f6c1e-0000-4000-8000-000000000001",
            case=CASE,
            actor=Actor(
                person="lena", roles=("legal",), directory_digest="0" * 64, directory_as_of=AT
            ),
            role="legal",
            assurance=Assurance.L2,
            door=Door.WEB,
            signed_at=AT,
            body=Decide(gate="legal-review", verdict=Verdict.APPROVE),
            binding=RoundBinding(
                gate="legal-review", round=1, revision=1, content_hash="0" * 64, nonce="n"
            ),
        )
    )


def _journal() -> Journal:
    journal = Journal(case=CASE)
    journal.record(Kind.CASE_OPENED, at=AT, salt=_SALT, source="standard")
    journal.record(Kind.STAGE_ENTERED, at=AT, salt=_SALT, stage="triage", owner="triage", visit=1)
    return journal


ENTRIES = tuple(_journal().pending)


@cache
def small_record() -> CaseRecord:
    """What it is made of."""
    source = library()["user-safety-escalation"]
    pathway = compile_runbook(load_runbook(source, file="runbook.yaml"))
    request = CaseInput(
        case=CASE,
        number="1001",
        report=Report(
            source=Source.STANDARD,
            instance="test",
            external_id="1",
            delivery="standard:1",
            received_at=AT,
        ),
        pathway=pathway,
        routed=RoutedBy(reason="test"),
        severity=Severity.SEV3,
        severity_row="1",
        severity_because="test",
        root_key=ROOT_KEY,
        salt=base64.b64encode(_SALT).decode(),
    )
    begun = HistoryEvent(event_id=1, event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
    begun.event_time.FromDatetime(AT)
    said = begun.workflow_execution_started_event_attributes
    said.workflow_type.name = WORKFLOW
    said.input.payloads.add(
        metadata={"encoding": b"json/plain"}, data=request.model_dump_json().encode()
    )
    return CaseRecord(
        history=CaseHistory(case=CASE, namespace="default", runs=(Run("run-1", (begun,)),)),
        request=request,
        entries=ENTRIES,
        door=(),
        runbooks={pathway.digest: source},
    )


SEAL = Seal(key=DOOR, certificate=CERTIFICATE, root=ROOT_KEY, log=str(SIGNER.key))


@cache
def small_bundle() -> dict[str, bytes]:
    """Its files."""
    return export_files(small_record(), seal=SEAL, at=AT, version="test")
