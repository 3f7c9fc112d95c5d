"""From a press in a room to a signed act: the same door, envelope and rules as on our pages."""

import asyncio
import hashlib
import json
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from cases.acts import Acknowledge, ActBody, Decide, Verdict
from cases.envelope import Door, RoundBinding
from cases.permissions import Allowed
from cases.receipts import Reason
from cases.saying import decidable_in_a_room
from gateway.acting import ActIdTakenError, ActRefusedError, Answered, act, refuse_at_door
from gateway.casework import OpenCase, open_case
from gateway.doors import Doors
from gateway.form_content import verdict_label
from gateway.forms import binding_of
from gateway.wording import (
    LINK_DECIDED,
    LINK_SUPERSEDED,
    NOT_FOUND,
    REASONS,
    SLACK_CARD_UNKNOWN,
    SLACK_NOT_HERE,
    SLACK_UNCHECKED,
    Wording,
    of_receipt,
    recorded,
)
from integrations.errors import VendorError
from integrations.ports.directory import Person
from integrations.slack import Slack
from integrations.slack_blocks import form
from integrations.slack_interaction import Form
from runbooks.plan import Assurance
from store import Prompt, Session

log = structlog.get_logger(__name__)

_SIGNED_FOR = (
    "What people wrote about the case stands on its page only. Your answer is signed for the facts "
    "as they stand there now."
)
CALLBACK = "escalate-decide"
_RECEIPT_WAIT = timedelta(milliseconds=900)
"""Slack waits three seconds: the workflow's answer is waited for less, the act counts anyway."""
_ONE_REFUSAL_EACH = timedelta(hours=24)
_NAMESPACE = uuid.UUID("7f0e2e0a-7c1f-5c55-9d0a-6f3f6f0e2d11")


@dataclass(frozen=True)
class Result:
    """What came of a press: what the record says, and what the person reads."""

    came_of: str
    said: Wording | None = None
    title: str = "Nothing was done"
    field: str | None = None
    """What is missing in the form."""
    case: str | None = None


