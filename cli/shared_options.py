"""Options that several commands take, named once: a dataclass whose fields are options."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_type_hints

Options = TypeVar("Options")


def taking(
    kind: type[Options], *, as_: str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The command takes every field of `kind` as an option, and gets them as its `as_`.

    Each field is `Annotated` as an option of a command would be, and has a default.
    """
    hints = get_type_hints(kind, include_extras=True)
    options = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(kind)  # type: ignore[arg-type]
    ]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command, eval_str=True).parameters.values()
        before = [each for each in own if each.kind is not inspect.Parameter.KEYWORD_ONLY]
        after = [each for each in own if each.kind is inspect.Parameter.KEYWORD_ONLY]

        @functools.wraps(command)
        def called(*args: Any, **given: Any) -> None:
            picked = {each.name: given.pop(each.name) for each in options}
            command(*args, **{as_: kind(**picked)}, **given)

        called.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [*(each for each in before if each.name != as_), *options]
            + [each for each in after if each.name != as_]
        )
        return called

    return decorate
