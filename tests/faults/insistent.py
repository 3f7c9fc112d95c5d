"""People who say everything again until a door answers, whichever process lives long enough.

For tests that kill gateways while cases run: what is said has one id, so hearing it twice is one
thing, and what was in vain is told with the last answer.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from cases.state import CasePicture
from store import Store
from tests.faults.place import Place
from tests.faults.weather import Lived

LOOK = 0.25
"""Seconds between two looks of one person, where there are few cases: many look more seldom."""
PATIENCE = 1800.0
"""Seconds until a case is given up: far beyond what any trouble lasts."""
_HEARD = ("accepted", "recorded", "duplicate")

Found = TypeVar("Found")


@dataclass(kw_only=True)
class Insistent:
    """The installation, and what its people do there."""

    place: Place
    sent: int = 0
    """Webhooks, every try counted."""
    unheard: dict[str, str] = field(default_factory=dict)
    """What was asked → the last answer that was none."""
    look: float = LOOK

    @property
    def store(self) -> Store:
        """Where one can look."""
        return self.place.house.store

    async def delivered(self, body: bytes, headers: Mapping[str, str]) -> str:
        """The number of the case that the report belongs to."""

        async def send() -> str | None:
            self.sent += 1
            answer = await self.place.deliver(body, headers)
            return str(answer.json()["case"]) if answer.status_code in (200, 202) else None

        return await self.until(send, what="a report to be taken")

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        """The webhook was taken, by whichever gateway process lives long enough."""

        async def send() -> bool:
            self.sent += 1
            answer = await self.place.http.post(path, content=body, headers=dict(headers))
            return answer.is_success

        await self.until(send, what=f"{path} to be taken")

    async def act(self, case: Lived, person: str, **body: Any) -> None:
        """The act was answered; until then it is sent again and again under its own id."""
        content: dict[str, Any] = {"act_id": str(uuid.uuid4()), "body": body}
        if body["verb"] == "decide":
            path = f"/api/cases/{case.number}/rounds/{body['gate']}"
            content["binding"] = (await self.asked(person, "GET", path))["binding"]
        heard = await self.asked(person, "POST", f"/api/cases/{case.number}/acts", content)
        assert heard["outcome"] in _HEARD, heard
        case.acts.append(heard["act_id"])

    async def asked(self, person: str, method: str, path: str, content: Any = None) -> Any:
        """The door's answer, from whichever gateway process lives long enough to give it."""
        what = f"an answer of {method} {path} to {person}"

        async def ask() -> Any:
            token = await self.place.token(person)
            answer = await self.place.http.request(
                method, path, json=content, headers={"authorization": f"Bearer {token}"}
            )
            # 404 and 409: what the person saw in the store has not reached the page's own look.
            if answer.is_success:
                return answer.json()
            self.unheard[what] = f"{answer.status_code} {answer.text[:300]}"
            return None

        return await self.until(ask, what=what)

    async def at(self, case: Lived, **wanted: str) -> None:
        """The case's line says that."""

        async def there() -> bool:
            view = await self.place.view(case.number)
            return view is not None and all(
                getattr(view.line, name) == value for name, value in wanted.items()
            )

        await self.until(there, what=f"case {case.number} at {wanted}")

    async def asks(self, case: Lived, gate: str) -> None:
        """The gate has an open round."""

        async def there() -> bool:
            rounds = await self.store.rounds.of(case.id)
            return any(each.gate == gate and each.open for each in rounds)

        await self.until(there, what=f"case {case.number} to ask at {gate}")

    async def manual(self, case: Lived) -> str:
        """The key of the effect that a person has to carry out."""

        async def there() -> str | None:
            view = await self.place.view(case.number)
            effects = CasePicture.of(view.state).effects if view is not None else []
            return next((each.key for each in effects if each.state == "manual"), None)

        return await self.until(there, what=f"the action of case {case.number}")

    async def until(
        self,
        look: Callable[[], Awaitable[Found | None]],
        *,
        what: str,
        seconds: float = PATIENCE,
    ) -> Found:
        """What `look` finds; AssertionError says what was waited for in vain."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        found = await look()
                    except httpx.HTTPError:
                        # No gateway at this moment.
                        found = None
                    if found:
                        return found
                    await asyncio.sleep(self.look)
        except TimeoutError as error:
            heard = self.unheard.get(what, "")
            raise AssertionError(f"waited in vain for {what} {heard}") from error
