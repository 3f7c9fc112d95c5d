"""What Slack posts when somebody presses a button or sends a form: is it Slack's, and what is it.

Signature: `v0=` + hex(HMAC-SHA256(secret, "v0:" + timestamp + ":" + raw body)), within 300 seconds
either way. A timestamp that is no integer is refused like a wrong one (Slack's own library raises).
"""

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from pydantic import Field, ValidationError

from cases.values import Value
from integrations.errors import RefusalReason, UnreadableBodyError, UnusableSecretError
from integrations.standard_webhooks import check_age
from integrations.wire import RawHeaders, one_header, read_json, refused

SIGNATURE = "X-Slack-Signature"
TIMESTAMP = "X-Slack-Request-Timestamp"
TOLERANCE = timedelta(seconds=300)

_TIMESTAMP = re.compile(r"0|[1-9][0-9]{0,9}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
_SHORTEST = 16


class SlackVerifier:
    """Believes requests that one of its secrets signed within five minutes."""

    def __init__(self, secrets: Sequence[str], *, tolerance: timedelta = TOLERANCE) -> None:
        if not secrets or any(len(secret) < _SHORTEST for secret in secrets):
            raise UnusableSecretError(
                f"a Slack signing secret is missing or shorter than {_SHORTEST} characters",
                mend="Copy it from the app's Basic Information page to "
                "ESCALATE_SLACK__SIGNING_SECRETS.",
            )
        self._secrets = list(secrets)
        self._tolerance = tolerance

    def verify(self, headers: RawHeaders, body: bytes, *, now: datetime) -> datetime:
        """When Slack sent it, or `WebhookRefusedError`."""
        seconds = one_header(headers, TIMESTAMP, longest=16)
        if not _TIMESTAMP.fullmatch(seconds):
            raise refused(RefusalReason.HEADER_MALFORMED, "the request's timestamp is malformed")
        given = one_header(headers, SIGNATURE, longest=128)
        if not _SIGNATURE.fullmatch(given):
            raise refused(RefusalReason.HEADER_MALFORMED, "the signature is malformed")
        matched = False
        for secret in self._secrets:
            expected = sign_slack(secret, seconds=seconds, body=body)
            matched |= hmac.compare_digest(expected.encode(), given.encode())
        if not matched:
            raise refused(RefusalReason.WRONG_SIGNATURE, "no signature matches")
        sent_at = datetime.fromtimestamp(int(seconds), tz=UTC)
        check_age(sent_at, now=now, oldest=self._tolerance, ahead=self._tolerance)
        return sent_at


def sign_slack(secret: str, *, seconds: str, body: bytes) -> str:
    """The signature Slack would send."""
    text = b"v0:" + seconds.encode() + b":" + body
    return "v0=" + hmac.digest(secret.encode(), text, "sha256").hex()


class Click(Value):
    """A button of ours was pressed."""

    team: str
    user: str
    room: str
    message: str
    action: str
    value: str = ""
    trigger: str
    answer_at: str = ""
    """Where an answer that only this person reads is posted."""
    key: str
    """The same for the same press, however often it is delivered."""


class Form(Value):
    """A form of ours was sent."""

    team: str
    user: str
    callback: str
    private: str
    text: str = Field(repr=False)
    key: str


class _User(Value):
    id: str
    team_id: str = ""


class _Team(Value):
    id: str


class _Container(Value):
    message_ts: str = ""
    channel_id: str = ""


class _Action(Value):
    action_id: str
    action_ts: str = ""
    value: str = ""


class _Pressed(Value):
    user: _User
    team: _Team
    container: _Container = _Container()
    trigger_id: str
    response_url: str = ""
    actions: tuple[_Action, ...] = Field(min_length=1)


class _Input(Value):
    value: str | None = None


class _State(Value):
    values: dict[str, dict[str, _Input]] = Field(default_factory=dict)


class _View(Value):
    id: str
    callback_id: str = ""
    private_metadata: str = ""
    state: _State = _State()


class _Sent(Value):
    user: _User
    team: _Team
    view: _View


def read_interaction(body: bytes) -> Click | Form | None:
    """What was pressed or sent; None for what is not for us. UnreadableBodyError for junk."""
    try:
        pairs = parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=20)
    except ValueError as error:
        raise UnreadableBodyError("the body is not a form") from error
    payloads = [value for name, value in pairs if name == "payload"]
    if len(payloads) != 1:
        raise UnreadableBodyError("the form has not one payload")
    try:
        content = read_json(payloads[0].encode())
    except UnicodeEncodeError as error:
        raise UnreadableBodyError("the payload cannot be stored") from error
    try:
        match content.get("type"):
            case "block_actions":
                return _click(_Pressed.model_validate(content))
            case "view_submission":
                return _form(_Sent.model_validate(content))
            case _:
                return None
    except ValidationError as error:
        raise UnreadableBodyError("the payload is not as Slack documents it") from error


def _click(pressed: _Pressed) -> Click:
    action = pressed.actions[0]
    place = (pressed.container.channel_id, pressed.container.message_ts)
    team = _team_of(pressed.user, pressed.team)
    return Click(
        team=team,
        user=pressed.user.id,
        room=place[0],
        message=place[1],
        action=action.action_id,
        value=action.value,
        trigger=pressed.trigger_id,
        answer_at=pressed.response_url,
        key=_digest(team, pressed.user.id, *place, action.action_id, action.action_ts),
    )


def _form(sent: _Sent) -> Form:
    view = sent.view
    inputs = [item for block in view.state.values.values() for item in block.values()]
    text = next((item.value for item in inputs if item.value), "")
    team = _team_of(sent.user, sent.team)
    return Form(
        team=team,
        user=sent.user.id,
        callback=view.callback_id,
        private=view.private_metadata,
        text=text.replace("\r\n", "\n").strip(),
        key=_digest(team, sent.user.id, view.id),
    )


def _team_of(user: _User, team: _Team) -> str:
    # In a shared channel the team is the channel's and the user's another: theirs is who they are.
    return user.team_id or team.id


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
