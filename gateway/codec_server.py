"""The codec server of Temporal's Web UI and command line: `POST /codec/decode`, and no encode.

Temporal's protocol is a JSON list of payloads in and out, with the namespace in `X-Namespace`. Its
samples open whatever is sent to them. Here each payload is opened only for somebody who may see its
case, which the payload's own key names and its associated data prove; every reading is an entry in
the case's record before the answer leaves. Nothing is ever encoded: what Temporal's own clients
send decides nothing (I4), and a payload of ours that a person could make would only look as if.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from cases.journal import Kind
from gateway.acting import assurance_of
from gateway.bearer import NOT_LOGGED_IN, logged_in, problem
from gateway.casework import open_case
from gateway.codec_access import Reader, codec_token, reader_of
from gateway.doors import CodecParts, Doors
from gateway.raw import read_body
from gateway.web import Viewer
from gateway.wording import Wording
from integrations.wire import read_json
from runbooks.plan import Assurance
from workflows.converter import ENCODING as SEALED
from workflows.converter import FORMER, KEY_ID, Codec
from workflows.refused import REFUSED

log = structlog.get_logger(__name__)

MOST_PAYLOADS = 500
MAX_BODY = 2 * 1024 * 1024
_MINUTE = timedelta(minutes=1)

NO_ENCODE = Wording(
    "Nothing is encoded here.",
    "Act on a case through its page or `escalate case`: what Temporal's own clients send is "
    "refused by the case.",
)
NO_DECODE_RIGHT = Wording(
    "Your roles do not include reading encrypted payloads.",
    "Read the case on its page; ask who runs escalate if Temporal's pages must show more.",
)
FOREIGN_CODEC_ORIGIN = Wording(
    "This page may not ask the codec server.", "Name its exact origin in ESCALATE_CODEC__ORIGINS."
)
OTHER_NAMESPACE = Wording(
    "This codec server is for another namespace.", "Compare X-Namespace with `escalate engine`."
)
TOO_MANY_PAYLOADS = Wording(
    "That is more than may be read at once.", "Wait a minute, and look at fewer events."
)
BAD_PAYLOADS = Wording(
    "The request is not a list of Temporal's payloads.",
    "Compare Temporal's version with what escalate supports.",
)
CODEC_SECOND_FACTOR = Wording(
    "A token for decoding is given only after a fresh second factor.",
    "escalate login --second-factor, then again.",
)

CODEC_WORDS: dict[str, Wording] = {
    "no-encode": NO_ENCODE,
    "no-decode-right": NO_DECODE_RIGHT,
    "codec-origin": FOREIGN_CODEC_ORIGIN,
    "other-namespace": OTHER_NAMESPACE,
    "too-many-payloads": TOO_MANY_PAYLOADS,
    "bad-payloads": BAD_PAYLOADS,
    "codec-second-factor": CODEC_SECOND_FACTOR,
}
"""By the name that `docs/errors.md` and the API give."""


@dataclass
class _Reading:
    """What of one case is asked for in one request."""

    places: list[int] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)
    opened: int = 0


class CodecServer:
    """The addresses under `/codec/`."""

    def __init__(self, doors: Doors, parts: CodecParts) -> None:
        self._doors = doors
        self._parts = parts
        self._taken: dict[str, tuple[datetime, int]] = {}

    def routes(self) -> list[Route]:
        """Every address; the CLI may put the namespace into the path."""
        both = ["POST", "OPTIONS"]
        return [
            Route("/codec/decode", self.decode, methods=both),
            Route("/codec/{namespace:str}/decode", self.decode, methods=both),
            Route("/codec/encode", self.encode, methods=both),
            Route("/codec/{namespace:str}/encode", self.encode, methods=both),
            Route("/api/codec/token", logged_in(self._doors, self.token), methods=["POST"]),
        ]

    async def token(self, request: Request, viewer: Viewer) -> Response:
        """A token that only decodes, for whoever has the right to."""
        del request
        if not viewer.roles & self._parts.roles:
            return problem(403, "no-decode-right", NO_DECODE_RIGHT)
        if await assurance_of(self._doors, viewer.session) is Assurance.L1:
            return problem(403, "codec-second-factor", CODEC_SECOND_FACTOR)
        new = await codec_token(
            self._doors,
            viewer,
            at=await self._doors.clock.now(),
            lifetime=self._parts.token_lifetime,
        )
        expires = new.session.expires_at.isoformat()
        return JSONResponse({"token": new.token, "expires_at": expires}, status_code=201)

    async def encode(self, request: Request) -> Response:
        """Never."""
        if not self._welcome(request):
            return problem(403, "codec-origin", FOREIGN_CODEC_ORIGIN)
        if request.method == "OPTIONS":
            return self._dressed(request, Response(status_code=204))
        return self._dressed(request, problem(403, "no-encode", NO_ENCODE))

    async def decode(self, request: Request) -> Response:
        """The payloads, each opened if the person may see its case, else as it was sent."""
        if not self._welcome(request):
            return problem(403, "codec-origin", FOREIGN_CODEC_ORIGIN)
        if request.method == "OPTIONS":
            return self._dressed(request, Response(status_code=204))
        return self._dressed(request, await self._decoded(request))

    async def _decoded(self, request: Request) -> Response:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        bearer = token if kind.lower() == "bearer" else ""
        reader = await reader_of(self._doors, self._parts, bearer)
        if reader is None:
            return problem(401, "wrong-log-in", NOT_LOGGED_IN)
        if not reader.roles & self._parts.roles:
            return problem(403, "no-decode-right", NO_DECODE_RIGHT)
        named = request.path_params.get("namespace") or request.headers.get("x-namespace")
        if named != self._parts.namespace:
            return problem(403, "other-namespace", OTHER_NAMESPACE)
        payloads = payloads_in(await read_body(request, limit=MAX_BODY))
        if payloads is None:
            return problem(400, "bad-payloads", BAD_PAYLOADS)
        at = await self._doors.clock.now()
        if len(payloads) > MOST_PAYLOADS or not self._within(reader, len(payloads), at=at):
            refused = problem(429, "too-many-payloads", TOO_MANY_PAYLOADS)
            refused.headers["Retry-After"] = str(int(_MINUTE.total_seconds()))
            return refused
        return JSONResponse(
            {"payloads": [written(each) for each in await self._opened(reader, payloads)]}
        )

    async def _opened(self, reader: Reader, payloads: Sequence[Payload]) -> list[Payload]:
        answer = [_marked(each) for each in payloads]
        readings: dict[str, _Reading] = {}
        for place, payload in enumerate(payloads):
            if payload.metadata.get("encoding") not in (SEALED, FORMER):
                continue
            key_id = payload.metadata.get(KEY_ID, b"").decode("ascii", "replace")
            case = await self._doors.store.vault.case_of_key(key_id)
            if case is None:
                answer[place] = _said("no case here has this key")
                continue
            reading = readings.setdefault(case, _Reading())
            reading.places.append(place)
            reading.digest.update(hashlib.sha256(payload.data).digest())
        for case, reading in readings.items():
            if await self._may_read(reader, case):
                for place in reading.places:
                    answer[place] = await self._open(case, payloads[place])
                    reading.opened += answer[place].metadata.get("encoding") != b"json/plain"
                kind = Kind.DOOR_PAYLOADS_OPENED
            else:
                # Still sealed: what a person may not read they get back as they sent it.
                for place in reading.places:
                    answer[place] = payloads[place]
                kind = Kind.DOOR_PAYLOADS_REFUSED
            await self._doors.store.journal.append_door(
                case,
                kind,
                at=await self._doors.clock.now(case),
                who=reader.id,
                by=reader.by,
                count=len(reading.places),
                digest=reading.digest.hexdigest(),
            )
            log.info("payloads asked for", kind=kind.value, count=len(reading.places))
        return answer

    async def _may_read(self, reader: Reader, case: str) -> bool:
        """Whether the person may see the case, and no vote in it is hidden from them still."""
        view = await self._doors.store.views.get(case)
        if view is None:
            return False
        seen = await open_case(self._doors, view, person=reader.id, roles=reader.roles)
        return seen is not None and not seen.hidden

    async def _open(self, case: str, payload: Payload) -> Payload:
        """The payload, opened for the case or for what it owes: the associated data says which."""
        owed = await self._doors.store.obligations.by_case(case)
        for workflow in (case, *(row.workflow_id for row in owed)):
            codec = Codec(self._parts.keyring).with_context(
                WorkflowSerializationContext(namespace=self._parts.namespace, workflow_id=workflow)
            )
            (opened,) = await codec.decode([payload])
            if opened.metadata.get("encoding") != REFUSED:
                return opened
        return _said("does not open: altered, or of another namespace")

    def _within(self, reader: Reader, count: int, *, at: datetime) -> bool:
        since, taken = self._taken.get(reader.id, (at, 0))
        if not since <= at < since + _MINUTE:
            since, taken = at, 0
        self._taken = {name: held for name, held in self._taken.items() if at < held[0] + _MINUTE}
        self._taken[reader.id] = (since, taken + count)
        return taken + count <= self._parts.per_minute

    def _welcome(self, request: Request) -> bool:
        """A browser's page must be named exactly; a program sends no origin."""
        origin = request.headers.get("origin")
        return origin is None or origin in self._parts.origins

    def _dressed(self, request: Request, response: Response) -> Response:
        origin = request.headers.get("origin")
        response.headers["Vary"] = "Origin"
        if origin in self._parts.origins:
            response.headers["Access-Control-Allow-Origin"] = origin or ""
            response.headers["Access-Control-Allow-Methods"] = "POST"
            response.headers["Access-Control-Allow-Headers"] = (
                "authorization, content-type, x-namespace"
            )
            response.headers["Access-Control-Max-Age"] = "600"
        return response


