"""A case without an engine: the desk, a door that signs, and time that a test moves."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cases.acts import BOUND_VERBS, ActBody, Answer, Complete
from cases.desk import Desk
from cases.envelope import (
    Act,
    ActEnvelope,
    ActingFor,
    Actor,
    Certificate,
    Door,
    RoundBinding,
    issue_certificate,
    sign_act,
)
from cases.file import EDITION, CaseFile
from cases.journal import Journal
from cases.receipts import ActReceipt
from cases.recording import Record
from cases.records import SeverityRecord
from cases.report import Report, Source
from cases.stages import enter, leave, open_case
from cases.state import CaseState
from cases.ways_back import back_to
from runbooks import compile_runbook, library, load_runbook
from runbooks.plan import Assurance, Pathway, Severity

ROOT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
DOOR = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
CERTIFICATE = issue_certificate(
    ROOT,
    DOOR.public_key(),
    use="door",
    not_before=datetime(2020, 1, 1, tzinfo=UTC),
    not_after=datetime(2100, 1, 1, tzinfo=UTC),
)
SALT = bytes(range(64, 96))
CASE = "case/abcdefghijklmnopqrstuvwxyz"


@cache
def compiled(text: bytes) -> Pathway:
    """The runbook, compiled once."""
    return compile_runbook(load_runbook(text, file="runbook.yaml"))


@dataclass
class House:
    """One case, walked by hand."""

    file: CaseFile
    desk: Desk
    now: datetime = BEGIN
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @classmethod
    def of(
        cls,
        runbook: str = "user-safety-escalation",
        *,
        text: bytes | None = None,
        at: datetime = BEGIN,
        edition: int = EDITION,
    ) -> "House":
        """A case that has just been opened and is in its first stage."""
        pathway = compiled(text or library()[runbook])
        state = CaseState(
            case=CASE,
            number="1001",
            report=Report(
                source=Source.STANDARD,
                instance="test",
                external_id="1",
                delivery="1",
                received_at=at,
            ),
            runbook=pathway.runbook,
            version=pathway.version,
            digest=pathway.digest,
            opened_at=at,
            severity=SeverityRecord(current=Severity.SEV3, computed=Severity.SEV3),
            journal=Journal(case=CASE),
        )
        nonces = (f"nonce-{number}" for number in itertools.count())
        file = CaseFile(
            state=state,
            pathway=pathway,
            record=Record(state, salt=SALT),
            edition=edition,
            new_nonce=lambda: next(nonces),
        )
        open_case(
            file,
            at=at,
            answers={},
            routed="test",
            row="",
            routing_digest="",
            input_commitment="",
            same_subject=(),
            linked_from="",
        )
        enter(file, pathway.stage(pathway.first), at=at)
        root = ROOT.public_key().public_bytes_raw()
        return cls(file=file, desk=Desk(file, root=root), now=at)

    @property
    def state(self) -> CaseState:
        """The case's state."""
        return self.file.state

    def later(self, by: timedelta) -> None:
        """So much later."""
        self.now += by

    def act(
        self,
        body: ActBody,
        *,
        person: str,
        role: str,
        binding: RoundBinding | None = None,
        assurance: Assurance = Assurance.L2,
        key: Ed25519PrivateKey = DOOR,
        act_id: str | None = None,
        accounts: tuple[str, ...] = (),
        acting_for: ActingFor | None = None,
    ) -> ActReceipt:
        """The act is signed and received; a stage that it ends is left for the next one."""
        gate = getattr(body, "gate", None)
        if binding is None and body.verb in BOUND_VERBS:
            binding = self.binding(str(gate))
        envelope = self.envelope(
            body,
            person=person,
            role=role,
            binding=binding,
            assurance=assurance,
            key=key,
            act_id=act_id,
            accounts=accounts,
            acting_for=acting_for,
        )
        receipt = self.desk.receive(envelope, at=self.now)
        self.walk()
        return receipt

    def envelope(
        self,
        body: ActBody,
        *,
        person: str,
        role: str,
        binding: RoundBinding | None = None,
        assurance: Assurance = Assurance.L2,
        key: Ed25519PrivateKey = DOOR,
        act_id: str | None = None,
        accounts: tuple[str, ...] = (),
        acting_for: ActingFor | None = None,
        case: str = CASE,
    ) -> ActEnvelope:
        """The act as a door signs it."""
        number = next(self.numbers)
        act = Act(
            act=act_id or f"00000000-0000-4000-8000-{number:012d}",
            case=case,
            actor=Actor(
                person=person,
                roles=(role,),
                directory_digest="0" * 64,
                directory_as_of=self.now,
                accounts=accounts,
                acting_for=acting_for,
            ),
            role=role,
            assurance=assurance,
            door=Door.WEB,
            signed_at=self.now,
            body=body,
            binding=binding,
        )
        return sign_act(act, key=key, certificate=certificate_of(key))

    def binding(self, gate: str) -> RoundBinding | None:
        """What the gate's newest round shows."""
        round_ = self.state.round_of(gate)
        if round_ is None:
            return None
        return RoundBinding(
            gate=gate,
            round=round_.number,
            revision=round_.revision,
            content_hash=round_.content_hash,
            nonce=round_.nonce,
        )

    def walk(self) -> None:
        """As the graph walks: an outcome is followed to the next stage."""
        while self.state.pending_outcome is not None and self.file.stage is not None:
            outcome = self.state.pending_outcome
            step = leave(self.file, self.file.stage, outcome, at=self.now)
            then = back_to(outcome) or step.then
            if then is None:
                return
            enter(self.file, self.file.pathway.stage(then), at=self.now)


def certificate_of(key: Ed25519PrivateKey) -> Certificate:
    """The root's certificate for a door's key."""
    if key is DOOR:
        return CERTIFICATE
    return issue_certificate(
        ROOT,
        key.public_key(),
        use="door",
        not_before=datetime(2020, 1, 1, tzinfo=UTC),
        not_after=datetime(2100, 1, 1, tzinfo=UTC),
    )


def looked_at(house: House) -> None:
    """A removal order has been looked at for its five minutes, and is to be followed."""
    answers = {
        "authority": "authority-4",
        "signature": "yes",
        "reasons": "incites",
        "declared-language": "yes",
    }
    person, role = "cora", "counter-terror"
    assert house.act(Answer(answers=answers), person=person, role=role).accepted
    done = Complete(stage="authentication", outcome="an-order")
    assert house.act(done, person=person, role=role).accepted
