"""The duty manager is told, by the channels themselves: no worker stands between."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from gateway.watching.finding import Finding, title_of
from integrations.errors import DirectoryError, VendorError
from integrations.ports.directory import Directory
from integrations.ports.messaging import Message, Messaging, message_id
from store import StoreError

log = structlog.get_logger(__name__)

DUTY_MANAGER = "duty-manager"
_MOST_LINES = 50


class Telling:
    """Knows who the duty managers are, and remembers it when the directory does not answer."""

    def __init__(
        self,
        channels: Sequence[Messaging],
        *,
        directory: Directory | None,
        address: str | None,
        mail_domain: str,
    ) -> None:
        self._channels = channels
        self._directory = directory
        self._address = address
        self._domain = mail_domain
        self._known: tuple[str, ...] = ()

    async def recipients(self) -> tuple[str, ...]:
        """The addresses of the duty managers: the directory's, the last known, or the setting's."""
        if self._directory is not None:
            try:
                holders = await self._directory.people_with(DUTY_MANAGER)
            except DirectoryError as error:
                log.warning("directory does not answer", error=type(error).__name__)
            else:
                self._known = tuple(person.email for person in holders)
        if self._known:
            return self._known
        return (self._address,) if self._address else ()

    async def found(self, kind: str, findings: Sequence[Finding], *, at: datetime) -> bool:
        """At least one duty manager has the mail about this kind."""
        lines = [f"- {each.text}\n  What to do: {each.mend}" for each in findings[:_MOST_LINES]]
        if len(findings) > _MOST_LINES:
            lines.append(f"- and {len(findings) - _MOST_LINES} more: `escalate doctor` lists all")
        number = f"{len(findings)} x " if len(findings) > 1 else ""
        return await self._send(
            subject=f"[escalate watch] {number}{title_of(kind)}",
            text="\n".join(
                [
                    f"escalate watch found at {at:%Y-%m-%d %H:%M:%S} UTC: {title_of(kind)}.",
                    "",
                    *lines,
                    "",
                    "You are told as duty manager. You hear of it again until it is over.",
                ]
            ),
            key=("watch", kind, at.isoformat()),
        )

    async def over(self, kind: str, texts: Sequence[str], *, at: datetime) -> bool:
        """At least one duty manager has the mail that this is over."""
        lines = [f"- {text}" for text in texts[:_MOST_LINES]]
        return await self._send(
            subject=f"[escalate watch] cleared: {title_of(kind)}",
            text="\n".join([f"Over since {at:%Y-%m-%d %H:%M:%S} UTC, or shortly before:", *lines]),
            key=("watch-over", kind, at.isoformat()),
        )

    async def _send(self, *, subject: str, text: str, key: tuple[str, ...]) -> bool:
        recipients = await self.recipients()
        if not recipients:
            log.error("nobody to tell", reason="no duty manager is known")
        reached = 0
        for recipient in recipients:
            message = Message(
                to=recipient,
                subject=subject,
                text=f"{text}\n",
                message_id=message_id(domain=self._domain, key=(*key, recipient)),
            )
            reached += await self._reach(message)
        return reached > 0

    async def _reach(self, message: Message) -> bool:
        for channel in self._channels:
            try:
                await channel.send(message)
            except (VendorError, StoreError) as error:
                # The next channel is tried; when none is left, the next look tries again.
                log.warning("duty manager not reached", error=type(error).__name__)
            else:
                return True
        return False
