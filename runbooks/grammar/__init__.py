"""The language of runbooks as strict models: what may be written, and nothing else."""

from runbooks.grammar.document import RunbookDocument

__all__ = ["RunbookDocument"]
