"""Whether people can be told: channels that are out, limits that are hit, what waits."""

from collections.abc import AsyncIterator

from store import Store
from store.paces import TO_PERSON
from workers._doctor_check import Check, fine, warn
from workers.settings import Settings

_OFTEN = 100


async def telling(settings: Settings, store: Store) -> AsyncIterator[Check]:
    """Every channel answers, and no limit is in the way."""
    out = await store.channels.out()
    for channel in out:
        yield warn(
            f"channel {channel.name}",
            f"out since {channel.out_since:%Y-%m-%d %H:%M} UTC ({channel.reason}); "
            f"{channel.passed_over} messages went another way",
            mend="Nothing is lost. `escalate doctor --live` asks it; it is used again by itself.",
        )
    if not out:
        yield fine("channels", "every channel that was used answers")
    hits = {name: count for name, count in (await store.paces.hits()).items() if count}
    often = sorted(
        "messages to one person" if name == TO_PERSON else name
        for name, count in hits.items()
        if count >= _OFTEN
    )
    if often:
        yield warn(
            "limits",
            f"messages wait again and again for: {', '.join(often)}",
            mend="Set ESCALATE_NOTICES__DIGEST, so that what is not pressing goes in company, or "
            "raise the limit if the vendor grants you more.",
        )
    else:
        total = sum(hits.values())
        yield fine("limits", f"{total} messages were held back by a limit" if total else "none hit")
    waiting = await store.digests.count()
    window = settings.notices.digest
    if waiting or window:
        yield fine("digests", f"{waiting} notices wait for company")
