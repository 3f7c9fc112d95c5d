"""From a form to a receipt: the confirm screen first, then the act; one way for all pages."""

import uuid

from starlette.responses import Response

from cases.acts import BOUND_VERBS, DECIDED_VERBS, ActBody, Decide
from cases.acts_at_gates import BreakGlass
from cases.envelope import Door, RoundBinding
from cases.gate import RoundState
from cases.handlers.correcting import GLASS_NEEDS
from cases.receipts import Outcome, Reason
from gateway.acting import ActIdTakenError, ActRefusedError, Answered, act, assurance_of
from gateway.casework import OpenCase
from gateway.confirming import act_in_words, act_lines, shown_round
from gateway.forms import BODY, binding_from, body_from
from gateway.migrations import migration_lines
from gateway.pages.proving import Proving
from gateway.raw import BadFormError
from gateway.web import Viewer, Web
from gateway.wording import (
    BAD_FORM,
    LINK_DECIDED,
    LINK_SUPERSEDED,
    REASONS,
    Wording,
    of_receipt,
    recorded,
)
from runbooks.plan import Assurance

STATUS = {
    Outcome.ACCEPTED: 200,
    Outcome.DUPLICATE: 200,
    Outcome.SUPERSEDED: 409,
    Outcome.TOO_LATE: 409,
    Outcome.ALREADY_DECIDED: 409,
    Outcome.NOT_YOURS: 403,
    Outcome.REFUSED: 422,
}
_LEVELS = (Assurance.L0, Assurance.L1, Assurance.L2, Assurance.L3)


