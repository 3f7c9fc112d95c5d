"""The table of workers' keys: who asked a door for a certificate, and what it said."""

import sqlalchemy as sa

from store.columns import instant, metadata, perhaps, text

worker_keys = sa.Table(
    "worker_keys",
    metadata,
    text("key", primary_key=True),
    text("build"),
    text("host"),
    text("state"),
    text("request"),
    perhaps("certificate"),
    text("said"),
    instant("asked_at"),
    instant("answered_at", required=False),
    instant("not_after", required=False),
    instant("revoked_at", required=False),
    sa.Index("ix_worker_keys_state", "state"),
)
"""Public keys only: the private part of a worker's key never leaves its process."""
