"""Epochs of key-encryption keys, and the keys that people sign with themselves."""

import sqlalchemy as sa
from alembic import op

from store.columns import SERIAL, Instant

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Brings the schema forward."""
    op.create_table(
        "kek_epochs",
        sa.Column("position", SERIAL, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("begun_at", Instant(), nullable=True),
        sa.Column("retired_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_kek_epochs")),
        sa.UniqueConstraint("name", name=op.f("uq_kek_epochs_name")),
    )
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("counted_for", sa.Text(), nullable=True),
        sa.Column("enrolled_by", sa.Text(), nullable=False),
        sa.Column("enrolled_at", Instant(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
    )
    op.create_index("ix_passkeys_person", "passkeys", ["person"], unique=False)
