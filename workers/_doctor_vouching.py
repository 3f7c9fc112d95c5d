"""Who vouches for the log: the policy, the certificates, the keyring, and who answers."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta

import httpx

from audit.log.errors import LogError
from audit.log.keyring_note import FILE, Role, door_key, read_keyring
from audit.log.timestamp import (
    LONGEST_TOKEN,
    QUERY_TYPE,
    query,
    read_token,
    verify_token,
)
from gateway.errors import GatewayError
from gateway.log_key import log_key_in
from gateway.signer import DOOR_FILE, ROOT_FILE, load_or_create_keys
from gateway.small_answers import post
from gateway.watching.vouching import unvouched
from store import Store
from workers._doctor_check import Check, fail, fine, warn
from workers.errors import NotSetUpError
from workers.settings import Settings
from workers.vouching import freshness, keyring_note_of, policy_of, roots_of

_PROBE = b"escalate doctor: whether time stamps come\n"
_SKEW = timedelta(minutes=5)


def vouching(settings: Settings, *, at: datetime) -> Iterator[Check]:
    """What the files say, without asking anybody."""
    try:
        policy, key = policy_of(settings), log_key_in(settings.keys)
        if policy is not None:
            if policy.logs and key is not None and key not in policy.logs:
                yield fail(
                    "witness-policy",
                    "the policy lists logs, and not this one",
                    mend="Add `log` and what `escalate keys public` prints under log.",
                )
            else:
                yield fine("witness-policy", f"{len(policy.witnesses)} witnesses are named")
        roots = roots_of(settings)
        if roots is not None:
            yield fine("tsa-roots", f"{len(roots.certificates)} certificates are believed")
        elif settings.tsa.url is not None:
            yield warn(
                "tsa-roots",
                "time stamps are kept as they come: nobody says whose are believed",
                mend="Set ESCALATE_TSA__ROOTS_FILE to the authority's root certificates.",
            )
    except (NotSetUpError, GatewayError) as error:
        yield fail("witness-policy", str(error), mend=error.mend)
    yield from _keyring(settings, at=at)


def _keyring(settings: Settings, *, at: datetime) -> Iterator[Check]:
    data = keyring_note_of(settings)
    if not data or not all((settings.keys / name).is_file() for name in (ROOT_FILE, DOOR_FILE)):
        return
    mend = "Sign a new one where the root key is: `escalate keys sign-keyring`."
    try:
        signer = load_or_create_keys(settings.keys)
        note = read_keyring(data, root=signer.root_public)
        log = log_key_in(settings.keys)
    except (LogError, GatewayError) as error:
        yield fail(FILE, f"does not hold: {error}", mend=mend)
        return
    public = signer.door.public_key().public_bytes_raw()
    wanted = [(Role.DOOR, door_key(public, key_id=signer.key_id))]
    wanted += [(Role.LOG, str(log))] if log is not None else []
    for role, key in wanted:
        listed = note.find(role, key)
        fault = "is not listed" if listed is None else listed.fault_at(at)
        if fault:
            yield fail(FILE, f"the {role} key in use {fault}", mend=mend)
            return
    yield fine(FILE, f"number {note.number} lists {len(note.keys)} keys, those in use among them")


async def fresh(settings: Settings, store: Store, *, at: datetime) -> AsyncIterator[Check]:
    """What nobody outside has vouched for in time."""
    try:
        rules = freshness(settings)
    except NotSetUpError:
        # Said where the files are looked at.
        return
    for found in await unvouched(store, rules, at=at):
        yield warn(found.kind.removeprefix("watch-"), found.text, mend=found.mend)


async def live_vouching(
    settings: Settings, http: httpx.AsyncClient, *, at: datetime
) -> AsyncIterator[Check]:
    """Every witness answers, and the authority stamps as we believe it."""
    try:
        policy, roots = policy_of(settings), roots_of(settings)
    except NotSetUpError:
        # Said where the files are looked at.
        return
    for witness in policy.witnesses if policy is not None else ():
        if not witness.url:
            continue
        name = f"live witness {witness.title}"
        url = f"{witness.url.rstrip('/')}/add-checkpoint"
        mend = "Ask who runs it; checkpoints go on without it, and exports say INCOMPLETE."
        try:
            # Nothing that could be cosigned: whoever answers at all says what is wrong with it.
            answer = await http.post(url, content=b"\n")
        except httpx.HTTPError as error:
            yield fail(name, f"does not answer: {type(error).__name__}", mend=mend)
            continue
        if answer.is_client_error and answer.status_code != httpx.codes.METHOD_NOT_ALLOWED:
            yield fine(name, "answers")
        else:
            yield fail(name, f"answered {answer.status_code}, and is no witness", mend=mend)
    if settings.tsa.url is None:
        return
    mend = "Check ESCALATE_TSA__URL and ESCALATE_TSA__ROOTS_FILE with who runs the authority."
    asked = query(_PROBE)
    try:
        token = await post(
            http,
            str(settings.tsa.url),
            content=asked.data,
            media_type=QUERY_TYPE,
            within=settings.tsa.timeout,
            longest=LONGEST_TOKEN,
        )
        stamped = (
            read_token(token.body, _PROBE, nonce=asked.nonce)
            if roots is None
            else verify_token(token.body, _PROBE, roots=roots, nonce=asked.nonce)
        )
    except (GatewayError, LogError) as error:
        yield fail("live tsa", f"gives no time stamp that holds: {error}", mend=mend)
        return
    if abs(stamped.at - at) > _SKEW:
        yield fail("live tsa", "its clock and ours are minutes apart", mend=mend)
    else:
        yield fine("live tsa", "gives time stamps that hold")
