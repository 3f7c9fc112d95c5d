"""Every error a person can meet, as a sentence, what to do, and an exit code."""

from typing import NamedTuple

from cli.output import REFUSED, UNREACHABLE, USAGE


class Said(NamedTuple):
    """How a command ends that could not do its work."""

    says: str
    mend: str
    code: int


def explained(error: Exception) -> Said | None:
    """What to say about it; None for an error that nobody foresaw."""
    # Only here do all packages meet, and only when something failed.
    from pydantic import ValidationError
    from pydantic_settings import SettingsError
    from temporalio.service import RPCError

    from audit.log.errors import LogError
    from gateway.errors import GatewayError
    from integrations.errors import IntegrationError, VendorError
    from store import StoreError, StoreUnavailable
    from workers._settings_sources import ConflictingSettingError, UnknownSettingError
    from workers.errors import EngineError, NotSetUpError

    said: Said | None = None
    match error:
        case NotSetUpError():
            said = Said(str(error), "", REFUSED)
        case EngineError():
            said = Said(str(error), "escalate engine says which Temporal, and why", UNREACHABLE)
        case RPCError():
            said = Said(f"Temporal answered: {error.message}", "escalate engine", UNREACHABLE)
        case StoreUnavailable():
            said = Said(str(error), error.mend, UNREACHABLE)
        case StoreError() | GatewayError() | LogError():
            said = Said(str(error), error.mend, REFUSED)
        case VendorError():
            said = Said(str(error), error.mend, UNREACHABLE)
        case IntegrationError():
            said = Said(str(error), error.mend, REFUSED)
        case UnknownSettingError() | ConflictingSettingError() | SettingsError():
            said = Said(str(error), "escalate config reference", USAGE)
        case ValidationError() if error.title == "Settings":
            wrong = "; ".join(
                f"ESCALATE_{'__'.join(map(str, each['loc'])).upper()}: {each['msg']}"
                for each in error.errors(include_input=False, include_context=False)
            )
            said = Said(wrong, "escalate config reference", USAGE)
        case _:
            pass
    return said
