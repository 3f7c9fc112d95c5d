"""Why nothing was opened, granted, ended or reviewed."""

from gateway.wording import Wording


class AccessRefusedError(Exception):
    """Nothing was done; `name` is what `docs/errors.md` calls the reason."""

    def __init__(self, name: str, wording: Wording, *, detail: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.wording = wording
        self.detail = detail
