"""What a test of the doors works with: a running gateway, and people who use it over HTTP."""

import asyncio
import json
import re
import ssl
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pyotp

from activities import Outside
from gateway.doors import Doors, DoorSettings, People, ProviderDoor, SlackDoorParts, Tracker
from gateway.faults import FaultSeam, no_faults
from gateway.log_key import load_or_create_log_key, load_or_create_spool
from gateway.serve import listen, run_gateway
from gateway.shelf import Shelf
from gateway.signer import load_or_create_keys
from gateway.vouching import Stamping, Witnessing
from integrations.authenticators import Authenticators
from integrations.cedar import shipped
from integrations.file_directory import DEMO_FILE, FileDirectory
from integrations.people_file import Account, read_people
from integrations.ports.access import Access
from integrations.ports.on_call import OnCallDirectory
from integrations.ports.paging import Paging
from integrations.standard_webhooks import sign_standard
from integrations.zendesk_webhook import sign_zendesk
from store import CaseView, Store
from tests.gateway.engine import InProcessEngine
from workers.processes import release_library

STANDARD = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="
ZENDESK = "a zendesk secret of a test"
JIRA = "a jira webhook secret"
CANARY = "canary-4711 words of a report"
TLS = ssl.create_default_context()
"""Made once: nobody here speaks TLS, and a client that makes its own takes longer than it asks."""


@cache
def _accounts() -> tuple[Account, ...]:
    return read_people(DEMO_FILE.read_bytes(), file="demo")


class MovableClock:
    """The wall clock, moved by as much as the test says."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    async def now(self, case: str | None = None) -> datetime:
        """The instant of the wall, moved."""
        return datetime.now(UTC) + self.ahead


@dataclass
class Form:
    """A form found on a page."""

    action: str
    fields: dict[str, str]
    buttons: list[tuple[str, str]]


@dataclass
class Page:
    """An answer, as a person without scripts reads it."""

    response: httpx.Response

    @property
    def status(self) -> int:
        """The status code."""
        return self.response.status_code

    @property
    def text(self) -> str:
        """What is written on it."""
        plain = re.sub(r"<[^>]+>", " ", self.response.text)
        return re.sub(r"\s+", " ", unescape(plain))

    def forms(self) -> list[Form]:
        """Every form with its prefilled fields."""
        found = re.findall(r"<form.*?</form>", self.response.text, re.DOTALL)
        return [_form(part) for part in found]

    def form(self, verb: str, **fields: str) -> Form:
        """The form of that act."""
        wanted = {"verb": verb, **fields}
        for form in self.forms():
            if all(form.fields.get(name) == value for name, value in wanted.items()):
                return form
        raise AssertionError(f"no form for {wanted} on the page")


@dataclass
class Browser:
    """One person's browser."""

    world: "World"
    person: str
    http: httpx.AsyncClient

    async def get(self, path: str) -> Page:
        """The page."""
        return Page(await self.http.get(path))

    async def log_in(
        self,
        *,
        password: str = "demo",  # noqa: S107 - everybody's, in the demo directory
        code: str = "",
        onward: str = "/",
    ) -> Page:
        """Through the log-in form."""
        page = await self.get(f"/login?next={onward}")
        form = page.forms()[0]
        fields = {**form.fields, "person": self.person, "password": password, "code": code}
        return Page(await self.http.post("/login", data=fields, follow_redirects=True))

    async def post(self, form: Form, choice: str = "", **fields: str) -> Page:
        """The form, filled in."""
        data = {**form.fields, **{name.replace("__", "."): v for name, v in fields.items()}}
        if choice:
            data["choice"] = choice
        return Page(await self.http.post(form.action, data=data, follow_redirects=True))

    async def act(self, path: str, verb: str, choice: str = "", **fields: str) -> Page:
        """Form, confirm screen, act: the answer."""
        confirm = await self.confirm(path, verb, choice, **fields)
        return await self.post(confirm.form(verb, step="act"))

    async def api(self, path: str) -> httpx.Response:
        """What a program of the person's reads."""
        return await self.http.get(path, headers=await self._bearer())

    async def api_act(
        self, number: str, body: dict[str, Any], *, act_id: str = ""
    ) -> httpx.Response:
        """The act through the API, as a program of the person's sends it."""
        return await self.http.post(
            f"/api/cases/{number}/acts",
            json={"body": body, "act_id": act_id or str(uuid.uuid4()), "door": "api"},
            headers=await self._bearer(),
        )

    async def _bearer(self) -> dict[str, str]:
        who = {"person": self.person, "password": "demo"}
        token = (await self.http.post("/api/login", json=who)).json()["token"]
        return {"Authorization": f"Bearer {token}"}

    async def confirm(self, path: str, verb: str, choice: str = "", **fields: str) -> Page:
        """Form and confirm screen."""
        page = await self.get(path)
        confirm = await self.post(page.form(verb), choice, **fields)
        assert confirm.status == 200, confirm.text
        return confirm


