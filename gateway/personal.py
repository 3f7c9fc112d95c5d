"""Acts that a person signs with their own key (assurance L3): what is asked for, what is checked.

The browser's ceremony stands between two requests: the door writes the statement and its challenge,
the person's authenticator signs it, and the act comes with the signature.
"""

from typing import Annotated, Any

from pydantic import Field

from cases.acts import ActBody
from cases.envelope import Actor, RefusedEnvelope, RoundBinding
from cases.personal import (
    MAX_STATEMENT,
    Enrolment,
    PersonalSignature,
    Signed,
    Statement,
    challenge_of,
    check_personal,
    counter_of,
    written,
)
from cases.receipts import Reason
from cases.signing import decoded
from cases.values import Inbound
from gateway.doors import Doors
from integrations.passkeys import request_options
from store import CaseRow, PasskeyRow, PasskeyState

ALARM = "passkey-counter"


class Proof(Inbound):
    """What comes back from the authenticator; bytes are in base64."""

    statement: Annotated[str, Field(max_length=MAX_STATEMENT)]
    credential: Annotated[str, Field(max_length=1400)]
    authenticator_data: Annotated[str, Field(max_length=8 * 1024)]
    client_data: Annotated[str, Field(max_length=8 * 1024)]
    signature: Annotated[str, Field(max_length=8 * 1024)]


class Refused(Exception):
    """The signature does not count; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


async def asked(doors: Doors, signed: Signed, *, rp_id: str) -> dict[str, Any]:
    """The statement's exact text, and what `navigator.credentials.get` is called with."""
    at = await doors.clock.now(signed.case)
    statement = written(
        Statement(**{name: getattr(signed, name) for name in Signed.model_fields}, issued_at=at)
    )
    mine = await doors.store.passkeys.of_person(signed.person)
    return {
        "statement": statement.decode(),
        "publicKey": request_options(
            rp_id=rp_id,
            challenge=challenge_of(statement),
            known=[row.id for row in mine if row.state is PasskeyState.CONFIRMED],
        ),
    }


async def signature_of(
    doors: Doors,
    case: CaseRow,
    proof: Proof,
    *,
    act: str,
    actor: Actor,
    role: str,
    body: ActBody,
    binding: RoundBinding | None,
) -> PersonalSignature:
    """What goes into the act's envelope; Refused where the workflow would refuse it as well."""
    person = actor.person
    if actor.acting_for is not None:
        raise Refused(Reason.NOT_DELEGABLE)
    row = await doors.store.passkeys.find(proof.credential)
    if row is None or row.state is not PasskeyState.CONFIRMED or row.person != person:
        raise Refused(Reason.PERSONAL_KEY)
    signature = PersonalSignature(
        statement=proof.statement,
        authenticator_data=proof.authenticator_data,
        client_data=proof.client_data,
        signature=proof.signature,
        enrolment=Enrolment.model_validate_json(row.note),
    )
    try:
        check_personal(
            signature,
            Signed(act=act, case=case.id, person=person, role=role, body=body, binding=binding),
            at=await doors.clock.now(case.id),
            root=doors.signer.root_public,
        )
    except RefusedEnvelope as error:
        raise Refused(error.reason) from error
    await _count(doors, row, proof, act=act)
    return signature


async def _count(doors: Doors, row: PasskeyRow, proof: Proof, *, act: str) -> None:
    """The authenticator has signed once more; a copy of it would be behind the other."""
    at = await doors.clock.now()
    counter = counter_of(decoded(proof.authenticator_data, Reason.PERSONAL_SIGNATURE))
    if await doors.store.passkeys.count(row.id, counter, act=act, at=at):
        return
    await doors.store.health.alarm(
        kind=ALARM,
        key=row.id,
        text=f"a key of {row.person} counts backwards: somebody may have a copy of it",
        mend=f"`escalate passkey revoke {row.id}`, and ask {row.person} when they signed last.",
        at=at,
    )
    raise Refused(Reason.OLD_COUNTER)
