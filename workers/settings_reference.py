"""What can be set, from the models themselves: `escalate config reference` cannot drift."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from workers.settings import Settings


@dataclass(frozen=True)
class SettingLine:
    """One setting, as a person needs to know it."""

    name: str
    default: str
    description: str
    secret: bool


def reference(
    model: type[BaseModel] = Settings, *, prefix: str = "ESCALATE_"
) -> Iterator[SettingLine]:
    """Every setting, groups in the order they are written."""
    for name, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from reference(annotation, prefix=f"{prefix}{name.upper()}__")
        elif get_origin(annotation) is dict:
            inner = get_args(annotation)[1]
            named = f"{prefix}{name.upper()}__<NAME>"
            if issubclass(inner, BaseModel):
                yield from reference(inner, prefix=f"{named}__")
            else:
                yield SettingLine(
                    name=named, default="", description=field.description or "", secret=False
                )
        else:
            yield SettingLine(
                name=f"{prefix}{name.upper()}",
                default=_default(field),
                description=field.description or "",
                secret="SecretStr" in str(annotation),
            )


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "(required)"
    if field.default_factory is not None:
        return "(by platform)"
    default = field.default
    if default is None or default == ():
        return ""
    if isinstance(default, timedelta):
        return _short(default)
    return str(default)


def _short(span: timedelta) -> str:
    for unit, size in (
        ("d", timedelta(days=1)),
        ("h", timedelta(hours=1)),
        ("m", timedelta(minutes=1)),
    ):
        if span and not span % size:
            return f"{span // size}{unit}"
    return f"{int(span.total_seconds())}s"
