"""What each act does to a case: one function a verb, all of one shape."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from cases.envelope import Act
from cases.file import CaseFile
from cases.handlers import (
    approval,
    claiming,
    commenting,
    correcting,
    ending,
    handing_over,
    joining,
    linking,
    merging,
    migrating,
    running,
    settling,
    tasks,
    watching,
    working,
)


class Handler(Protocol):
    """Applies an authentic act to the case, or raises Refusal and leaves the case as it was."""

    def __call__(
        self, file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime
    ) -> None:
        """The act has taken effect."""
        ...


HANDLERS: Mapping[str, Handler] = {
    "answer": working.answer,
    "complete": working.complete,
    "reply": working.reply,
    "memo": working.memo,
    "evidence": working.evidence,
    "call-back": settling.call_back,
    "receipt": settling.receipt,
    "observe": watching.observe,
    "roll-back": watching.roll_back,
    "decide": approval.decide,
    "dissent": approval.dissent,
    "withdraw": approval.withdraw,
    "revoke": correcting.revoke,
    "break-glass": correcting.break_glass,
    "comment": commenting.comment,
    "task": tasks.set_task,
    "hand-on": tasks.hand_on,
    "finish": tasks.finish,
    "acknowledge": running.acknowledge,
    "claim": claiming.claim,
    "assign": running.assign,
    "hand-over": handing_over.offer,
    "accept": handing_over.accept,
    "hold": running.hold,
    "resume": running.resume,
    "severity": running.severity,
    "raise": running.raise_,
    "move": ending.move,
    "migrate": migrating.migrate,
    "attach": ending.attach,
    "split": joining.split,
    "link": linking.link,
    "merge": merging.merge,
    "close": ending.close,
    "cancel": ending.cancel,
}
