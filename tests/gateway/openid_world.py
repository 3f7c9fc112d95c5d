"""A gateway whose people log in at a real OpenID provider, and their browsers."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from gateway.doors import People, ProviderDoor
from integrations._http import new_client
from integrations.claims_directory import ClaimsDirectory
from integrations.file_directory import DEMO_FILE, FileDirectory
from integrations.oidc.provider import OidcProvider
from integrations.oidc.role_map import RoleMap
from integrations.oidc.terms import Terms
from store import Store
from tests.gateway.world import Browser, MovableClock, Page, World, make_world
from tests.servers.openid import CODE, PASSWORD, OpenIdProvider
from workers.log_in import StoreClaims

NAME = "Example Org"
ROLES: Mapping[str, frozenset[str]] = {
    "legal": frozenset({"grp-legal"}),
    "policy": frozenset({"grp-policy"}),
    "incident-manager": frozenset({"grp-incident"}),
}


@asynccontextmanager
async def openid_world(
    store: Store,
    folder: Path,
    provider: OpenIdProvider,
    *,
    roles: Mapping[str, frozenset[str]] = ROLES,
    runbooks: bool = True,
    **settings: Any,
) -> AsyncIterator[World]:
    """The gateway, registered at the provider; passwords are not taken."""
    async with new_client() as http:

        def log_in(url: str, store: Store, clock: MovableClock) -> tuple[People, ProviderDoor]:
            client_id, secret = provider.register(url)
            role_map = RoleMap(roles=roles)
            terms = Terms(
                issuer=provider.issuer,
                client_id=client_id,
                client_secret=secret,
                redirect_uri=f"{url}/login/callback",
                wanted=role_map.wanted,
                home_url=f"{url}/login",
            )
            directory = ClaimsDirectory(
                FileDirectory(DEMO_FILE, clock=clock),
                claimed=StoreClaims(store),
                roles=role_map,
                clock=clock,
            )
            identity = OidcProvider(http, terms=terms, clock=clock)
            return directory, ProviderDoor(identity=identity, roles=role_map, name=NAME)

        usual: dict[str, Any] = {"passwords": False}
        async with make_world(
            store, folder, log_in=log_in, runbooks=runbooks, **{**usual, **settings}
        ) as world:
            yield world


async def sign_in(
    browser: Browser, where: str = "/login/provider?next=/", *, account: str = "", code: str = ""
) -> Page:
    """From the link to the provider, through its page, back to ours."""
    page = await browser.http.get(where, follow_redirects=True)
    if "Log in at the provider" not in page.text:
        # The provider knows this browser already.
        return Page(page)
    action = re.search(r'action="([^"]*)"', page.text)
    assert action is not None
    fields = {"login": account or browser.person, "password": PASSWORD, "code": code}
    done = await browser.http.post(
        urljoin(str(page.url), action[1]), data=fields, follow_redirects=True
    )
    return Page(done)


async def prove(browser: Browser, page: Page, *, account: str = "", code: str = CODE) -> Page:
    """The link of the page that asks for a second factor, followed to its end."""
    found = re.search(r'class="button chief" href="([^"]*)"', page.response.text)
    assert found is not None, page.text
    if account:
        forget_provider(browser)
    return await sign_in(browser, unescape(found[1]), account=account, code=code)


def forget_provider(browser: Browser) -> None:
    """The browser has none of the provider's cookies any more."""
    jar = browser.http.cookies.jar
    for cookie in [cookie for cookie in jar if not cookie.name.startswith("escalate")]:
        jar.clear(cookie.domain, cookie.path, cookie.name)


async def callback_of(browser: Browser, *, account: str = "") -> str:
    """The address at which the provider sends the browser back, not yet opened."""
    page = await browser.http.get("/login/provider?next=/", follow_redirects=True)
    action = re.search(r'action="([^"]*)"', page.text)
    assert action is not None, page.text
    fields = {"login": account or browser.person, "password": PASSWORD, "code": ""}
    answer = await browser.http.post(urljoin(str(page.url), action[1]), data=fields)
    while "/login/callback" not in (onward := str(answer.headers["location"])):
        answer = await browser.http.get(urljoin(str(answer.url), onward))
    return onward


async def person(world: World, name: str) -> Browser:
    """The person's browser, logged in nowhere."""
    return await world.browser(name, logged_in=False)


def status_of(answer: httpx.Response) -> tuple[int, str]:
    """The status and the name of the problem on the page."""
    named = re.search(r"Name of the problem: ([a-z-]+)", answer.text)
    return answer.status_code, named[1] if named else ""
