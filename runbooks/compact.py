"""Values that travel: frozen, and silent about whatever still has its default."""

from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer


class Compact(BaseModel):
    """A frozen value that leaves out fields equal to their default when written."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return self.without_defaults(handler(self))

    def without_defaults(self, written: dict[str, Any]) -> dict[str, Any]:
        """What was written, less every field that says what it says anyway."""
        defaults = _defaults(type(self))
        return {
            name: value
            for name, value in written.items()
            if name not in defaults or getattr(self, name) != defaults[name]
        }


@cache
def _defaults(kind: type[BaseModel]) -> dict[str, Any]:
    """The fields that need not be said, with what they are then."""
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in kind.model_fields.items()
        if not field.is_required()
    }
