"""A form for every act a person may do, and the act out of what they filled in."""

from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from cases.acts import ActBody
from cases.envelope import RoundBinding
from cases.permissions import Allowed
from gateway.casework import OpenCase
from gateway.form_content import (
    ANSWER,
    ANSWER_AT,
    MEMO,
    ActForm,
    Ask,
    Surroundings,
    content_of,
)
from gateway.gate_forms import CONDITION, GATE_CONTENT, condition_fields, conditions_from
from gateway.raw import BadFormError
from gateway.times import Show

BODY: TypeAdapter[ActBody] = TypeAdapter(ActBody)

_TITLES = {
    "answer": "Answer intake questions",
    "complete": "Complete this stage",
    "reply": "Answer a request for information",
    "memo": "Write the memo",
    "evidence": "Add evidence",
    "call-back": "Record a call-back",
    "receipt": "Settle an action",
    "observe": "Say what a step did",
    "roll-back": "Stop, and roll back",
    "decide": "Decide",
    "dissent": "Object",
    "withdraw": "Take my verdict back",
    "revoke": "Take a decision back",
    "break-glass": "Break the glass: pass the gate without those it asks",
    "finish": "Settle a task",
    "acknowledge": "Take it, or say that you cannot",
    "claim": "Claim the work, or give it back",
    "assign": "Assign work to a person",
    "hold": "Put the case on hold",
    "resume": "Resume the case",
    "severity": "Change the severity",
    "raise": "Page a role now",
    "move": "Move to another runbook",
    "migrate": "Go on under another version of the runbook",
    "attach": "Attach to another case, or keep apart",
    "split": "Give a joined report a case of its own",
    "close": "Close the case",
    "cancel": "Cancel the case",
    "reopen": "Reopen the case",
    "link": "Link another case, or take a link away",
    "merge": "Make another case part of this one",
    "unmerge": "Make it a case of its own again",
}
_CHOSEN = {
    "complete": "outcome",
    "decide": "verdict",
    "finish": "settlement",
    "receipt": "resolution",
    "settle": "answer",
}
"""What the button that was pressed says, by verb."""
_INSTANT = {"hold": "review_at", "extend": "until"}
CHIEF = frozenset(
    {"decide", "complete", "close", "receipt", "observe", "roll-back", "memo", "reply", "answer"}
    | {"resume", "finish"}
)
"""Acts the case waits for; the others are shown folded."""


def forms_of(case: OpenCase, around: Surroundings) -> list[ActForm]:
    """A form for every act this person may do now, what the case waits for first."""
    forms = [
        form_of(allowed, case, around)
        for allowed in case.allowed()
        if allowed.verb != "migrate" or around.versions
    ]
    return sorted(forms, key=lambda form: form.verb not in CHIEF)


def form_of(allowed: Allowed, case: OpenCase, around: Surroundings) -> ActForm:
    """The form of one allowed act."""
    title = _TITLES[allowed.verb]
    fill = GATE_CONTENT.get(allowed.verb)
    fields, buttons = (
        fill(Ask(allowed, case, around)) if fill else content_of(allowed, case, around)
    )
    task = case.state.task(allowed.task or "")
    if task is not None:
        title = f"{task.id}: {task.what}"
    if allowed.verb == "break-glass" and allowed.label:
        title = f"{title} ({allowed.label})"
    if allowed.verb in ("receipt", "decide") and allowed.label:
        title = allowed.label
    elif allowed.verb in ("observe", "roll-back"):
        title = f"{title}: {allowed.label}"
    return ActForm(
        verb=allowed.verb,
        title=title,
        role=allowed.role,
        fields=fields,
        buttons=buttons or (("", title, allowed.verb in CHIEF),),
        binding=binding_of(allowed, case),
        folded=condition_fields(allowed, case),
        acting_for=allowed.acting_for or "",
    )


def body_from(fields: Mapping[str, str], show: Show) -> ActBody:
    """The act the fields say; `BadFormError` names the first field that is wrong."""
    try:
        if "body" in fields:
            return BODY.validate_json(fields["body"])
        return BODY.validate_python(_values(fields, show))
    except ValidationError as error:
        raise BadFormError(".".join(map(str, error.errors()[0]["loc"]))) from error


def binding_from(fields: Mapping[str, str]) -> RoundBinding | None:
    """The round as it was shown; None for an act that is bound to none."""
    text = fields.get("binding", "")
    if not text:
        return None
    try:
        return RoundBinding.model_validate_json(text)
    except ValidationError as error:
        raise BadFormError("binding") from error


def binding_of(allowed: Allowed, case: OpenCase) -> str:
    """The round an act is bound to, as it is shown now, in JSON; empty for an unbound act."""
    if allowed.gate is None or allowed.round is None:
        return ""
    for round_ in case.state.rounds:
        if (round_.gate, round_.number) == (allowed.gate, allowed.round):
            return RoundBinding(
                gate=round_.gate,
                round=round_.number,
                revision=round_.revision,
                content_hash=round_.content_hash,
                nonce=round_.nonce,
            ).model_dump_json()
    return ""


def _values(fields: Mapping[str, str], show: Show) -> dict[str, object]:
    verb = fields.get("verb", "")
    choice = fields.get("choice", "")
    own = (
        *("csrf", "step", "verb", "choice", "binding", "role", "act_id", "code", "next"),
        "acting_for",
    )
    values: dict[str, object] = {
        name: value
        for name, value in fields.items()
        if name not in own and not name.startswith((ANSWER, ANSWER_AT, MEMO, CONDITION))
    }
    values["verb"] = verb
    match verb:
        case "answer":
            answers = _prefixed(fields, ANSWER)
            for name, text in _prefixed(fields, ANSWER_AT).items():
                answers[name] = _instant(text, name, show)
            values["answers"] = answers
        case "memo":
            values["fields"] = _prefixed(fields, MEMO)
        case "complete" | "decide" | "finish" | "receipt" | "settle":
            values |= _chosen(verb, choice, fields, show)
        case "acknowledge":
            values["conflicted"] = choice == "conflicted"
        case "claim":
            values["release"] = choice == "release"
        case "link":
            values["remove"] = choice == "remove"
        case "attach":
            values["keep_apart"] = choice == "keep-apart"
        case "assign":
            values["role"] = values.pop("what-role", "")
        case "call-back":
            values["result"] = choice
            values["called_at"] = _instant(fields.get("called_at", ""), "called_at", show)
        case "hold" | "extend":
            name = _INSTANT[verb]
            values[name] = _instant(fields.get(name, ""), name, show)
        case _:
            pass
    return values


def _chosen(verb: str, choice: str, fields: Mapping[str, str], show: Show) -> dict[str, object]:
    """What the button says, and what a verdict is given on."""
    said: dict[str, object] = {_CHOSEN[verb]: choice}
    return said | ({"conditions": conditions_from(fields, show)} if verb == "decide" else {})


def _prefixed(fields: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {
        name.removeprefix(prefix): value
        for name, value in fields.items()
        if name.startswith(prefix) and value
    }


def _instant(text: str, name: str, show: Show) -> str:
    try:
        return show.read_local(text).isoformat()
    except ValueError as error:
        raise BadFormError(name) from error
