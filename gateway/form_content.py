"""What each act asks for: one function a verb, from what the case knows."""

from collections.abc import Callable
from dataclasses import dataclass

from cases.acts import Verdict
from cases.ended_outside import ENDED_OUTSIDE
from cases.linking import sub_cases
from cases.permissions import Allowed
from cases.values import spoken
from gateway.casework import OpenCase
from integrations.ports.directory import DirectorySnapshot
from runbooks.plan import AnswerKind, CallBackResult, GateRule, Severity

ANSWER, ANSWER_AT, MEMO = "q.", "qt.", "m."
Buttons = tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class Field:
    """One thing to fill in."""

    name: str
    label: str = ""
    kind: str = "text"
    """An input's type, or `hidden`, `prose`, `choice`, `select`."""
    required: bool = False
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ActForm:
    """One act, ready to be filled in."""

    verb: str
    title: str
    role: str
    fields: tuple[Field, ...] = ()
    buttons: Buttons = (("", "Go on", True),)
    """Value, text, and whether it is what the case waits for."""
    binding: str = ""
    folded: tuple[Field, ...] = ()
    """What few need, behind a fold: conditions of an approval."""
    acting_for: str = ""
    """The person in whose place it would be done."""

    @property
    def roles(self) -> tuple[str, ...]:
        """The role it is done in; the templates take a list."""
        return (self.role,)


def verdict_label(rule: GateRule | None, verdict: Verdict) -> str:
    """The button's words: the rule's own for yes and no."""
    match verdict:
        case Verdict.APPROVE:
            return rule.approve_label if rule is not None else "Approve"
        case Verdict.REJECT:
            return rule.reject_label if rule is not None else "Reject"
        case Verdict.MORE_INFORMATION:
            return "I need more information"
        case Verdict.ABSTAIN:
            return "I abstain"
        case Verdict.CONDITIONS:
            yes = rule.approve_label if rule is not None else "Approve"
            return f"{yes}, with conditions"


@dataclass(frozen=True)
class Surroundings:
    """What forms offer to choose from, beside the case itself."""

    people: DirectorySnapshot
    runbooks: tuple[str, ...]
    versions: tuple[str, ...] = ()
    """The versions of its runbook the case could go to."""


Content = tuple[tuple[Field, ...], Buttons]


@dataclass(frozen=True)
class Ask:
    """One allowed act of one case, to be filled in."""

    allowed: Allowed
    case: OpenCase
    around: Surroundings


Fill = Callable[[Ask], Content]


def content_of(allowed: Allowed, case: OpenCase, around: Surroundings) -> Content:
    """The fields of the act's form, and its buttons where one is not enough."""
    fill = _CONTENT.get(allowed.verb)
    return fill(Ask(allowed, case, around)) if fill is not None else ((_reason(),), ())


def _answer(ask: Ask) -> Content:
    return tuple(_question(ask.case, name) for name in ask.allowed.choices), ()


def _complete(ask: Ask) -> Content:
    note = Field("note", "Note for whoever comes next", "prose")
    buttons = tuple((choice, choice.replace("-", " "), True) for choice in ask.allowed.choices)
    return (_hidden("stage", ask.allowed.stage), note), buttons


def _reply(ask: Ask) -> Content:
    request = next(item for item in ask.case.state.requests if item.id == ask.allowed.request)
    label = f"{request.asked_by} asks: {request.question}"
    return (_hidden("request", request.id), Field("text", label, "prose", required=True)), ()


def _memo(ask: Ask) -> Content:
    written = ask.case.state.memos.get(ask.allowed.gate or "", {})
    fields = (
        Field(MEMO + name, name.replace("-", " "), "prose", value=written.get(name, ""))
        for name in ask.allowed.choices
    )
    return (_hidden("gate", ask.allowed.gate), *fields), ()


def _evidence(ask: Ask) -> Content:  # noqa: ARG001 - one shape for all verbs
    fields = (
        Field("label", "Short name (kebab-case)", required=True),
        Field("reference", "Where it is kept", required=True),
        Field("digest", "Its SHA-256 (64 hex characters)", required=True),
    )
    return fields, ()


def _call_back(ask: Ask) -> Content:  # noqa: ARG001 - one shape for all verbs
    fields = (
        Field("agency", "Whom the caller asked for", required=True),
        Field("number", "The number that was called", required=True),
        Field("source", "Where it was found (never in the request)", required=True),
        Field("called_at", "When (your local time)", "datetime-local", required=True),
        Field("note", "What was said", "prose"),
    )
    words = {
        CallBackResult.CONFIRMED: "They confirm the request",
        CallBackResult.REFUTED: "They know nothing of it",
        CallBackResult.UNREACHED: "Nobody could be reached",
    }
    return fields, tuple((result.value, text, True) for result, text in words.items())


