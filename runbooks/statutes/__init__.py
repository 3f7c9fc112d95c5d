"""Statutory clocks as data: rows with provenance, pinned calendars, and what a case carries."""
