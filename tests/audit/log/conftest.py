"""Tests of the log run on SQLite and on a real Postgres, as those of the store do."""

from tests.store.conftest import postgres_template, sqlite_store, sqlite_url, store, url

__all__ = ["postgres_template", "sqlite_store", "sqlite_url", "store", "url"]
