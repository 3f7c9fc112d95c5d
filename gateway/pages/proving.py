"""How somebody who is logged in proves themselves again: by a code, or at their provider."""

from collections.abc import Sequence

from starlette.responses import Response

from gateway.provider_logins import ProviderLogIns
from gateway.times import span
from gateway.web import Viewer, Web
from gateway.wording import Wording


class Proving:
    """The page that asks for the second factor."""

    def __init__(self, web: Web, provider: ProviderLogIns | None) -> None:
        self._web = web
        self._provider = provider

    async def page(
        self,
        viewer: Viewer,
        *,
        onward: str,
        carried: Sequence[tuple[str, str]] = (),
        status: int = 200,
        problem: Wording | None = None,
    ) -> Response:
        """A field for the code, or a link to the provider; what was written is kept either way.

        A link and not a form: our pages let no form end on another site.
        """
        url = None
        settings = self._web.doors.settings
        at_provider = viewer.session.account is not None or not settings.passwords
        if self._provider is not None and at_provider:
            url = await self._provider.begin_again(
                viewer.token, onward=onward, carried=tuple(carried)
            )
        return self._web.page(
            "step_up.html",
            viewer=viewer,
            status=status,
            next=onward,
            carried=[] if url else list(carried),
            problem=problem,
            window=span(settings.step_up_window),
            url=url,
            provider=self._provider.name if self._provider is not None else "",
        )