def _receipt(ask: Ask) -> Content:
    words = {"done": "It is done", "retry": "Try it again", "skip": "Skip it", "clear": "Clear it"}
    fields = (
        _hidden("effect", ask.allowed.effect),
        Field("reference", "Reference of the receipt (when done)"),
        _reason(required=False, label="Reason (when skipped)"),
    )
    return fields, tuple(
        (choice, words[choice], choice == "done") for choice in ask.allowed.choices
    )


def _observe(ask: Ask) -> Content:
    effect = ask.case.state.effect(ask.allowed.effect or "")
    plan = ask.case.effect_plan(effect.name) if effect is not None else None
    guard = plan.bulk.guard if plan is not None and plan.bulk is not None else None
    signal = guard.signal if guard is not None else "Those that were hit wrongly"
    fields = (
        _hidden("effect", ask.allowed.effect),
        Field("checked", "How many were checked", "number", required=True),
        Field("wrong", f"How many of them: {signal}", "number", required=True),
        Field("reference", "Where the checks can be seen"),
    )
    return fields, ()


def _roll_back(ask: Ask) -> Content:
    return (_hidden("effect", ask.allowed.effect), _reason(label="Why it is undone")), ()


def _acknowledge(ask: Ask) -> Content:
    buttons = (("have-it", "I have it", False), ("conflicted", "I am conflicted", False))
    why = _reason(required=False, label="Why, if you are conflicted")
    return (_hidden("stage", ask.allowed.stage), why), buttons


def _claim(ask: Ask) -> Content:
    words = {"claim": "I take it", "release": "I give it back"}
    return (), tuple((choice, words[choice], False) for choice in ask.allowed.choices)


def _assign(ask: Ask) -> Content:
    pairs = tuple((person.id, person.name) for person in ask.around.people.people)
    fields = (
        _choice("what-role", "Role", ask.allowed.choices),
        Field("person", "Person", "select", required=True, choices=pairs),
        _reason(required=False),
    )
    return fields, ()


def _hand_over(ask: Ask) -> Content:
    pairs = tuple((person.id, person.name) for person in ask.around.people.people)
    fields = (
        _choice("what-role", "Work of", ask.allowed.choices),
        Field("person", "To", "select", required=True, choices=pairs),
        Field("note", "What they should know", "prose"),
    )
    return fields, ()


def _accept(ask: Ask) -> Content:
    role = ask.allowed.label
    offer = next(each for each in ask.case.state.work_offers if each.role == role)
    said = f"{offer.by} offers you the work of {role.replace('-', ' ')}"
    fields = (
        _hidden("what-role", role),
        _reason(
            required=False, label=f"{said}{': ' + offer.note if offer.note else ''}. Your words"
        ),
    )
    buttons = (("accept", "I take it", True), ("decline", "I cannot", False))
    return fields, buttons


def _hold(ask: Ask) -> Content:  # noqa: ARG001 - one shape for all verbs
    label = "Review on (your local time)"
    return (_reason(), Field("review_at", label, "datetime-local", required=True)), ()


def _resume(ask: Ask) -> Content:  # noqa: ARG001 - one shape for all verbs
    return (_reason(required=False),), ()


def _severity(ask: Ask) -> Content:  # noqa: ARG001 - one shape for all verbs
    levels = tuple(level.value for level in Severity)
    until = Field("until", "Only until (your local time)", "datetime-local")
    return (_choice("severity", "Severity", levels), _reason(), until), ()


def _raise(ask: Ask) -> Content:
    return (_choice("to", "Role", ask.allowed.choices), _reason()), ()


def _move(ask: Ask) -> Content:
    return (_choice("runbook", "Runbook", ask.around.runbooks), _reason()), ()


def _migrate(ask: Ask) -> Content:
    asked = ask.case.state.proposed
    pairs = tuple((version, version) for version in ask.around.versions)
    label = "Version"
    if asked is not None:
        label = f"Version; {asked.by} has asked for {asked.version}: {asked.reason}"
    chosen = asked.version if asked is not None else ""
    fields = (
        Field("version", label, "select", required=True, value=chosen, choices=pairs),
        _reason(required=False, label="Why, if you are the first to ask or take the case back"),
    )
    return fields, ()


def _attach(ask: Ask) -> Content:
    buttons = (("attach", "Attach", False), ("keep-apart", "Keep apart", False))
    return (_choice("to", "Case", ask.allowed.choices), _reason(required=False)), buttons


def _split(ask: Ask) -> Content:
    reports = tuple(
        (each.delivery, f"{each.source}, {spoken(each.at)}: {each.because}")
        for each in ask.case.state.offered
        if each.delivery in ask.allowed.choices
    )
    return (Field("delivery", "Report", "select", required=True, choices=reports), _reason()), ()


