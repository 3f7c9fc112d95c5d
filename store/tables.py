"""The tables: people's words and reported content are sealed, the rest are opaque words."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant on both databases; a naive one is a mistake and is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC on the way in: SQLite keeps text, which must sort as instants do."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant of the store must be aware")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Aware and in UTC on the way out."""
        if value is None:
            return None
        read: datetime = value
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite counts up only in a column of type INTEGER."""


def _text(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, **options)


def _perhaps(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text)


def _at(name: str, *, required: bool = True, **options: Any) -> sa.Column[datetime]:
    return sa.Column(name, Instant(), nullable=not required, **options)


def _number(name: str, **options: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, **options)


def _sealed(name: str, *, required: bool = True) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=not required)


def _case() -> sa.Column[str]:
    return sa.Column("case", sa.Text, sa.ForeignKey("cases.id"), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _outbox() -> list[sa.Column[Any]]:
    # The columns of a row that is delivered until somebody acknowledges it.
    return [
        _text("state"),
        _number("attempts", default=0),
        _at("next_attempt_at"),
        _perhaps("lease_owner"),
        _at("lease_until", required=False),
        _text("last_error", default=""),
    ]


counters = sa.Table("counters", metadata, _text("name", primary_key=True), _number("value"))

cases = sa.Table(
    "cases",
    metadata,
    _text("id", primary_key=True),
    _text("number", unique=True),
    _text("source"),
    _text("instance"),
    _text("external_id"),
    _perhaps("subject_ref"),
    _perhaps("runbook"),
    _perhaps("version"),
    _perhaps("digest"),
    _at("opened_at"),
    _text("status"),
    sa.UniqueConstraint("source", "instance", "external_id"),
    sa.Index("ix_cases_subject_ref", "subject_ref"),
)

case_keys = sa.Table(
    "case_keys",
    metadata,
    # No foreign key: the installation has keys as well.
    _text("case", primary_key=True),
    _text("key_id", unique=True),
    _text("wrapped_by"),
    _sealed("wrapped"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    _text("key", unique=True),
    _case(),
    _text("source"),
    _text("body_digest"),
    _sealed("body"),
    _at("received_at"),
    _at("settled_at", required=False),
    *_outbox(),
    sa.Index("ix_deliveries_state_next_attempt_at", "state", "next_attempt_at"),
    sa.Index("ix_deliveries_case", "case"),
)

acts = sa.Table(
    "acts",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    _text("id", unique=True),
    _case(),
    _text("person"),
    _text("verb"),
    _perhaps("gate"),
    sa.Column("round", sa.Integer),
    _sealed("envelope"),
    _at("signed_at"),
    _sealed("receipt", required=False),
    _at("settled_at", required=False),
    *_outbox(),
    sa.Index("ix_acts_state_next_attempt_at", "state", "next_attempt_at"),
    sa.Index("ix_acts_case_gate_round", "case", "gate", "round"),
)

rounds = sa.Table(
    "rounds",
    metadata,
    _case(),
    _text("gate"),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer),
    _perhaps("content_hash"),
    _perhaps("nonce"),
    _at("asked_at", required=False),
    _at("expires_at", required=False),
    _flag("open"),
    _at("closed_at_door", required=False),
    sa.PrimaryKeyConstraint("case", "gate", "round"),
)

collections = sa.Table(
    "collections",
    metadata,
    _case(),
    _text("gate"),
    sa.Column("round", sa.Integer, nullable=False),
    _at("deadline"),
    _at("at"),
    sa.Column("acts", sa.JSON, nullable=False),
    sa.PrimaryKeyConstraint("case", "gate", "round", "deadline"),
)

branches = sa.Table(
    "branches",
    metadata,
    _case(),
    _text("stream"),
    _text("branch"),
    _number("ordinal"),
    _perhaps("parent"),
    _number("after"),
    _number("sequence"),
    _text("head"),
    _at("opened_at"),
    sa.PrimaryKeyConstraint("case", "stream", "branch"),
)

runs = sa.Table(
    "runs",
    metadata,
    _case(),
    _text("run"),
    _text("branch"),
    sa.PrimaryKeyConstraint("case", "run"),
)

journal = sa.Table(
    "journal",
    metadata,
    _case(),
    _text("stream"),
    _text("branch"),
    _number("sequence"),
    _text("previous"),
    _text("hash"),
    _text("kind"),
    _at("at"),
    _sealed("entry"),
    _text("run"),
    _text("original_run"),
    sa.PrimaryKeyConstraint("case", "stream", "branch", "sequence"),
)

journal_forks = sa.Table(
    "journal_forks",
    metadata,
    _case(),
    _text("stream"),
    _text("branch"),
    _number("sequence"),
    _text("hash"),
    _at("at"),
    _at("found_at"),
    _sealed("entry"),
    _text("run"),
    sa.PrimaryKeyConstraint("case", "stream", "branch", "sequence", "hash"),
)

pictures = sa.Table(
    "pictures",
    metadata,
    _case(),
    _text("branch"),
    _number("sequence"),
    _at("as_of"),
    sa.Column("heading", sa.JSON, nullable=False),
    _sealed("changes"),
    sa.PrimaryKeyConstraint("case", "branch", "sequence"),
)

views = sa.Table(
    "views",
    metadata,
    sa.Column("case", sa.Text, sa.ForeignKey("cases.id"), primary_key=True),
    _text("branch"),
    _number("sequence"),
    _at("as_of"),
    _text("status"),
    _text("stage"),
    _text("severity"),
    _text("runbook"),
    _text("version"),
    sa.Column("waiting_on", sa.JSON, nullable=False),
    _at("due_at", required=False),
    _at("next_at", required=False),
    _text("next_label"),
    _flag("breached"),
    _sealed("state"),
    sa.Index("ix_views_status_next_at", "status", "next_at"),
)

waiting = sa.Table(
    "waiting",
    metadata,
    _case(),
    _text("role"),
    sa.PrimaryKeyConstraint("case", "role"),
    sa.Index("ix_waiting_role", "role"),
)

assigned = sa.Table(
    "assigned",
    metadata,
    _case(),
    _text("role"),
    _text("person"),
    sa.PrimaryKeyConstraint("case", "role"),
    sa.Index("ix_assigned_person", "person"),
)

objects = sa.Table(
    "objects",
    metadata,
    _text("digest", primary_key=True),
    _text("kind"),
    _sealed("data"),
    _at("at"),
)

releases = sa.Table(
    "releases",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    _text("runbook"),
    _text("version"),
    _text("digest"),
    _text("state"),
    _text("proposed_by"),
    _at("proposed_at"),
    _perhaps("approved_by"),
    _at("approved_at", required=False),
    _perhaps("retired_by"),
    _at("retired_at", required=False),
    sa.UniqueConstraint("runbook", "version"),
)

notices = sa.Table(
    "notices",
    metadata,
    _text("key"),
    _text("recipient"),
    _case(),
    _text("purpose"),
    _text("role"),
    _text("channel"),
    _text("end"),
    _perhaps("message_id"),
    _text("detail"),
    _at("at"),
    sa.PrimaryKeyConstraint("key", "recipient"),
    sa.Index("ix_notices_case", "case"),
)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", SERIAL, primary_key=True, autoincrement=True),
    _text("message_id", unique=True),
    sa.Column("case", sa.Text, sa.ForeignKey("cases.id")),
    _text("to"),
    _sealed("body"),
    _at("at"),
    sa.Index("ix_messages_to", "to"),
)

effect_receipts = sa.Table(
    "effect_receipts",
    metadata,
    _text("key", primary_key=True),
    _case(),
    sa.Column("attempts", sa.Integer, nullable=False),
    _at("begun_at"),
    _sealed("result", required=False),
    _at("at", required=False),
    sa.Index("ix_effect_receipts_case", "case"),
)

tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("case", sa.Text, sa.ForeignKey("cases.id"), primary_key=True),
    _text("system"),
    _text("instance"),
    _text("id"),
    _text("url"),
    _at("at"),
    sa.Index("ix_tickets_system_instance_id", "system", "instance", "id"),
)

cursors = sa.Table("cursors", metadata, _text("name", primary_key=True), _text("value"))

locators = sa.Table(
    "locators",
    metadata,
    _text("token", primary_key=True),
    _text("person"),
    _case(),
    _perhaps("gate"),
    sa.Column("round", sa.Integer),
    _at("created_at"),
    _at("expires_at"),
    _at("revoked_at", required=False),
    sa.Index("ix_locators_case", "case"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    _text("token", primary_key=True),
    _text("person"),
    _text("assurance"),
    _at("created_at"),
    _at("expires_at"),
    _at("stepped_up_at", required=False),
    _at("revoked_at", required=False),
    sa.Index("ix_sessions_person", "person"),
)

used_nonces = sa.Table(
    "used_nonces",
    metadata,
    _text("kind"),
    _text("nonce"),
    _at("expires_at"),
    sa.PrimaryKeyConstraint("kind", "nonce"),
)

heartbeats = sa.Table(
    "heartbeats",
    metadata,
    _text("kind"),
    _text("id"),
    _at("at"),
    _text("detail"),
    sa.PrimaryKeyConstraint("kind", "id"),
)

alarms = sa.Table(
    "alarms",
    metadata,
    _text("kind"),
    _text("key"),
    _text("text"),
    _text("mend"),
    _at("raised_at"),
    _at("seen_at"),
    _at("told_at", required=False),
    _at("cleared_at", required=False),
    sa.PrimaryKeyConstraint("kind", "key"),
)

obligations = sa.Table(
    "obligations",
    metadata,
    _text("key", primary_key=True),
    _case(),
    _text("name"),
    _text("title"),
    _text("owner"),
    _at("due_at"),
    _at("recorded_at"),
    _at("done_at", required=False),
    sa.Index("ix_obligations_case", "case"),
)
