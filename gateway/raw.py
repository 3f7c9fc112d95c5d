"""Reading what a client sends: bytes up to a limit, and forms out of them."""

from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

_MOST_FIELDS = 200


class BodyTooLargeError(Exception):
    """More came than is taken."""


class BadFormError(Exception):
    """The form cannot be used; `field` says which part."""

    def __init__(self, field: str = "") -> None:
        super().__init__(field)
        self.field = field


async def read_body(request: Request, *, limit: int) -> bytes:
    """The raw body, or `BodyTooLargeError` before more than `limit` bytes are kept."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:18]) > limit:
        raise BodyTooLargeError
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise BodyTooLargeError
    except ClientDisconnect:
        # Nobody is there to hear an answer, and half a body proves nothing.
        return b""
    return bytes(body)


async def read_form(request: Request, *, limit: int) -> dict[str, str]:
    """The fields of an urlencoded form, each once; `BadFormError` for anything else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise BadFormError
    body = await read_body(request, limit=limit)
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=_MOST_FIELDS,
            errors="strict",
        )
    except ValueError as error:
        raise BadFormError from error
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields or "\x00" in name or "\x00" in value:
            raise BadFormError(name[:64])
        # Browsers send line ends as CR LF; what is signed and shown has plain ones.
        fields[name] = value.replace("\r\n", "\n").strip()
    return fields
