"""Log-ins by a provider: what it said of people, what is under way, and the door's own record."""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Brings the schema forward."""
    with op.batch_alter_table("sessions") as sessions:
        sessions.add_column(sa.Column("door", sa.Text(), nullable=False, server_default="page"))
        for name in ("issuer", "subject", "provider_session"):
            sessions.add_column(sa.Column(name, sa.Text(), nullable=True))
        sessions.create_index("ix_sessions_issuer_subject", ["issuer", "subject"])
    op.create_table(
        "claimed_people",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("told_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_claimed_people")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_claimed_people_issuer_subject")),
    )
    op.create_table(
        "sign_ins",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_sign_ins")),
    )
    op.create_index("ix_sign_ins_expires_at", "sign_ins", ["expires_at"])
    op.create_table(
        "door_record",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_door_record")),
    )
    op.create_index("ix_door_record_person", "door_record", ["person"])
    counters = sa.table("counters", sa.column("name", sa.Text), sa.column("value", sa.BigInteger))
    op.bulk_insert(counters, [{"name": "door-record", "value": 0}])
