"""The act by which a person takes work out of the queue, or gives it back."""

from datetime import datetime

from cases.acts import Claim
from cases.claims import claim_of, drop, take
from cases.envelope import Act
from cases.file import CaseFile
from cases.handlers.checks import body_of, must_have_role
from cases.independence import kept_out
from cases.journal import Kind
from cases.notice import Purpose
from cases.receipts import Outcome, Reason
from cases.refusal import Refusal, not_yours, refused


def claim(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The work is the person's alone for a lease, or everybody's again; never two people's."""
    del key
    body = body_of(act, Claim)
    stage = file.stage
    if stage is None or file.state.pending_outcome is not None:
        raise refused(Reason.NOT_THE_STAGE)
    roles = (stage.owner, *(stage.gate.roles if stage.gate is not None else ()))
    must_have_role(file, act, of=roles)
    person = act.actor.person
    if person in file.state.conflicts:
        raise not_yours(Reason.CONFLICTED)
    if person in kept_out(file, stage):
        raise not_yours(Reason.NOT_INDEPENDENT)
    held = claim_of(file.state, act.role)
    has_it = file.owner_of(act.role)
    if has_it is not None and has_it != person:
        lease = f" until {held.until.isoformat()}" if held is not None else ""
        raise Refusal(Outcome.ALREADY_DECIDED, Reason.CLAIMED, f"{has_it} has it{lease}")
    until = None
    if body.release:
        if held is None:
            raise refused(Reason.UNCHANGED, "you have no claim on it")
        drop(file.state, held)
    elif held is not None or has_it == person:
        raise refused(Reason.UNCHANGED, "it is yours already; what you do keeps it")
    else:
        until = take(file, stage.name, role=act.role, person=person, at=at).until.isoformat()
    file.note(
        Kind.CLAIM_RELEASED if body.release else Kind.CLAIMED,
        at,
        stage=stage.name,
        role=act.role,
        who=person,
        until=until,
        act=act.act,
        input=commitment,
    )
    if body.release:
        file.tell(Purpose.WORK, act.role, stage=stage.name, step="claim-released")
