"""The tables of cases: words and content are sealed, the rest are opaque words."""

import sqlalchemy as sa

from store.columns import (
    SERIAL,
    flag,
    instant,
    metadata,
    number,
    of_case,
    outbox,
    perhaps,
    sealed,
    text,
)

counters = sa.Table("counters", metadata, text("name", primary_key=True), number("value"))

cases = sa.Table(
    "cases",
    metadata,
    text("id", primary_key=True),
    text("number", unique=True),
    text("source"),
    text("instance"),
    text("external_id"),
    perhaps("subject_ref"),
    perhaps("runbook"),
    perhaps("version"),
    perhaps("digest"),
    instant("opened_at"),
    text("status"),
    flag("shadow"),
    # How often its content has been erased.
    number("erased", server_default="0"),
    sa.UniqueConstraint("source", "instance", "external_id"),
    sa.Index("ix_cases_subject_ref", "subject_ref"),
)

case_keys = sa.Table(
    "case_keys",
    metadata,
    # No foreign key: the installation has keys as well.
    text("case", primary_key=True),
    text("key_id", unique=True),
    text("wrapped_by"),
    sealed("wrapped"),
    # Ids of keys that were destroyed, with a space between two.
    text("destroyed", server_default=""),
)

reports = sa.Table(
    "reports",
    metadata,
    # The id of the case it would have by itself.
    text("report", primary_key=True),
    of_case(),
    text("source"),
    text("instance"),
    text("external_id"),
    perhaps("subject_ref"),
    text("fingerprint"),
    text("because"),
    instant("received_at"),
    # The number of the case it was taken out of again.
    perhaps("split_from"),
    sa.Index("ix_reports_fingerprint", "fingerprint"),
    sa.Index("ix_reports_case", "case"),
)

suppressed = sa.Table(
    "suppressed",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    text("key", unique=True),
    text("report"),
    text("source"),
    text("instance"),
    text("external_id"),
    perhaps("subject_ref"),
    sealed("body"),
    text("body_digest"),
    instant("received_at"),
    text("rule"),
    text("owner"),
    text("because"),
    text("until"),
    number("tell_at"),
    instant("released_at", required=False),
    perhaps("released_by"),
    perhaps("number"),
    sa.Index("ix_suppressed_rule", "rule"),
    sa.Index("ix_suppressed_report", "report"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    text("key", unique=True),
    of_case(),
    # The id of the case its report would have by itself.
    perhaps("report"),
    text("source"),
    text("body_digest"),
    sealed("body"),
    instant("received_at"),
    instant("settled_at", required=False),
    *outbox(),
    sa.Index("ix_deliveries_state_next_attempt_at", "state", "next_attempt_at"),
    sa.Index("ix_deliveries_case", "case"),
    sa.Index("ix_deliveries_report", "report"),
)

acts = sa.Table(
    "acts",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    text("id", unique=True),
    of_case(),
    text("person"),
    text("verb"),
    perhaps("gate"),
    sa.Column("round", sa.Integer),
    sealed("envelope"),
    instant("signed_at"),
    # Of the doors' stream: it is delivered once the log's checkpoint covers that entry.
    sa.Column("log_after", sa.BigInteger),
    sa.Column("proof", sa.LargeBinary),
    sealed("receipt", required=False),
    instant("settled_at", required=False),
    *outbox(),
    sa.Index("ix_acts_state_next_attempt_at", "state", "next_attempt_at"),
    sa.Index("ix_acts_case_gate_round", "case", "gate", "round"),
)

rounds = sa.Table(
    "rounds",
    metadata,
    of_case(),
    text("gate"),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer),
    perhaps("content_hash"),
    perhaps("nonce"),
    instant("asked_at", required=False),
    instant("expires_at", required=False),
    flag("open"),
    instant("closed_at_door", required=False),
    sa.PrimaryKeyConstraint("case", "gate", "round"),
)

collections = sa.Table(
    "collections",
    metadata,
    of_case(),
    text("gate"),
    sa.Column("round", sa.Integer, nullable=False),
    instant("deadline"),
    instant("at"),
    sa.Column("acts", sa.JSON, nullable=False),
    sa.PrimaryKeyConstraint("case", "gate", "round", "deadline"),
)

branches = sa.Table(
    "branches",
    metadata,
    of_case(),
    text("stream"),
    text("branch"),
    number("ordinal"),
    perhaps("parent"),
    number("after"),
    number("sequence"),
    text("head"),
    instant("opened_at"),
    sa.PrimaryKeyConstraint("case", "stream", "branch"),
)

runs = sa.Table(
    "runs",
    metadata,
    of_case(),
    text("run"),
    text("branch"),
    sa.PrimaryKeyConstraint("case", "run"),
)

ended_runs = sa.Table(
    "ended_runs",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    of_case(),
    text("stream"),
    text("run"),
    instant("at"),
    sa.UniqueConstraint("case", "stream", "run"),
)
"""Runs that said they end and are not sealed yet; written with their last entries."""

sealed_runs = sa.Table(
    "sealed_runs",
    metadata,
    of_case(),
    text("run"),
    sa.PrimaryKeyConstraint("case", "run"),
)
"""Runs whose seal stands in the doors' stream: asked for without opening the stream."""

journal = sa.Table(
    "journal",
    metadata,
    of_case(),
    text("stream"),
    text("branch"),
    number("sequence"),
    text("previous"),
    text("hash"),
    text("kind"),
    instant("at"),
    sealed("entry"),
    text("run"),
    text("original_run"),
    sa.PrimaryKeyConstraint("case", "stream", "branch", "sequence"),
)

journal_forks = sa.Table(
    "journal_forks",
    metadata,
    of_case(),
    text("stream"),
    text("branch"),
    number("sequence"),
    text("hash"),
    instant("at"),
    instant("found_at"),
    sealed("entry"),
    text("run"),
    sa.PrimaryKeyConstraint("case", "stream", "branch", "sequence", "hash"),
)

pictures = sa.Table(
    "pictures",
    metadata,
    of_case(),
    text("branch"),
    number("sequence"),
    instant("as_of"),
    sa.Column("heading", sa.JSON, nullable=False),
    sealed("changes"),
    sa.PrimaryKeyConstraint("case", "branch", "sequence"),
)

views = sa.Table(
    "views",
    metadata,
    sa.Column("case", sa.Text, sa.ForeignKey("cases.id"), primary_key=True),
    text("branch"),
    number("sequence"),
    instant("as_of"),
    text("status"),
    text("stage"),
    text("severity"),
    text("runbook"),
    text("version"),
    sa.Column("waiting_on", sa.JSON, nullable=False),
    instant("due_at", required=False),
    instant("next_at", required=False),
    text("next_label"),
    flag("breached"),
    flag("shadow"),
    sealed("state"),
    sa.Index("ix_views_status_next_at", "status", "next_at"),
)

case_links = sa.Table(
    "case_links",
    metadata,
    of_case(),
    # The other case's number: it may be known before the store has that case.
    text("number"),
    text("kind"),
    sa.PrimaryKeyConstraint("case", "number", "kind"),
    sa.Index("ix_case_links_number", "number"),
)

waiting = sa.Table(
    "waiting",
    metadata,
    of_case(),
    text("role"),
    sa.PrimaryKeyConstraint("case", "role"),
    sa.Index("ix_waiting_role", "role"),
)

assigned = sa.Table(
    "assigned",
    metadata,
    of_case(),
    text("role"),
    text("person"),
    sa.PrimaryKeyConstraint("case", "role"),
    sa.Index("ix_assigned_person", "person"),
)