@dataclass
class World:
    """The running gateway and everything behind it."""

    doors: Doors
    store: Store
    clock: MovableClock
    engine: InProcessEngine
    url: str
    browsers: dict[str, Browser] = field(default_factory=dict)

    def client(self) -> httpx.AsyncClient:
        """Whoever speaks to the doors, logged in nowhere yet."""
        return httpx.AsyncClient(base_url=self.url, timeout=30, verify=TLS)

    async def browser(self, person: str, *, logged_in: bool = True) -> Browser:
        """The person's browser; logged in unless the test wants to do that itself."""
        if person not in self.browsers:
            http = self.client()
            self.browsers[person] = Browser(self, person, http)
            if logged_in:
                assert (await self.browsers[person].log_in()).status == 200
        return self.browsers[person]

    def code(self, person: str, *, steps: int = 0) -> str:
        """The person's one-time code, `steps` half-minutes from now."""
        account = next(a for a in _accounts() if a.person.id == person)
        assert account.totp is not None
        moment = datetime.now(UTC) + self.clock.ahead + timedelta(seconds=30 * steps)
        return pyotp.TOTP(account.totp.get_secret_value()).at(moment)

    async def deliver(
        self,
        *,
        id: str = "evt-1",  # noqa: A002
        subject: str = "R-1",
        type: str = "escalate.report.opened",  # noqa: A002
        data: dict[str, Any] | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> httpx.Response:
        """A signed standard webhook."""
        content = {"id": id, "source": "form", "type": type, "subject": subject, "data": data or {}}
        body = json.dumps(content).encode()
        headers = sign_standard(STANDARD, id=id, timestamp=await self.clock.now(), body=body)
        return await self.send("standard", body, headers, http=http)

    async def deliver_zendesk(self, body: bytes, *, invocation: str = "inv-1") -> httpx.Response:
        """A signed Zendesk webhook."""
        timestamp = (await self.clock.now()).strftime("%Y-%m-%dT%H:%M:%SZ")
        headers = sign_zendesk(ZENDESK, timestamp=timestamp, body=body)
        headers["X-Zendesk-Webhook-Invocation-Id"] = invocation
        return await self.send("zendesk", body, headers)

    async def send(
        self,
        door: str,
        body: bytes,
        headers: dict[str, str],
        *,
        http: httpx.AsyncClient | None = None,
    ) -> httpx.Response:
        """The bytes, as they are."""
        sender = http or self.client()
        try:
            return await sender.post(f"/webhooks/{door}", content=body, headers=headers)
        finally:
            if http is None:
                await sender.aclose()

    async def case(self, **delivery: Any) -> str:
        """The number of a new case that runs."""
        response = await self.deliver(**delivery)
        assert response.status_code == 202, response.text
        number: str = response.json()["case"]
        await self.until(lambda: self.view(number))
        return number

    async def view(self, number: str) -> CaseView | None:
        """The case as the store has it."""
        return await self.store.views.by_number(number)

    async def picture(self, number: str) -> dict[str, Any]:
        """What the case last said of itself."""
        view = await self.view(number)
        assert view is not None
        return dict(view.state)

    async def until(self, look: Callable[[], Any], *, seconds: float = 10) -> Any:
        """What `look` answers, once it is something."""
        async with asyncio.timeout(seconds):
            # Whatever is looked for happens in another task or a database: there is no event.
            while not (found := await look()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return found

    async def to_gate(self, number: str) -> None:
        """The case waits at legal review."""
        tessa = await self.browser("tessa")
        done = await tessa.act(f"/cases/{number}", "complete", "escalate", note="please review")
        assert done.status == 200, done.text

    async def link(self, number: str, person: str, gate: str | None = "legal-review") -> str:
        """A link as a mail would carry it."""
        view = await self.view(number)
        assert view is not None
        at = await self.clock.now()
        rounds = [r for r in await self.store.rounds.of(view.line.case) if r.gate == gate]
        return await self.store.locators.mint(
            person=person,
            case=view.line.case,
            gate=gate,
            round=rounds[-1].round if rounds else None,
            at=at,
            expires_at=at + timedelta(hours=72),
        )

    async def kinds(self, number: str, stream: str) -> list[str]:
        """The kinds of the case's journal entries."""
        row = await self.store.cases.by_number(number)
        assert row is not None
        return [
            entry.kind.value for entry in await self.store.journal.entries(row.id, stream=stream)
        ]


LogIn = Callable[[str, Store, MovableClock], tuple[People, ProviderDoor]]
"""What people log in at, for the gateway at that address."""


@asynccontextmanager
async def make_world(
    store: Store,
    folder: Path,
    *,
    log_in: LogIn | None = None,
    runbooks: bool = True,
    faults: FaultSeam = no_faults,
    slack: SlackDoorParts | None = None,
    trackers: Sequence[Tracker] = (),
    on_call: OnCallDirectory | None = None,
    pager: Paging | None = None,
    people: Path = DEMO_FILE,
    outside: Outside | None = None,
    access: Access | None = None,
    witnessing: Witnessing | None = None,
    stamping: Stamping | None = None,
    authenticators: Authenticators | None = None,
    standard_secrets: tuple[str, ...] = (STANDARD,),
    **settings: Any,
) -> AsyncIterator[World]:
    """The gateway, running on a free port."""
    clock = MovableClock()
    if runbooks:
        await release_library(store, proposed_by="one", approved_by="two", at=await clock.now())
    engine = InProcessEngine(store, clock)
    sock = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    directory: People = FileDirectory(people, clock=clock)
    provider: ProviderDoor | None = None
    if log_in is not None:
        directory, provider = log_in(url, store, clock)
    signer = load_or_create_keys(folder / "keys")
    doors = Doors(
        store=store,
        directory=directory,
        provider=provider,
        clock=clock,
        signer=signer,
        log=load_or_create_log_key(folder / "keys", origin="example.org/log"),
        spool=load_or_create_spool(folder / "keys", file=folder / "log-spool.jsonl", signer=signer),
        witnessing=witnessing,
        stamping=stamping,
        authenticators=authenticators,
        engine=engine,
        shelf=Shelf(store),
        settings=DoorSettings(
            public_url=url,
            zendesk_secrets=(ZENDESK,),
            jira_secrets=(JIRA,),
            standard_secrets=standard_secrets,
            incident_manager_phone="+1 555 0100",
            receipt_wait=timedelta(milliseconds=600),
            dispatch_poll=timedelta(milliseconds=200),
            **settings,
        ),
        faults=faults,
        slack=slack,
        trackers=tuple(trackers),
        on_call=on_call,
        pager=pager,
        outside=outside,
        access=access if access is not None else shipped(),
        id=f"gateway-{uuid.uuid4().hex[:6]}",
    )
    async with run_gateway(doors, sock=sock):
        world = World(doors=doors, store=store, clock=clock, engine=engine, url=url)
        try:
            yield world
        finally:
            for browser in world.browsers.values():
                await browser.http.aclose()


def _form(html: str) -> Form:
    action = re.search(r'action="([^"]*)"', html)
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name = re.search(r'name="([^"]*)"', tag)
        if name is None or ('type="radio"' in tag and "checked" not in tag):
            continue
        value = re.search(r'value="([^"]*)"', tag)
        fields[name[1]] = unescape(value[1]) if value else ""
    for name_, inner in re.findall(
        r'<textarea[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', html, re.DOTALL
    ):
        fields[name_] = unescape(inner)
    selects = r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>'
    for name_, inner in re.findall(selects, html, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        fields[name_] = unescape(chosen[1]) if chosen else ""
    buttons = [
        (unescape(value), unescape(text).strip())
        for value, text in re.findall(
            r'<button name="choice" value="([^"]*)"[^>]*>(.*?)</button>', html, re.DOTALL
        )
    ]
    return Form(unescape(action[1]) if action else "", fields, buttons)
