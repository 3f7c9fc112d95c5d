"""A small browser without scripts: it reads our pages, fills their forms, and follows links.

The people of the demo act through the very pages real people use; nothing is posted that a page
did not offer.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx


@dataclass
class Form:
    """A form as the page offers it: where it goes, what it holds, which buttons it has."""

    action: str
    method: str = "get"
    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    """(name, value, text)."""

    def offers(self, text: str) -> bool:
        """Whether one of its buttons says that."""
        return any(label == text for _, _, label in self.buttons)


class PageError(Exception):
    """The page does not offer what somebody wanted to do on it."""


class Page(HTMLParser):
    """What a page says and offers."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.status = response.status_code
        self.url = str(response.url)
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._form: Form | None = None
        self._button: list[str] | None = None
        self._area: str | None = None
        self._select: str | None = None
        self._option: tuple[str | None, list[str]] | None = None
        self._silent = False
        if "html" in response.headers.get("content-type", ""):
            self.feed(response.text)

    @property
    def refused(self) -> bool:
        """Whether the door said no."""
        return httpx.codes.is_error(self.status)

    @property
    def text(self) -> str:
        """Everything a reader sees, in one line."""
        return " ".join(" ".join(self.words).split())

    def form(self, *, verb: str | None = None, button: str | None = None) -> Form:
        """The first form for that act, or with that button; PageError when there is none."""
        for form in self.forms:
            if verb is not None and form.values.get("verb") != verb:
                continue
            if button is not None and not form.offers(button):
                continue
            if verb is None and button is None and not form.values:
                continue
            return form
        wanted = verb or button or "any form"
        message = f"{self.url} ({self.status}) offers no {wanted}: {self.text[:300]}"
        raise PageError(message)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collects forms and their fields."""
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "style" | "title":
                self._silent = True
            case "form":
                self._form = Form(given.get("action", ""), given.get("method", "get").lower())
                self.forms.append(self._form)
            case _ if self._form is not None:
                self._field(self._form, tag, given)

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        match tag:
            case "input":
                kind = given.get("type", "text")
                if kind == "radio":
                    form.choices.setdefault(name, []).append(given.get("value", ""))
                    if "checked" in given:
                        form.values[name] = given.get("value", "")
                elif kind != "submit":
                    form.values[name] = given.get("value", "")
            case "textarea":
                self._area = name
                form.values[name] = ""
            case "select":
                self._select = name
                form.choices.setdefault(name, [])
            case "option" if self._select is not None:
                self._option = (given.get("value"), [])
                if "selected" in given:
                    form.values[self._select] = given.get("value", "")
            case "button":
                self._button = []
                form.buttons.append((name, given.get("value", ""), ""))

    def handle_endtag(self, tag: str) -> None:
        """Completes what was begun."""
        match tag:
            case "style" | "title":
                self._silent = False
            case "form":
                self._form = None
            case "textarea":
                self._area = None
            case "select":
                self._select = None
            case "option" if self._option is not None and self._form and self._select:
                value = self._option[0]
                said = " ".join("".join(self._option[1]).split())
                chosen = said if value is None else value
                self._form.choices[self._select].append(chosen)
                self._form.values.setdefault(self._select, chosen)
                self._option = None
            case "button" if self._button is not None and self._form and self._form.buttons:
                name, value, _ = self._form.buttons[-1]
                text = " ".join("".join(self._button).split())
                self._form.buttons[-1] = (name, value, text)
                self._button = None

    def handle_data(self, data: str) -> None:
        """Collects what is said."""
        if self._silent:
            return
        if self._button is not None:
            self._button.append(data)
        if self._option is not None:
            self._option[1].append(data)
        if self._area is not None and self._form is not None:
            self._form.values[self._area] += data.removeprefix("\n")
            return
        self.words.append(data)


class Browser:
    """One person's browser, with its own cookies."""

    def __init__(self, base: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=base, follow_redirects=True, trust_env=False, timeout=30
        )
        self._origin = base

    async def get(self, url: str) -> Page:
        """The page at `url`."""
        return Page(await self._client.get(url))

    async def submit(
        self, page: Page, form: Form, *, button: str | None = None, **fields: str
    ) -> Page:
        """The page that answers the form, sent with these fields by that button."""
        values = {**form.values, **fields}
        pressed = next((item for item in form.buttons if button is None or item[2] == button), None)
        if pressed is None:
            message = f"{page.url} has no button {button!r}"
            raise PageError(message)
        if pressed[0]:
            values[pressed[0]] = pressed[1]
        url = httpx.URL(page.url).join(form.action)
        response = await self._client.post(url, data=values, headers={"origin": self._origin})
        return Page(response)

    async def close(self) -> None:
        """No connection is open."""
        await self._client.aclose()
