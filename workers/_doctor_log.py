"""The transparency log: signed by the key that is pinned here, and not far behind."""

from datetime import datetime, timedelta

from audit.log.checkpoint import trusted_checkpoint
from audit.log.errors import LogError
from gateway.errors import KeysUnusableError
from gateway.log_key import LOG_FILE, log_key_in, log_keys_in
from store import Store
from workers._doctor_check import Check, fail, fine, warn
from workers.settings import Settings

NAME = "transparency-log"
_BEHIND = timedelta(seconds=45)
_HELD = timedelta(seconds=15)


async def transparency_log(settings: Settings, store: Store, *, at: datetime) -> Check:
    """How the log stands: its checkpoint, its key, and what waits for it."""
    head, behind = await store.log.head(), await store.log.backlog()
    try:
        key = log_key_in(settings.keys)
        if head.checkpoint and key is None:
            return fail(
                NAME,
                f"there is a log, and its key is not in {settings.keys}",
                mend=f"Restore {LOG_FILE} and its .vkey from the backup: a new key begins "
                "another log.",
            )
        if head.checkpoint and key is not None:
            trusted_checkpoint(head.checkpoint.encode(), log_keys_in(settings.keys))
    except (LogError, KeysUnusableError) as error:
        return fail(NAME, f"its checkpoint does not hold: {error}", mend=error.mend)
    pressing, spool = await store.log.pressing(), await store.log_spool.standing()
    if pressing.since is not None and pressing.since < at - _HELD:
        return fail(
            NAME,
            f"{pressing.acts} decisions and {pressing.effects} irreversible actions wait for it "
            f"since {pressing.since:%Y-%m-%d %H:%M} UTC",
            mend="`escalate doctor alarms` says what stops it. If they cannot wait, two people may "
            "go on without: `escalate log break-glass open`.",
        )
    if spool.waiting:
        return warn(
            NAME,
            f"{spool.waiting} lines of the spool are not in it yet",
            mend="They join it first when it can be written; keep the spool's file until then.",
        )
    if behind.oldest_at is not None and behind.oldest_at < at - _BEHIND:
        return warn(
            NAME,
            f"{behind.pending} entries wait for a checkpoint, the oldest since "
            f"{behind.oldest_at:%Y-%m-%d %H:%M} UTC",
            mend="A gateway writes the log: `escalate gateway`.",
        )
    if not head.checkpoint:
        return fine(NAME, "is empty: its first checkpoint comes with the first case")
    return fine(NAME, f"{head.size} leaves are under a checkpoint of {key.name if key else '?'}")
