"""A form for every act a person may do, and the act out of what they filled in."""

from collections.abc import Callable, Mapping

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
    "comment": "Comment, to everybody or to some roles",
    "task": "Set a task",
    "hand-on": "Give a task to somebody else",
    "finish": "Settle a task",
    "acknowledge": "Take it, or say that you cannot",
    "claim": "Claim the work, or give it back",
    "assign": "Assign work to a person",
    "hand-over": "Hand work over to a person, who accepts it",
    "accept": "Take work that you are offered",
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
    "call-back": "result",
}
"""What the button that was pressed says, by verb."""
_INSTANT = {"hold": "review_at", "extend": "until", "task": "due", "call-back": "called_at"}
_PRESSED: Mapping[str, Mapping[str, str]] = {
    "acknowledge": {"conflicted": "conflicted"},
    "claim": {"release": "release"},
    "accept": {"decline": "decline"},
    "link": {"remove": "remove"},
    "attach": {"keep_apart": "keep-apart"},
    "comment": {"privileged": "privileged"},
    "task": {"before_closing": "before-closing"},
    "cancel": {"with_sub_cases": "with-sub-cases", "leave_sub_cases": "leave-sub-cases"},
}
"""What is said by which button, by verb."""
CHIEF = frozenset(
    {"decide", "complete", "close", "receipt", "observe", "roll-back", "memo", "reply", "answer"}
    | {"resume", "finish", "accept"}
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
        if allowed.verb == "hand-on":
            title = f"Give {task.id} to somebody else"
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
        *("acting_for", "what-role", "restricted_to", "and_to"),
    )
    values: dict[str, object] = {
        name: value
        for name, value in fields.items()
        if name not in own and not name.startswith((ANSWER, ANSWER_AT, MEMO, CONDITION))
    }
    values["verb"] = verb
    if verb in _CHOSEN:
        values[_CHOSEN[verb]] = choice
    if verb in _INSTANT:
        name = _INSTANT[verb]
        values[name] = _instant(fields.get(name, ""), name, show)
    if verb == "severity":
        until = fields.get("until", "")
        values["until"] = _instant(until, "until", show) if until else None
    for name, said in _PRESSED.get(verb, {}).items():
        values[name] = choice == said
    more = _MORE.get(verb)
    return values | more(fields, show) if more is not None else values


def _answers(fields: Mapping[str, str], show: Show) -> dict[str, object]:
    answers = _prefixed(fields, ANSWER)
    for name, text in _prefixed(fields, ANSWER_AT).items():
        answers[name] = _instant(text, name, show)
    return {"answers": answers}


def _memo(fields: Mapping[str, str], show: Show) -> dict[str, object]:  # noqa: ARG001 - one shape for all verbs
    return {"fields": _prefixed(fields, MEMO)}


def _assigned(fields: Mapping[str, str], show: Show) -> dict[str, object]:  # noqa: ARG001 - one shape for all verbs
    return {"role": fields.get("what-role", "")}


def _whose(fields: Mapping[str, str], show: Show) -> dict[str, object]:  # noqa: ARG001 - one shape for all verbs
    """The role and the person a task is for; what was left empty is named by nobody."""
    return {name: fields.get(name) or None for name in ("owner", "person")}


def _readers(fields: Mapping[str, str], show: Show) -> dict[str, object]:  # noqa: ARG001 - one shape for all verbs
    named = [fields.get(name, "") for name in ("restricted_to", "and_to")]
    return {"restricted_to": [role for role in dict.fromkeys(named) if role]}


def _conditions(fields: Mapping[str, str], show: Show) -> dict[str, object]:
    return {"conditions": conditions_from(fields, show)}


_MORE: Mapping[str, Callable[[Mapping[str, str], Show], dict[str, object]]] = {
    "answer": _answers,
    "memo": _memo,
    "assign": _assigned,
    "hand-over": _assigned,
    "accept": _assigned,
    "comment": _readers,
    "task": _whose,
    "hand-on": _whose,
    "decide": _conditions,
}
"""What some verbs read of their form beside its plain fields."""


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
