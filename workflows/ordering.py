"""What an effect's order carries: its key, its facts, and of a report the draft itself."""

from cases.file import CaseFile
from cases.ids import key_of
from cases.records import EffectRecord
from runbooks.forms import form_of
from workflows.effects import ReportOrder


def attempt_key(effect: EffectRecord) -> str:
    """The key of this attempt.

    An action that failed is tried under a new key, since its receiver may have kept the refusal.
    A report keeps its own for ever: it is filed once, however often it is tried (I9).
    """
    if effect.attempt == 1 or _is_report(effect):
        return effect.key
    return key_of(effect.key, str(effect.attempt))


def facts_for(file: CaseFile, effect: EffectRecord) -> dict[str, str]:
    """The answers a connector may see; a report says all it has to say in its draft."""
    return {} if _is_report(effect) else file.chosen_answers()


def report_order(file: CaseFile, effect: EffectRecord) -> ReportOrder | None:
    """The draft as it stands in the case's state; None where the effect is no report."""
    drafted = file.state.drafts.get(effect.name)
    if drafted is None or not _is_report(effect):
        return None
    draft = drafted.draft
    return ReportOrder(
        form=draft.form, version=draft.version, fields=draft.fields, digest=drafted.digest
    )


def _is_report(effect: EffectRecord) -> bool:
    return form_of(effect.by) is not None
