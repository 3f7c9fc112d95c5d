"""A network that loses answers: the server has done the work, and the client never hears of it."""

import httpx


class LossyTransport(httpx.AsyncBaseTransport):
    """Passes everything on; loses the answer to the next request of a method when told so."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self._lose: list[str] = []
        self._pass: list[str] = []
        self._slow: list[str] = []
        self.requests: list[tuple[str, str]] = []

    def lose_answer(self, method: str) -> None:
        """The next request of this method is carried out, and its answer lost."""
        self._lose.append(method)

    def pass_next(self, method: str) -> None:
        """One request of this method passes whole before any loss counts."""
        self._pass.append(method)

    def slow_next(self, method: str) -> None:
        """The next request of this method is given up before it has arrived."""
        self._slow.append(method)

    def count(self, method: str) -> int:
        """How many requests of this method left."""
        return sum(1 for sent, _ in self.requests if sent == method)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The inner answer, or a time-out after the work was done."""
        self.requests.append((request.method, request.url.path))
        if request.method in self._slow:
            self._slow.remove(request.method)
            raise httpx.WriteTimeout("too slow", request=request)
        response = await self._inner.handle_async_request(request)
        if request.method in self._pass:
            self._pass.remove(request.method)
            return response
        if request.method in self._lose:
            self._lose.remove(request.method)
            await response.aread()
            await response.aclose()
            raise httpx.ReadTimeout("the answer was lost", request=request)
        return response

    async def aclose(self) -> None:
        """The inner transport is closed."""
        await self._inner.aclose()