def _close(ask: Ask) -> Content:
    plans = ask.case.pathway.closure.dispositions
    titles = {name: plan.title or name for name, plan in plans.items()}
    titles[ENDED_OUTSIDE] = "Today's process has ended (say how, below)"
    pairs = tuple((name, titles[name]) for name in ask.allowed.choices)
    fields = (
        Field("disposition", "How it ends", "choice", required=True, choices=pairs),
        Field("record", "Decision record: facts, rule, decision", "prose", required=True),
        Field("lessons", "What we learned", "prose"),
        Field("linked_case", "Number of the linked case"),
    )
    return fields, ()


def _comment(ask: Ask) -> Content:
    roles = tuple((role, role.replace("-", " ")) for role in ask.allowed.choices)
    fields = (
        Field("text", "What you say; it decides nothing", "prose", required=True),
        Field(
            "restricted_to", "Only this role reads it (may be left open)", "select", choices=roles
        ),
        Field("and_to", "and this one", "select", choices=roles),
    )
    buttons = (
        ("", "Say it", False),
        ("privileged", "Say it, privileged (counsel and client)", False),
    )
    return fields, buttons


def _cancel(ask: Ask) -> Content:
    if not sub_cases(ask.case.state):
        return (_reason(),), ()
    buttons = (
        ("", "Cancel the case", False),
        ("with-sub-cases", "Cancel it and its open sub-cases", False),
        ("leave-sub-cases", "Cancel it; its sub-cases go on", False),
    )
    return (_reason(),), buttons


def _reopen(ask: Ask) -> Content:
    pairs = tuple((name, ask.case.title_of(name)) for name in ask.allowed.choices)
    fields = (
        Field(
            "to",
            "It goes on in",
            "select",
            required=True,
            value=ask.allowed.choices[0],
            choices=pairs,
        ),
        _reason(label="Why it is reopened"),
    )
    return fields, ()


def _link(ask: Ask) -> Content:
    fields = (
        Field("number", "Number of the other case", required=True),
        _choice("kind", "What it is to this one", ask.allowed.choices),
        _reason(required=False, label="Why (needed to take a link away)"),
    )
    return fields, (("link", "Link", False), ("remove", "Take the link away", False))


def _merge(ask: Ask) -> Content:  # noqa: ARG001 - one shape for all verbs
    number = Field("number", "Number of the case that becomes part of this one", required=True)
    return (number, _reason(label="Why they are one")), ()


_CONTENT: dict[str, Fill] = {
    "answer": _answer,
    "complete": _complete,
    "reply": _reply,
    "memo": _memo,
    "evidence": _evidence,
    "call-back": _call_back,
    "receipt": _receipt,
    "observe": _observe,
    "roll-back": _roll_back,
    "acknowledge": _acknowledge,
    "claim": _claim,
    "assign": _assign,
    "hand-over": _hand_over,
    "accept": _accept,
    "hold": _hold,
    "resume": _resume,
    "severity": _severity,
    "raise": _raise,
    "move": _move,
    "migrate": _migrate,
    "attach": _attach,
    "split": _split,
    "comment": _comment,
    "close": _close,
    "cancel": _cancel,
    "reopen": _reopen,
    "link": _link,
    "merge": _merge,
}


def _reason(*, required: bool = True, label: str = "Why") -> Field:
    return Field("reason", label, "prose", required=required)


def _hidden(name: str, value: str | None) -> Field:
    return Field(name, kind="hidden", value=value or "")


def _choice(name: str, label: str, choices: tuple[str, ...], kind: str = "select") -> Field:
    pairs = tuple((choice, choice.replace("-", " ")) for choice in choices)
    return Field(name, label, kind, required=True, choices=pairs)


def _question(case: OpenCase, name: str) -> Field:
    plan = case.pathway.questions[name]
    given = case.state.answers.get(name)
    value = given.value if given is not None else ""
    label = case.shelved.question(name)
    match plan.kind:
        case AnswerKind.YES_NO_UNKNOWN:
            choices: tuple[str, ...] = ("yes", "no", "unknown")
        case AnswerKind.YES_NO:
            choices = ("yes", "no")
        case AnswerKind.CHOICE:
            choices = plan.choices
        case AnswerKind.INSTANT:
            return Field(ANSWER_AT + name, f"{label} (your local time)", "datetime-local")
        case AnswerKind.NUMBER:
            return Field(ANSWER + name, label, "number", value=value)
        case AnswerKind.TEXT | AnswerKind.REFERENCE | AnswerKind.CASE | AnswerKind.PEOPLE:
            return Field(ANSWER + name, label, value=value)
    pairs = tuple((choice, choice.replace("-", " ")) for choice in choices)
    return Field(ANSWER + name, label, "choice", value=value, choices=pairs)
