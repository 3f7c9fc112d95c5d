"""Whether others still vouch for the transparency log: witnesses, and an authority of time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.log.policy import Policy
from audit.log.vouched import witnessed_size
from gateway.watching.finding import Finding, FindingKind
from store import Store


@dataclass(frozen=True)
class Freshness:
    """How long an entry may be there without anybody outside vouching for it."""

    policy: Policy | None = None
    witnessed_within: timedelta = timedelta(minutes=15)
    stamped_within: timedelta | None = None
    """None: no authority of time is configured."""


async def unvouched(store: Store, fresh: Freshness, *, at: datetime) -> list[Finding]:
    """What nobody outside has vouched for in time; nothing while the log does not grow."""
    head = await store.log.head()
    if not head.checkpoint:
        return []
    found: list[Finding] = []
    if fresh.policy is not None and fresh.policy.asks:
        size = await witnessed_size(store, fresh.policy)
        since = await store.vouching.unvouched_since(size) if size < head.size else None
        if since is not None and since < at - fresh.witnessed_within:
            found.append(
                Finding(
                    kind=FindingKind.UNWITNESSED,
                    key="log",
                    text=f"no quorum of witnesses vouched for what was recorded since "
                    f"{since:%Y-%m-%d %H:%M:%S} UTC ({head.size - size} entries)",
                    mend="`escalate doctor --live` asks each witness; ask who runs it",
                )
            )
    if fresh.stamped_within is not None:
        standing = await store.vouching.standing()
        size = standing.stamped_size
        since = await store.vouching.unvouched_since(size) if size < head.size else None
        if since is not None and since < at - fresh.stamped_within:
            found.append(
                Finding(
                    kind=FindingKind.UNSTAMPED,
                    key="log",
                    text=f"nothing recorded since {since:%Y-%m-%d %H:%M:%S} UTC has a time stamp "
                    f"({head.size - size} entries)",
                    mend="`escalate doctor --live` asks the authority; a gateway has it stamped",
                )
            )
    return found
