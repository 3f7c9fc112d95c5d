"""Whom an act is for: the case, or something it owes."""

from pydantic import ValidationError

from cases.acts import Extend, Settle
from cases.envelope import Act, ActEnvelope


def obligation_of(envelope: ActEnvelope) -> str | None:
    """The obligation the act is for; None where it is for the case, or cannot be read."""
    try:
        body = Act.model_validate_json(envelope.payload).body
    except ValidationError:
        return None
    return body.obligation if isinstance(body, Settle | Extend) else None
