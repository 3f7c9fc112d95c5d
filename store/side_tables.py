"""The tables beside the cases: pinned objects, releases, people, effects, health."""

import sqlalchemy as sa

from store.columns import (
    SERIAL,
    flag,
    instant,
    metadata,
    number,
    of_case,
    perhaps,
    sealed,
    text,
)

objects = sa.Table(
    "objects",
    metadata,
    text("digest", primary_key=True),
    text("kind"),
    sealed("data"),
    instant("at"),
)

releases = sa.Table(
    "releases",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    text("runbook"),
    text("version"),
    text("digest"),
    text("state"),
    text("proposed_by"),
    instant("proposed_at"),
    perhaps("approved_by"),
    instant("approved_at", required=False),
    perhaps("retired_by"),
    instant("retired_at", required=False),
    flag("shadow"),
    sa.UniqueConstraint("runbook", "version", "shadow"),
)

notices = sa.Table(
    "notices",
    metadata,
    text("key"),
    text("recipient"),
    of_case(),
    text("purpose"),
    text("role"),
    text("channel"),
    text("end"),
    perhaps("message_id"),
    text("detail"),
    instant("at"),
    perhaps("about"),
    instant("read_at", required=False),
    text("locale", default=""),
    text("words", default=""),
    sa.PrimaryKeyConstraint("key", "recipient"),
    sa.Index("ix_notices_case", "case"),
    sa.Index("ix_notices_message_id", "message_id"),
)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", SERIAL, primary_key=True, autoincrement=True),
    text("message_id", unique=True),
    sa.Column("case", sa.Text, sa.ForeignKey("cases.id")),
    text("to"),
    sealed("body"),
    instant("at"),
    sa.Index("ix_messages_to", "to"),
)

effect_receipts = sa.Table(
    "effect_receipts",
    metadata,
    text("key", primary_key=True),
    of_case(),
    sa.Column("attempts", sa.Integer, nullable=False),
    instant("begun_at"),
    sealed("result", required=False),
    instant("at", required=False),
    sa.Index("ix_effect_receipts_case", "case"),
)

tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("case", sa.Text, sa.ForeignKey("cases.id"), primary_key=True),
    text("system"),
    text("instance"),
    text("id"),
    text("url"),
    instant("at"),
    sa.Index("ix_tickets_system_instance_id", "system", "instance", "id"),
)

cursors = sa.Table("cursors", metadata, text("name", primary_key=True), text("value"))

locators = sa.Table(
    "locators",
    metadata,
    text("token", primary_key=True),
    text("person"),
    of_case(),
    perhaps("gate"),
    sa.Column("round", sa.Integer),
    instant("created_at"),
    instant("expires_at"),
    instant("revoked_at", required=False),
    sa.Index("ix_locators_case", "case"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    text("token", primary_key=True),
    text("person"),
    text("assurance"),
    instant("created_at"),
    instant("expires_at"),
    instant("stepped_up_at", required=False),
    instant("revoked_at", required=False),
    text("door", server_default="page"),
    perhaps("issuer"),
    perhaps("subject"),
    perhaps("provider_session"),
    sa.Index("ix_sessions_person", "person"),
    sa.Index("ix_sessions_issuer_subject", "issuer", "subject"),
)

absences = sa.Table(
    "absences",
    metadata,
    text("id", primary_key=True),
    text("person"),
    instant("since"),
    instant("until"),
    perhaps("delegate"),
    text("roles"),
    text("runbooks"),
    text("set_by"),
    instant("set_at"),
    perhaps("ended_by"),
    instant("ended_at", required=False),
    sa.Index("ix_absences_until", "until"),
)

claimed_people = sa.Table(
    "claimed_people",
    metadata,
    text("person", primary_key=True),
    text("issuer"),
    text("subject"),
    text("name"),
    text("email"),
    text("roles"),
    instant("told_at"),
    sa.UniqueConstraint("issuer", "subject"),
)

sign_ins = sa.Table(
    "sign_ins",
    metadata,
    text("state", primary_key=True),
    text("purpose"),
    sa.Column("content", sa.LargeBinary, nullable=False),
    instant("expires_at"),
    instant("used_at", required=False),
    sa.Index("ix_sign_ins_expires_at", "expires_at"),
)
"""Log-ins under way; only the browser that began one can open what is kept of it."""

door_record = sa.Table(
    "door_record",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    text("hash"),
    text("kind"),
    text("person"),
    instant("at"),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    sa.Index("ix_door_record_person", "person"),
)
"""What doors do that belongs to no case: a chain like a case's own, of log-ins and their ends."""

kek_epochs = sa.Table(
    "kek_epochs",
    metadata,
    sa.Column("position", SERIAL, primary_key=True, autoincrement=True),
    text("name", unique=True),
    text("source"),
    sa.Column("sealed", sa.LargeBinary),
    instant("begun_at", required=False),
    instant("retired_at", required=False),
)
"""Which key-encryption keys there were; a key is in here only sealed by somebody else's."""

passkeys = sa.Table(
    "passkeys",
    metadata,
    text("id", primary_key=True),
    text("person"),
    text("label"),
    text("state"),
    sa.Column("note", sa.LargeBinary, nullable=False),
    number("counter"),
    perhaps("counted_for"),
    text("enrolled_by"),
    instant("enrolled_at"),
    perhaps("confirmed_by"),
    instant("confirmed_at", required=False),
    perhaps("revoked_by"),
    instant("revoked_at", required=False),
    sa.Index("ix_passkeys_person", "person"),
)
"""Keys that people sign with themselves; `note` is the door's signed word on whose each is."""

used_nonces = sa.Table(
    "used_nonces",
    metadata,
    text("kind"),
    text("nonce"),
    instant("expires_at"),
    sa.PrimaryKeyConstraint("kind", "nonce"),
)

heartbeats = sa.Table(
    "heartbeats",
    metadata,
    text("kind"),
    text("id"),
    instant("at"),
    text("detail"),
    sa.PrimaryKeyConstraint("kind", "id"),
)

alarms = sa.Table(
    "alarms",
    metadata,
    text("kind"),
    text("key"),
    text("text"),
    text("mend"),
    instant("raised_at"),
    instant("seen_at"),
    instant("told_at", required=False),
    instant("cleared_at", required=False),
    sa.PrimaryKeyConstraint("kind", "key"),
)

obligations = sa.Table(
    "obligations",
    metadata,
    text("key", primary_key=True),
    of_case(),
    text("name"),
    text("title"),
    text("owner"),
    instant("due_at"),
    instant("recorded_at"),
    instant("started_at", required=False),
    instant("next_at", required=False),
    text("next_label"),
    flag("overdue"),
    instant("as_of", required=False),
    instant("done_at", required=False),
    sealed("picture", required=False),
    sa.UniqueConstraint("case", "name"),
)