class ActPages:
    """Takes the fields of an act's form, wherever the form stood."""

    def __init__(self, web: Web, proving: Proving) -> None:
        self._web = web
        self._proving = proving

    async def take(
        self,
        fields: dict[str, str],
        *,
        viewer: Viewer,
        case: OpenCase,
        door: Door,
        action: str,
    ) -> Response:
        """The confirm screen, the page for the second factor, or the answer to the act.

        `action` is where the form is posted to, at every step.
        """
        show = await self._web.show(viewer, case=case.row.id)
        back = f"/cases/{case.row.number}"
        try:
            body = body_from(fields, show)
            binding = binding_from(fields)
        except BadFormError as error:
            return self._web.problem(
                BAD_FORM,
                viewer=viewer,
                status=422,
                detail=f"Field: {error.field}" if error.field else "",
                onward=back,
                onward_label="Back to the case",
            )
        act_id = fields.get("act_id", "")
        if fields.get("step") == "act" and act_id:
            return await self._act(
                fields, viewer=viewer, case=case, door=door, body=body, binding=binding
            )
        stale = self._stale(body, binding, case)
        if stale is not None:
            return self._web.problem(
                stale, viewer=viewer, status=409, onward=back, onward_label="Open the case"
            )
        if _own_key(body, case):
            return self._web.problem(
                REASONS[Reason.NOT_SIGNED_BY_PERSON],
                viewer=viewer,
                status=403,
                heading="Sign it with your own key",
                detail="This page cannot ask your key. A console that can, or a program of yours, "
                f"signs it through POST /api/cases/{case.row.number}/acts/options.",
                onward="/passkeys",
                onward_label="Your own keys",
            )
        level = await assurance_of(self._web.doors, viewer.session)
        if not _proved(body, case, level):
            return await self._step_up(fields, viewer=viewer, action=action)
        round_ = None
        if binding is not None:
            round_ = shown_round(case, binding.gate, show, verb=body.verb)
        return self._web.page(
            "confirm.html",
            viewer=viewer,
            what=act_in_words(body, case),
            number=case.row.number,
            lines=[
                line for line in act_lines(body, case, show) if line[0] not in ("Gate", "Verdict")
            ],
            changes=await migration_lines(self._web.doors, case, body, show),
            round=round_,
            action=action,
            action_back=action if action.startswith("/a/") else back,
            verb=body.verb,
            act_id=str(uuid.uuid4()),
            shadow=case.state.shadow,
            role=fields.get("role", ""),
            acting_for=fields.get("acting_for", ""),
            binding=binding.model_dump_json() if binding is not None else "",
            body=BODY.dump_json(body).decode(),
            assurance=level.value,
            as_of=show.clock(case.as_of),
        )

    async def _act(
        self,
        fields: dict[str, str],
        *,
        viewer: Viewer,
        case: OpenCase,
        door: Door,
        body: ActBody,
        binding: RoundBinding | None,
    ) -> Response:
        web = self._web
        back = f"/cases/{case.row.number}"
        try:
            answered = await act(
                web.doors,
                session=viewer.session,
                case=case.row,
                body=body,
                role=fields.get("role", ""),
                binding=binding,
                door=door,
                act_id=fields["act_id"],
                acting_for=fields.get("acting_for", ""),
            )
        except ActRefusedError as refused:
            return web.problem(
                REASONS[refused.reason],
                viewer=viewer,
                status=403 if refused.reason is Reason.ROLE else 422,
                detail=refused.detail,
                onward=back,
                onward_label="Back to the case",
            )
        except ActIdTakenError:
            return web.outdated(viewer)
        return await self._answer(answered, viewer=viewer, case=case, what=act_in_words(body, case))

    async def _answer(
        self, answered: Answered, *, viewer: Viewer, case: OpenCase, what: str
    ) -> Response:
        web = self._web
        show = await web.show(viewer, case=case.row.id)
        receipt = answered.receipt
        if receipt is not None and receipt.first is not None:
            receipt = receipt.first
        if receipt is None:
            heading, status = f"Recorded at {show.clock(answered.signed_at)}", 202
            told = recorded(waits_for_log=answered.waits_for_log)
            says, mend, detail = f"{heading}. {told}", "You can close this page.", ""
        else:
            wording = of_receipt(receipt)
            heading = "Done" if receipt.accepted else "Not done"
            says, mend, status = wording.says, wording.mend, STATUS[receipt.outcome]
            detail = receipt.detail
        return web.page(
            "done.html",
            viewer=viewer,
            status=status,
            heading=heading,
            says=says,
            mend=mend,
            detail=detail,
            what=what,
            show=show,
            signed_at=answered.signed_at,
            applied_at=receipt.applied_at if receipt is not None else None,
            act_id=answered.act_id,
            case_url=f"/cases/{answered.number}",
            number=answered.number,
        )

    async def _step_up(self, fields: dict[str, str], *, viewer: Viewer, action: str) -> Response:
        carried = {name: value for name, value in fields.items() if name not in ("code", "next")}
        carried["step"] = "confirm"
        return await self._proving.page(viewer, onward=action, carried=list(carried.items()))

    def _stale(self, body: ActBody, binding: RoundBinding | None, case: OpenCase) -> Wording | None:
        # The confirm screen shows today's facts, so it must not stand over yesterday's binding.
        if body.verb not in BOUND_VERBS:
            return None
        if binding is None:
            return BAD_FORM
        round_ = case.round_for(body.verb, binding.gate)
        if round_ is not None and round_.nonce == binding.nonce:
            return None
        if body.verb in DECIDED_VERBS:
            return LINK_SUPERSEDED
        newest = case.state.round_of(binding.gate)
        decided = (
            newest is not None
            and newest.nonce == binding.nonce
            and newest.state is not RoundState.SUPERSEDED
        )
        return LINK_DECIDED if decided else LINK_SUPERSEDED


def _own_key(body: ActBody, case: OpenCase) -> bool:
    """Whether the verdict counts only with the person's own signature."""
    rule = case.rule(body.gate) if isinstance(body, Decide) else None
    return rule is not None and rule.assurance is Assurance.L3


def _proved(body: ActBody, case: OpenCase, level: Assurance) -> bool:
    if not isinstance(body, Decide | BreakGlass):
        return True
    rule = case.rule(body.gate)
    if rule is None:
        return True
    needed = _LEVELS.index(rule.assurance)
    if isinstance(body, BreakGlass):
        needed = max(needed, _LEVELS.index(GLASS_NEEDS))
    return _LEVELS.index(level) >= needed