class SlackActs:
    """Judges presses by the case's rules and takes the acts they mean."""

    def __init__(self, doors: Doors, slack: Slack) -> None:
        self._slack = slack
        # The events and the store are shared; only the patience is Slack's.
        wait = min(doors.settings.receipt_wait, _RECEIPT_WAIT)
        self._doors = replace(doors, settings=replace(doors.settings, receipt_wait=wait))

    async def ask(
        self, prompt: Prompt, *, person: Person, verdict: Verdict, trigger: str, patience: float
    ) -> Result:
        """The person has the form before them; or hears why not."""
        case = await self._case(prompt, person)
        if case is None:
            return Result("refused: nothing to do with the case", NOT_FOUND)
        found = await self._allowed(prompt, case, person, verdict)
        if isinstance(found, Result):
            return found
        rule = case.rule(prompt.stage or "")
        label = verdict_label(rule, verdict)
        needs_reason = _needs_reason(case, prompt, verdict)
        private = {"card": prompt.key, "verdict": verdict.value, "asked": _asked(found, case)}
        view = form(
            callback=CALLBACK,
            title=f"Case {case.row.number}",
            submit=label,
            lines=(
                f"{label} — {case.title_of(prompt.stage or '')}",
                rule.ask if rule is not None else "",
                _SIGNED_FOR,
            ),
            private=json.dumps(private),
            asks="Your reason" if needs_reason else "A reason, if you want to give one",
            optional=not needs_reason,
        )
        try:
            async with asyncio.timeout(patience):
                await self._slack.show(view, trigger=trigger)
        except (VendorError, TimeoutError) as error:
            log.warning("form not shown", error=type(error).__name__)
            return Result("no form: Slack did not show it", SLACK_UNCHECKED)
        return Result("form shown")

    async def decide(self, sent: Form, *, person: Person) -> Result:
        """The verdict is signed and durable, or the person reads why nothing was done."""
        asked = _private(sent)
        prompt = await self.card(sent)
        if sent.callback != CALLBACK or prompt is None:
            return Result("refused: no form of ours", SLACK_CARD_UNKNOWN)
        try:
            verdict = Verdict(asked.get("verdict", ""))
        except ValueError:
            return Result("refused: no form of ours", SLACK_CARD_UNKNOWN)
        case = await self._case(prompt, person)
        if case is None:
            return Result("refused: nothing to do with the case", NOT_FOUND)
        act_id = str(uuid.uuid5(_NAMESPACE, sent.key))
        body = Decide(gate=prompt.stage or "", verdict=verdict, reason=sent.text)
        if not await self._doors.store.acts.known(act_id):
            found = await self._allowed(prompt, case, person, verdict)
            if isinstance(found, Result):
                return found
            if _asked(found, case) != asked.get("asked"):
                return self._late("superseded", LINK_SUPERSEDED)
            if _needs_reason(case, prompt, verdict) and not sent.text:
                return Result("a reason is missing", field="This needs a reason.")
            role, binding = found.role, _binding(found, case)
        else:
            # Sent twice: the first answer, whatever has become of the round since.
            role, binding = prompt.role, None
        done = await self._act(case, person, body, role=role, binding=binding, act_id=act_id)
        return replace(done, case=case.row.id)

    async def card(self, sent: Form) -> Prompt | None:
        """The card whose button showed the form."""
        return await self._doors.store.prompts.get(_private(sent).get("card", ""))

    async def acknowledge(self, prompt: Prompt, *, person: Person, key: str) -> Result:
        """The person has it: reminders to their role rest for a while."""
        case = await self._case(prompt, person)
        if case is None:
            return Result("refused: nothing to do with the case", NOT_FOUND)
        stage = prompt.stage or ""
        allowed = next(
            (a for a in case.allowed() if a.verb == "acknowledge" and a.stage == stage), None
        )
        if allowed is None:
            self._doors.chat_due.set()
            reason = Reason.NOT_THE_STAGE if case.state.stage != stage else Reason.ROLE
            return await self._refuse(case, person, prompt, verb="acknowledge", reason=reason)
        return await self._act(
            case,
            person,
            Acknowledge(stage=stage),
            role=allowed.role,
            binding=None,
            act_id=str(uuid.uuid5(_NAMESPACE, key)),
        )

    async def _case(self, prompt: Prompt, person: Person) -> OpenCase | None:
        view = await self._doors.store.views.get(prompt.case)
        if view is None:
            return None
        return await open_case(self._doors, view, person=person.id, roles=person.roles)

    async def _allowed(
        self, prompt: Prompt, case: OpenCase, person: Person, verdict: Verdict
    ) -> Allowed | Result:
        """The vote the person may cast from here, or why not."""
        gate = prompt.stage or ""
        open_ = case.state.open_round(gate)
        if prompt.round is None or open_ is None:
            return self._late("decided", LINK_DECIDED)
        if open_.number != prompt.round:
            return self._late("superseded", LINK_SUPERSEDED)
        allowed = next(
            (
                each
                for each in case.allowed()
                if (each.verb, each.gate, each.round) == ("decide", gate, prompt.round)
            ),
            None,
        )
        if allowed is None:
            return await self._refuse(case, person, prompt, verb="decide", reason=Reason.ROLE)
        if not decidable_in_a_room(case.pathway, gate):
            return Result("refused: to be decided on the page", SLACK_NOT_HERE)
        if verdict.value not in allowed.choices:
            return Result("refused: no such verdict", REASONS[Reason.NO_SUCH_OUTCOME])
        return allowed

    def _late(self, what: str, said: Wording) -> Result:
        # The card should not stand there any more: it is looked at now.
        self._doors.chat_due.set()
        return Result(f"late: {what}", said)

    async def _refuse(
        self, case: OpenCase, person: Person, prompt: Prompt, *, verb: str, reason: Reason
    ) -> Result:
        """Refused, and on record once a person and card: anybody in the room can press all day."""
        doors = self._doors
        nonce = hashlib.sha256(f"{person.id}/{prompt.key}/{verb}".encode()).hexdigest()
        expires = await doors.clock.now() + _ONE_REFUSAL_EACH
        if await doors.store.sessions.spend(nonce, kind="slack-refused", expires_at=expires):
            await refuse_at_door(doors, case.row, person=person.id, verb=verb, reason=reason)
        return Result(f"refused: {reason.value}", REASONS[reason])

    async def _act(
        self,
        case: OpenCase,
        person: Person,
        body: ActBody,
        *,
        role: str,
        binding: RoundBinding | None,
        act_id: str,
    ) -> Result:
        doors = self._doors
        at = await doors.clock.now()
        # A chat proves a log-in and no more (L1), and lends no session to anything else.
        session = Session(
            person=person.id, assurance=Assurance.L1, created_at=at, expires_at=at, csrf=""
        )
        try:
            answered = await act(
                doors,
                session=session,
                case=case.row,
                body=body,
                role=role,
                binding=binding,
                door=Door.SLACK,
                act_id=act_id,
            )
        except ActRefusedError as refused:
            return Result(f"refused: {refused.reason.value}", REASONS[refused.reason])
        except ActIdTakenError:
            return Result("refused: sent before with other words", SLACK_CARD_UNKNOWN)
        doors.chat_due.set()
        return _answer(answered)


def _answer(answered: Answered) -> Result:
    receipt = answered.receipt
    if receipt is not None and receipt.first is not None:
        receipt = receipt.first
    if receipt is None:
        signed = (
            f"Recorded at {answered.signed_at:%H:%M:%S} UTC. "
            f"{recorded(waits_for_log=answered.waits_for_log)}"
        )
        return Result("recorded", Wording(signed, "You can close this."), title="Recorded")
    title = "Done" if receipt.accepted else "Not done"
    return Result(receipt.outcome.value, of_receipt(receipt), title=title)


def _binding(allowed: Allowed, case: OpenCase) -> RoundBinding | None:
    written = binding_of(allowed, case)
    return RoundBinding.model_validate_json(written) if written else None


def _asked(allowed: Allowed, case: OpenCase) -> str:
    """Stands for exactly what was asked when the form was shown; says nothing of it."""
    return hashlib.sha256(binding_of(allowed, case).encode()).hexdigest()[:32]


def _needs_reason(case: OpenCase, prompt: Prompt, verdict: Verdict) -> bool:
    rule = case.rule(prompt.stage or "")
    if verdict is Verdict.MORE_INFORMATION:
        return True
    return verdict is Verdict.REJECT and rule is not None and rule.reject_reason


def _private(sent: Form) -> dict[str, str]:
    try:
        read = json.loads(sent.private)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(read, dict):
        return {}
    return {name: value for name, value in read.items() if isinstance(value, str)}