def payloads_in(body: bytes) -> list[Payload] | None:
    """The payloads of a request, strictly read; None when it is anything else."""
    listed = read_json(body).get("payloads")
    if not isinstance(listed, list):
        return None
    found = [_payload(each) for each in listed]
    return None if None in found else [each for each in found if each is not None]


def written(payload: Payload) -> dict[str, Any]:
    """The payload as Temporal's protocol writes it: every byte string in base64."""
    return {
        "metadata": {name: _text(value) for name, value in payload.metadata.items()},
        "data": _text(payload.data),
    }


def _payload(value: object) -> Payload | None:
    if not isinstance(value, dict) or value.keys() - {"metadata", "data", "externalPayloads"}:
        return None
    metadata = value.get("metadata", {})
    if not isinstance(metadata, dict):
        return None
    try:
        return Payload(
            metadata={str(name): _bytes(each) for name, each in metadata.items()},
            data=_bytes(value.get("data", "")),
        )
    except (binascii.Error, ValueError, TypeError):
        return None


def _bytes(value: object) -> bytes:
    if not isinstance(value, str):
        raise TypeError("not base64")
    return base64.b64decode(value, validate=True)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _marked(payload: Payload) -> Payload:
    """What stands in the place of something that no case of ours sealed."""
    del payload
    return _said("not encrypted by escalate: nothing of it counts")


def _said(why: str) -> Payload:
    return Payload(
        metadata={"encoding": b"json/plain"}, data=json.dumps({"escalate": why}).encode()
    )
