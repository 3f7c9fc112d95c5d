"""The words of notices, by language: one gettext catalogue each, read once and checked whole.

A message is named by what it is for (`ask.remind`), never by its English words, so that English is
a catalogue like the others and mending its words orphans no translation.
"""

from activities.catalogues.catalogue import Catalogue, WordsError, catalogue_for, catalogues
from activities.catalogues.messages import MESSAGES, NOTICE

__all__ = ["MESSAGES", "NOTICE", "Catalogue", "WordsError", "catalogue_for", "catalogues"]
