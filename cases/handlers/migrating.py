"""The act that moves a running case to another version: one person asks, a second one agrees."""

from datetime import datetime

from cases import migration
from cases.acts import Migrate
from cases.canonical import canonical, sha256
from cases.envelope import Act
from cases.file import DUTY_MANAGER, INCIDENT_MANAGER, CaseFile
from cases.handlers.checks import body_of, must_give_reason, must_have_role
from cases.journal import Kind
from cases.notice import Purpose
from cases.receipts import Outcome, Reason
from cases.records import ProposedMigration
from cases.refusal import Refusal, not_yours, refused
from runbooks.plan import Pathway


def migrate(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The version is asked for, or the case is under it: as a second person, or on its way back."""
    del key
    must_have_role(file, act)
    body = body_of(act, Migrate)
    person = act.actor.person
    if person in file.state.conflicts:
        raise not_yours(Reason.CONFLICTED)
    pathway = body.pathway
    if pathway is None or pathway.version != body.version:
        raise refused(Reason.MALFORMED, "the version's rules are missing")
    _must_fit(file, pathway)
    if migration.leads_back(file, pathway):
        must_give_reason(body.reason)
        reason = body.reason
    else:
        rules = sha256(canonical(pathway))
        asked = file.state.proposed
        if asked is None or asked.rules != rules:
            _ask(file, act, body, pathway, rules=rules, commitment=commitment, at=at)
            return
        if asked.by == person:
            raise not_yours(Reason.SAME_PERSON, "a second person has to agree")
        reason = asked.reason
    agreed = migration.Agreed(person=person, role=act.role, act=act.act, signed_at=act.signed_at)
    migration.migrate(file, pathway, agreed, reason=reason, commitment=commitment, at=at)


def _must_fit(file: CaseFile, pathway: Pathway) -> None:
    state = file.state
    if pathway.runbook != state.runbook:
        raise refused(Reason.DOES_NOT_FIT, "a case goes on under another runbook by moving there")
    if pathway.digest == state.digest:
        raise refused(Reason.UNCHANGED, f"the case is under version {state.version}")
    if state.pending_outcome is not None:
        raise Refusal(Outcome.ALREADY_DECIDED, Reason.DECIDED, state.pending_outcome)
    wrong = migration.misfits(file, pathway)
    if wrong:
        raise refused(Reason.DOES_NOT_FIT, "; ".join(wrong))


def _ask(
    file: CaseFile,
    act: Act,
    body: Migrate,
    pathway: Pathway,
    *,
    rules: str,
    commitment: str,
    at: datetime,
) -> None:
    must_give_reason(body.reason)
    file.state.proposed = ProposedMigration(
        version=pathway.version,
        digest=pathway.digest,
        rules=rules,
        by=act.actor.person,
        role=act.role,
        act=act.act,
        at=act.signed_at,
        reason=body.reason,
    )
    file.note(
        Kind.MIGRATION_PROPOSED,
        at,
        runbook=f"{pathway.runbook} {pathway.version}",
        digest=pathway.digest,
        by=act.actor.person,
        role=act.role,
        act=act.act,
        signed=act.signed_at.isoformat(),
        reason=body.reason,
        input=commitment,
    )
    other = DUTY_MANAGER if act.role == INCIDENT_MANAGER else INCIDENT_MANAGER
    file.tell(Purpose.INFORMATION, other, stage=file.state.stage, step="migration")
